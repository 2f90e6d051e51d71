# Where Snakemake looks first; the workflow itself is in workflow/.
include: "workflow/Snakefile"
