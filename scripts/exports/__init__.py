"""Cuts for other frameworks: a form is a module."""
