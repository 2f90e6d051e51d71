"""More cuts than a search takes are a fault of the config."""

import pytest

from cabin_core.box_ranks import MOST_EDGES
from scripts.columns import MOST_EDGES as SAID
from scripts.kinds import ConfigError
from tests.studies import NETWORKS, make_study

BEST = {"model": "certify", "targets": [0.5], "seed": 1}
TEXT = r"62 cuts of 31 features: a search takes 60, two for a window"


def features(direction, n_features=31):
    return [{"name": f"x{number}", "direction": direction} for number in range(n_features)]


def check(network, direction="<", n_features=31):
    make_study(check=True, features=features(direction, n_features), networks={"scan": network})


def test_one_bound():
    assert SAID == MOST_EDGES


def test_too_many_cuts():
    source = {"network": NETWORKS["scan"] | {"polish": True, "loss": {"efficiency": 1.0, "background": 1.0}}}
    for network, where in (
        (BEST | {"windows": True}, "networks.scan"),
        (source["network"] | {"weights": "windows", "start": 1.0}, r"networks.scan.polish"),
    ):
        with pytest.raises(ConfigError, match=f"{where}: {TEXT}"):
            check(network)
    for network in (BEST, source["network"]):
        with pytest.raises(ConfigError, match=TEXT):
            check(network, "window")
