"""What networks are trained on: a loss of its own is a module, named after its word in the config."""
