"""The scorecard: what the papers say, how it is measured here, and the verdict."""
