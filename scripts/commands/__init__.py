"""Commands that are installed with the project: a module with ``main``, named in pyproject.toml."""
