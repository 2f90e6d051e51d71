"""Studies of a study: the optimum, robustness, repeats and others."""
