"""Measures of the claims of one paper."""
