"""The scorecard: what the papers say, how it is measured here, and the verdict."""

from scripts.scorecard.measures import MEASURES

__all__ = ["MEASURES"]
