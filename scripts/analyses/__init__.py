"""Analyses of a study; each kind is a module and writes a file."""
