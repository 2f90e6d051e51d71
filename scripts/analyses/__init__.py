"""Studies of a study, each a kind with a file of its own."""
