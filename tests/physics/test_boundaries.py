"""Objects and events exactly on a limit of the preselection, with numbers that float32 holds exactly."""

import numpy as np
import pytest

from scripts.physics.delphes import Chunk, Collection
from scripts.physics.preselection import select_events
from tests.delphes_files import LEAVES, MET, PAIR, SELECTION, TYPES, event

JETS = [(128.0, 0.5, -1.0, 0), (32.0, -2.5, 0.25, 1)]
ELECTRONS = [(64.0, 0.5, 0.25, 1, 0.125), (32.0, -1.5, 2.0, -1, 0.25)]


def chunk_of(one):
    """One event as it is read from a file."""
    collections = {}
    for name, leaves in LEAVES.items():
        columns = np.array(one[name], dtype=float).reshape(-1, len(leaves)).T
        collections[name] = Collection(
            np.array([0, len(one[name])]),
            {
                leaf: column.astype(TYPES.get(leaf, np.float32))
                for leaf, column in zip(leaves, columns, strict=True)
            },
        )
    return Chunk(1, collections)


def select(changes, **objects):
    selection = SELECTION | changes
    for key in ("leptons", "jets"):
        selection[key] = SELECTION[key] | changes.get(key, {})
    objects = {"electrons": ELECTRONS, "jets": JETS} | objects
    selected, left = select_events(chunk_of(event(**objects)), selection)
    return selected, {step: len(events) for step, events in left.items()}


@pytest.mark.parametrize(
    ("changes", "passes"),
    [
        # Limits on pT and MET must be exceeded.
        ({"leptons": {"pt": 32.0}}, False),
        ({"leptons": {"pt": 31.75}}, True),
        ({"leading_jet_pt": 128.0}, False),
        ({"leading_jet_pt": 127.5}, True),
        ({"met": 250.0}, False),
        ({"met": 249.5}, True),
        # Those on abs(eta) and isolation may be reached.
        ({"leptons": {"electron_eta": 1.5}}, True),
        ({"leptons": {"electron_eta": 1.25}}, False),
        ({"leptons": {"electron_isolation": 0.25}}, True),
        ({"leptons": {"electron_isolation": 0.1875}}, False),
        ({"jets": {"eta": 0.5}}, True),
        ({"jets": {"eta": 0.25}}, False),
        # A b-jet vetoes above its limit.
        ({"b_veto_pt": 32.0}, True),
        ({"b_veto_pt": 31.5}, False),
    ],
    ids=str,
)
def test_event_exactly_on_a_limit(changes, passes):
    selected, counts = select(changes)
    assert len(selected.ht) == list(counts.values())[-1] == passes


@pytest.mark.parametrize(
    ("jets", "n_jets"), [({"pt": 32.0}, 1), ({"pt": 31.5}, 2), ({"eta": 2.5}, 2), ({"eta": 2.25}, 1)]
)
def test_jet_exactly_on_a_limit(jets, n_jets):
    selected, _ = select({"jets": jets})
    assert selected.n_jets.tolist() == [n_jets]
    assert selected.ht.tolist() == [128.0 + 32.0 * (n_jets - 1)]


def test_of_equal_leptons_the_first_one_leads():
    pair = [(64.0, *PAIR[0][1:]), (64.0, *PAIR[1][1:])]
    selected, _ = select({}, electrons=pair, met=MET)
    assert selected.l1.eta.tolist() == pytest.approx([PAIR[0][1]])
    assert selected.l2.eta.tolist() == pytest.approx([PAIR[1][1]])
