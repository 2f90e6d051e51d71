"""The files between rules: tables of features, cuts, scores and bins."""
