"""Comparisons, yields and scans that figures, tables and scorecard share."""
