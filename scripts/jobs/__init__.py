"""From a Snakemake job to the ``main`` of its script."""
