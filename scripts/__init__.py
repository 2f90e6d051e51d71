"""Scripts of the workflow: one for each rule, with an importable ``main``, and the modules they use."""
