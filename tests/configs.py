"""Configs that ship, as Snakemake reads them."""

import yaml

from scripts.config import over_paper
from tests.conftest import ROOT

PAPER_FILES = sorted((ROOT / "config" / "paper").glob("*.yaml"))


def merge(base: dict, overlay: dict) -> dict:
    """Return both as Snakemake merges them: mappings key by key, everything else replaced."""
    merged = dict(base)
    for key, value in overlay.items():
        merged[key] = merge(merged.get(key) or {}, value) if isinstance(value, dict) else value
    return merged


def load(*names: str) -> dict:
    """Return the merged files of config/."""
    config: dict = {}
    for name in names:
        config = merge(config, yaml.safe_load((ROOT / "config" / name).read_text()))
    return config


PAPER = over_paper({}, PAPER_FILES)
