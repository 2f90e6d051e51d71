"""The kinds of plots: each makes a table from files, and a figure from this table."""
