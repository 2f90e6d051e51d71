"""All exported forms select the same events, on edges, NaN, infinity and sentinels too."""

import awkward as ak
import numpy as np
import pytest

from scripts.data.expressions import Expression
from tests.exports.agreement import in_all_forms, needs_compiler, needs_root, working_point

CUTS = [
    ("met", ">", 123.4567890123456),
    ("x32", "<", 0.1),
    ("n", ">", 2.5),
    ("lep", ">", -1e-17),
    ("lep", "<", 77.0),
    ("flag", ">", 0.5),
]


def plain_events(n: int, seed: int = 1) -> dict[str, np.ndarray]:
    """Plain branches of all types, many values on the edges of the cuts and next to them."""
    random = np.random.default_rng(seed)

    def edges(values, cut):
        kind = values.dtype.type
        special = [
            cut,
            np.nextafter(cut, -np.inf),
            np.nextafter(cut, np.inf),
            np.nan,
            np.inf,
            -np.inf,
            0.0,
            -0.0,
        ]
        special += [np.nextafter(kind(cut), kind(-np.inf)), np.nextafter(kind(cut), kind(np.inf)), -999.0]
        at = random.random(len(values)) < 0.3
        values[at] = np.array(special).astype(kind)[random.integers(len(special), size=at.sum())]
        return values

    return {
        "met": edges(random.normal(120.0, 30.0, n), CUTS[0][2]),
        "x32": edges(random.normal(0.0, 0.2, n).astype(np.float32), 0.1),
        "n": random.integers(0, 7, n).astype(np.int32),
        "lep": edges(random.normal(40.0, 40.0, n), 77.0),
        "flag": random.random(n) < 0.8,
        "sentinel32": edges(random.normal(0.0, 1.0, n).astype(np.float32), -999.9),
        "event": random.integers(-(2**52), 2**52, n),
    }


def check(point, arrays, folder, root):
    """All forms select the same events, some and not all."""
    found = in_all_forms(point, arrays, folder, root=root)
    for name, flags in found.items():
        np.testing.assert_array_equal(flags, found["apply"], err_msg=name)
    assert 0 < found["apply"][0].sum() < len(found["apply"][0])
    return found


def plain_points(arrays):
    """Working points of plain branches: with sentinels and steps, in bins, interpolated, in folds."""
    plain = working_point(
        CUTS,
        arrays,
        missing={"lep": -999.0, "sentinel32": -999.9},
        features=["sentinel32"],
        steps=["met > 50 or not (x32 > 0.2)", "sentinel32 != 0.5", "n < 6 or lep < 3"],
    )
    yield plain
    yield working_point(
        CUTS,
        arrays,
        missing={"lep": -999.0},
        without_object="pass",
        steps=["lep > 10 and met > 0", "not (lep > 100 or x32 < -0.3)", "where(lep > 0, met, lep) > 20"],
    )
    bins = [{"low": low, "high": high} for low, high in ((0.0, 20.0), (20.0, 77.0), (77.0, 100.0))]
    cuts = [("met", ">", cut, one) for cut, one in zip((100.0, 123.4567890123456, 90.0), bins, strict=True)]
    cuts += [("x32", "<", cut, one) for cut, one in zip((0.1, 0.3, 0.2), bins, strict=True)]
    yield working_point(cuts, arrays, follows={"property": "lep", "unit": "", "between": "bins"})
    yield working_point(cuts, arrays, follows={"property": "lep", "unit": "", "between": "interpolation"})
    folds = [("met", ">", 100.0 + 10 * fold, {"fold": fold}) for fold in range(3)]
    folds += [("x32", "<", 0.1, {"fold": 0}), ("x32", "<", 0.2, {"fold": 2})]
    yield working_point(folds, arrays, folds={"number": 3, "of": "event", "rule": ""})


@pytest.mark.parametrize("number", range(5))
def test_plain_branches(tmp_path, number):
    arrays = plain_events(2000)
    check(list(plain_points(arrays))[number], arrays, tmp_path, root=False)


@pytest.mark.acceptance
@needs_root
@needs_compiler
@pytest.mark.parametrize("number", range(5))
def test_a_million_events_of_plain_branches(tmp_path, number):
    arrays = plain_events(1_000_000, seed=2)
    found = check(list(plain_points(arrays))[number], arrays, tmp_path, root=True)
    assert {"awkward", "pandas", "cpp", "frame", "draw"} < set(found)


def jagged_events(n: int, seed: int = 3) -> dict:
    """Jets, muons and MET, in the types of NanoAOD."""
    random = np.random.default_rng(seed)
    jets, muons = random.poisson(2.0, n), random.poisson(1.5, n)

    def lists(counts, values):
        return ak.unflatten(values, counts)

    def floats(counts, scale):
        return lists(counts, (random.exponential(scale, counts.sum())).astype(np.float32))

    def angles(counts):
        return lists(counts, random.uniform(-np.pi, np.pi, counts.sum()).astype(np.float32))

    return {
        "MET_pt": random.exponential(60.0, n).astype(np.float32),
        "MET_phi": random.uniform(-np.pi, np.pi, n).astype(np.float32),
        "n_pv": random.integers(0, 50, n).astype(np.uint8),
        "Jet_pt": floats(jets, 50.0),
        "Jet_eta": lists(jets, random.normal(0.0, 2.0, jets.sum()).astype(np.float32)),
        "Jet_phi": angles(jets),
        "Jet_id": lists(jets, random.integers(0, 7, jets.sum()).astype(np.int32)),
        "Jet_tight": lists(jets, random.random(jets.sum()) < 0.5),
        "Muon_pt": floats(muons, 40.0),
        "Muon_eta": lists(muons, random.normal(0.0, 1.5, muons.sum()).astype(np.float32)),
        "Muon_phi": angles(muons),
        "Muon_charge": lists(muons, random.choice([-1, 1], muons.sum()).astype(np.int32)),
        "Muon_jet": lists(muons, random.integers(-1, 4, muons.sum()).astype(np.int16)),
    }


#: Expressions that have to be numbers, each cut at a value of some percentile.
NUMBERS = [
    "Jet_pt[0]",
    "Jet_pt[-1]",
    "len(Jet_pt)",
    "sum(Jet_pt)",
    "sum(Jet_pt[(Jet_pt > 30) & (abs(Jet_eta) < 2.4)])",
    "max(Jet_pt[Jet_tight])",
    "min(abs(deltaphi(Jet_phi, MET_phi)))",
    "deltar(Jet_eta[0], Jet_phi[0], Muon_eta[0], Muon_phi[0])",
    "mass(Muon_pt[0], Muon_eta[0], Muon_phi[0], 0.106, Muon_pt[1], Muon_eta[1], Muon_phi[1], 0.106)",
    "sqrt(2 * Muon_pt[0] * MET_pt * (1 - cos(deltaphi(Muon_phi[0], MET_phi))))",
    "where(len(Jet_pt) > 0, Jet_pt[0], 0)",
    "where(len(Jet_pt) > 1, Jet_pt[0] - Jet_pt[1], MET_pt)",
    "(Jet_pt[Jet_pt == max(Jet_pt)])[0]",
    "Jet_pt[Muon_jet[0]]",
    "max(Jet_pt[Muon_jet])",
    "sum(Jet_tight)",
    "sum((Jet_id & 2) != 0)",
    "Muon_charge[0] * Muon_charge[1]",
    "n_pv % 7 - n_pv // 7",
    "(Jet_id[0] - 4) % 3",
    "max(Jet_pt[0], MET_pt)",
    "hypot(MET_pt, sum(Muon_pt)) ** 2",
    "log10(MET_pt) + arctan2(MET_pt, 1 + n_pv)",
    "max(where(Jet_tight, Jet_pt, -Jet_pt))",
    "sum(Jet_pt * MET_pt > 900)",
    "abs(Muon_charge[0])",
    "mass_cartesian(Muon_pt[0], Muon_eta[0], Muon_phi[0], 3 * Muon_pt[0] + 5, Muon_pt[1], 0, 0, Muon_pt[1])",
    "angle(Muon_eta[0], Muon_phi[0], 1, Muon_eta[1], Muon_phi[1], n_pv)",
    "max(deltar(Jet_eta, Jet_phi, 0.5, MET_phi))",
    "sqrt(MET_phi) + log(MET_phi + 1)",
    "arccos(MET_phi) * arcsin(MET_phi)",
    "MET_pt / (n_pv % 3)",
    "n_pv // (n_pv % 5)",
    "n_pv / 7 + n_pv % 2.5",
    "floor(MET_pt / 10) + ceil(MET_pt) + exp(-MET_pt)",
]
CONDITIONS = [
    "len(Jet_pt[(Jet_pt > 30) & (abs(Jet_eta) < 2.4)]) >= 2",
    "len(Jet_pt) > 0 and Jet_pt[0] > 40",
    "any(Jet_tight)",
    "all(Jet_pt > 20)",
    "not any(Jet_pt > 60)",
    "len(Jet_pt[Jet_pt > Muon_pt[0]]) == 1",
    "Muon_pt[0] > 20 or MET_pt > 100",
    "not (Muon_pt[0] > 20 and MET_pt > 30)",
    "Jet_tight[0]",
    "n_pv & 4",
    "20 < MET_pt < 80 and Muon_charge[0] != 1",
]


def jagged_points(arrays):
    """Working points with a selection for each expression, by each rule for what is missing."""
    selections = {}
    for number, text in enumerate(NUMBERS):
        values = Expression.parse(text).evaluate(arrays, len(arrays["MET_pt"])).values
        middle = float(np.nanmedian(values.astype(float))) - 1e-3
        selections[f"number{number}"] = {"columns": {"value": text}, "steps": [f"value > {middle!r}"]}
    for number, text in enumerate(CONDITIONS):
        selections[f"condition{number}"] = {"steps": [text]}
    sentinels = {"Jet_pt": float(ak.flatten(arrays["Jet_pt"])[0]), "MET_pt": float(arrays["MET_pt"][1])}
    for number, text in enumerate(
        ["sum(Jet_pt) > 60", "max(Jet_pt) < 80", "Jet_pt[0] > MET_pt", "len(Jet_pt) > 1"]
    ):
        selections[f"sentinel{number}"] = {"steps": [text], "missing": sentinels}
    cuts = [("MET_pt", ">", 5.0)]
    yield working_point(cuts, arrays, selections=selections)
    # What is missing is another thing in conditions only.
    conditions = {name: one for name, one in selections.items() if not name.startswith("number")}
    yield working_point(cuts, arrays, selections=conditions, without_object="pass")


def differing(found):
    """How many events a form selects otherwise than `apply`, by form and selection."""
    return {
        (form, number): int(np.count_nonzero(one != ours))
        for form, flags in found.items()
        for number, (one, ours) in enumerate(zip(flags, found["apply"], strict=True))
        if one is not None and np.any(one != ours)
    }


def test_lists_and_computed_features(tmp_path):
    arrays = jagged_events(2000)
    for number, point in enumerate(jagged_points(arrays)):
        folder = tmp_path / str(number)
        folder.mkdir()
        # All of them take a compiler long: see below.
        found = in_all_forms(point, arrays, folder, root=False, compiled=number == 1)
        assert differing(found) == {}
        shares = [flags.mean() for flags in found["apply"]]
        assert min(shares) > 0
        assert max(shares) < 0.98


@pytest.mark.acceptance
@needs_root
@needs_compiler
def test_lists_and_computed_features_of_a_million_events(tmp_path):
    """They may differ in the last bit: one event in a million at most, of each expression."""
    arrays = jagged_events(1_000_000, seed=5)
    for number, point in enumerate(jagged_points(arrays)):
        folder = tmp_path / str(number)
        folder.mkdir()
        found = in_all_forms(point, arrays, folder, root=True)
        print(differing(found), [one is not None for one in found["draw"]].count(True), "by Draw")
        assert max(differing(found).values(), default=0) <= 1
