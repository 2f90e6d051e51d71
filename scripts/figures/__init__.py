"""The kinds of plots: each turns files into the table that it draws, and the table into a figure."""
