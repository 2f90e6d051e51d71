"""Measures that return numbers of the config."""

from __future__ import annotations

from typing import Annotated, Any

from ..results import Has, Measured, NotRun, Results

Network = Annotated[str, Has()]


def network_setting(results: Results, study: str, network: Network, key: str) -> Measured:
    """A number in the config of a network, by its key; dots separate nested keys, as in ``loss.bce``."""
    return Measured(_number(results.network(study, network), key, f"network {network}"))


def source_setting(results: Results, study: str, key: str) -> Measured:
    """A number in the config of the source of a study, by its key; dots separate nested keys."""
    return Measured(_number(results.study(study).source, key, f"the source of study {study}"))


def _number(value: Any, key: str, where: str) -> float:
    for part in key.split("."):
        value = value.get(part) if isinstance(value, dict) else getattr(value, part, None)
    if value is None:
        raise NotRun(f"{where} has no {key} in this config")
    return float(value)
