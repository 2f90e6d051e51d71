"""Commands that are installed with the project: a command is a module with ``main``, named in pyproject.toml."""
