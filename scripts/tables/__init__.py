"""The kinds of tables: each makes rows from files."""
