"""The glue that knows files: one script a rule, each with an importable ``main``."""
