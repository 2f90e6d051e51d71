"""Plots for the figures of one paper."""
