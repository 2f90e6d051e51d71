"""Efficiencies beyond the lines of Figure 1 of arXiv:2412.09500, on many events of its toy."""

import pytest

from tests.configs import PAPER
from tests.studies import NETWORKS

STUDY = PAPER["studies"]["zloss_case1"]
UNIT = {
    name: process | {"events": 50_000, "width": [1.0, 1.0]}
    for name, process in STUDY["source"]["processes"].items()
}


@pytest.fixture
def toy(make_run):
    run = make_run(
        source={"kind": "processes", "seed": 123, "processes": UNIT},
        features=STUDY["features"],
        counting_experiment=STUDY["counting_experiment"],
        networks={"net": NETWORKS["linear"]},
    )
    return run.write(features=run.study.source.generate(run.study))


def test_lines_of_the_paper_on_the_toy(toy):
    """Z3."""
    for (slope, intercept), expected in {
        (0.1639, 1.784): (0.854, 0.276, 0.080),
        (0.6627, -0.5173): (0.460, 0.253, 0.0003),
        (-0.3981, 7.0227): (0.413, 0.002, 0.167),
    }.items():
        line = {"slope": slope, "intercept": intercept}
        found = [toy("efficiency_beyond_line", process=name, **line)[0] for name in ("s", "b1", "b2")]
        assert found == pytest.approx(expected, abs=0.005)
