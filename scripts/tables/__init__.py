"""The kinds of tables: each turns files into the rows that are written."""
