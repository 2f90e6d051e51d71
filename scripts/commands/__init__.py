"""Commands for a shell that need no Snakemake: a module with ``main``, named in pyproject.toml."""
