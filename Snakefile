# Where Snakemake looks first; the workflow itself is in workflow/. As `include:`, but with its default target.
workflow.include(f"{workflow.basedir}/workflow/Snakefile", overwrite_default_target=True)
