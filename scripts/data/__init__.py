"""The files between rules: tables of features, cuts, scores and bins; and files of events of any format."""
