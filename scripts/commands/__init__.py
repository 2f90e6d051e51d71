"""Commands for a shell that need no Snakemake."""
