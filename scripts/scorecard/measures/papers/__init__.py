"""Measures for the claims of one paper."""
