"""Expressions of random branches against plain loops of Python."""

import itertools
import math
import re

import awkward as ak
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.data.expressions import Expression

# Fewer than 2^63 whatever is multiplied below: Python's integers have no end.
SMALL = {"a": np.int8, "b": np.uint8, "c": np.int16}
FLOATS = {"x": np.float32, "y": np.float64}
N_EVENTS = 5


def evaluate(text, branches, n_events):
    return Expression.parse(text).evaluate(branches, n_events)


@st.composite
def flat_branches(draw):
    branches = {
        name: np.array(
            draw(st.lists(st.integers(*limits), min_size=N_EVENTS, max_size=N_EVENTS)), dtype=dtype
        )
        for (name, dtype), limits in zip(SMALL.items(), [(-128, 127), (0, 255), (-999, 999)], strict=True)
    }
    floats = st.floats(-1e3, 1e3, width=32)
    for name, dtype in FLOATS.items():
        branches[name] = np.array(draw(st.lists(floats, min_size=N_EVENTS, max_size=N_EVENTS)), dtype=dtype)
    branches["f"] = np.array(draw(st.lists(st.booleans(), min_size=N_EVENTS, max_size=N_EVENTS)))
    return branches


def binary(parts):
    """Two expressions joined by an operator, as a text and as a function of an event."""
    operators = {
        "+": lambda one, other: one + other,
        "-": lambda one, other: one - other,
        "*": lambda one, other: one * other,
        "<": lambda one, other: one < other,
        ">=": lambda one, other: one >= other,
        "==": lambda one, other: one == other,
        "max": lambda one, other: max(one, other),
        "min": lambda one, other: min(one, other),
    }

    def join(one, other, name):
        text = f"{name}({one[0]}, {other[0]})" if name.isalpha() else f"({one[0]} {name} {other[0]})"
        return text, lambda event: operators[name](one[1](event), other[1](event))

    return st.builds(join, parts, parts, st.sampled_from(list(operators)))


LEAVES = st.sampled_from([*SMALL, *FLOATS, "f"]).map(lambda name: (name, lambda event: event[name])) | (
    st.integers(0, 9) | st.floats(0, 9, width=16)
).map(lambda number: (repr(number), lambda event: number))
TREES = st.recursive(
    LEAVES,
    lambda parts: (
        binary(parts)
        | parts.map(lambda part: (f"(-{part[0]})", lambda event: -part[1](event)))
        | parts.map(lambda part: (f"abs({part[0]})", lambda event: abs(part[1](event))))
        | st.builds(
            lambda one, other, third: (
                f"where({one[0]} > 0, {other[0]}, {third[0]})",
                lambda event: other[1](event) if one[1](event) > 0 else third[1](event),
            ),
            *[parts] * 3,
        )
    ),
    max_leaves=6,
)


@given(flat_branches(), TREES)
@settings(max_examples=300)
def test_arithmetic_is_that_of_python(branches, tree):
    text, by_hand = tree
    result = evaluate(text, branches, N_EVENTS)
    assert result.missing is None
    assert result.undefined is None
    for number, value in enumerate(result.values.tolist()):
        right = by_hand({name: array[number].item() for name, array in branches.items()})
        assert value == right, text


PAIRS = st.lists(
    st.lists(
        st.tuples(st.floats(0, 200, width=32), st.floats(-5, 5, width=32) | st.none(), st.booleans()),
        max_size=4,
    ),
    min_size=1,
    max_size=6,
)


@given(PAIRS, st.floats(0, 200))
def test_lists_are_those_of_loops(events, threshold):
    pt = [[jet[0] for jet in event] for event in events]
    eta = [[jet[1] for jet in event] for event in events]
    tagged = [[jet[2] for jet in event] for event in events]
    # A list of each type goes first, so that awkward knows it without an element.
    first = ([[1.0]], [[1.0, None]], [[True]])
    columns = {
        name: ak.Array(type_ + values)[1:]
        for name, type_, values in zip(("pt", "eta", "tagged"), first, (pt, eta, tagged), strict=True)
    }
    columns["pt"] = ak.values_astype(columns["pt"], np.float32)
    columns["t"] = np.full(len(events), threshold)
    selected = [
        [jet[0] for jet in event if jet[0] > threshold and jet[1] is not None and abs(jet[1]) < 2.4]
        for event in events
    ]
    mask = "pt[(pt > t) & (abs(eta) < 2.4)]"
    for text, right in {
        f"len({mask})": [len(jets) for jets in selected],
        f"{mask}[0]": [jets[0] if jets else None for jets in selected],
        f"{mask}[-2]": [jets[-2] if len(jets) > 1 else None for jets in selected],
        f"sum({mask})": [math.fsum(jets) for jets in selected],
        f"max({mask})": [max(jets, default=None) for jets in selected],
        f"min({mask})": [min(jets, default=None) for jets in selected],
        "any(tagged)": [any(event) for event in tagged],
        "all(tagged)": [all(event) for event in tagged],
        "sum(tagged)": [sum(event) for event in tagged],
        "sum(eta)": [math.fsum(value for value in event if value is not None) for event in eta],
        "sum(pt * tagged - t)": [math.fsum(jet[0] * jet[2] - threshold for jet in event) for event in events],
    }.items():
        result = evaluate(text, columns, len(events))
        assert result.undefined is None
        missing = np.zeros(len(events), dtype=bool) if result.missing is None else result.missing
        assert missing.tolist() == [value is None for value in right], text
        there = [value for value in right if value is not None]
        assert result.values[~missing] == pytest.approx(there, rel=1e-12, abs=1e-9), text


@given(PAIRS)
def test_reductions_are_those_of_awkward(events):
    array = ak.values_astype(
        ak.Array([[1.0], *[[jet[0] for jet in event] for event in events]])[1:], np.float64
    )
    for text, right in {
        "sum(x)": ak.sum(array, axis=1),
        "max(x)": ak.max(array, axis=1),
        "len(x[x > 50])": ak.num(array[array > 50]),
        "sum(sqrt(x) * x)": ak.sum(np.sqrt(array) * array, axis=1),
        "x[1]": ak.pad_none(array, 2)[:, 1],
    }.items():
        result = evaluate(text, {"x": array}, len(events))
        missing = ak.to_numpy(ak.is_none(right))
        assert missing.tolist() == np.isnan(result.values).tolist(), text
        assert result.values[~missing] == pytest.approx(ak.to_numpy(ak.drop_none(right)), rel=1e-12), text


def three_valued(text, states):
    """What a condition of a and b must be, of True, False, None for missing and "?" for undefined."""

    def negation(one):
        return one if one in (None, "?") else not one

    def conjunction(one, other):
        if one is False or other is False:
            return False
        return next((gap for gap in (None, "?") if gap in (one, other)), True)

    one, other = states
    return {
        "a and b": conjunction(one, other),
        "a or b": negation(conjunction(negation(one), negation(other))),
        "not a": negation(one),
    }[text]


@pytest.mark.parametrize("text", ["a and b", "a or b", "not a"])
def test_conditions_with_gaps(text):
    states = list(itertools.product([True, False, None, "?"], repeat=2))
    values = {True: 1.0, False: -1.0, None: -999.0, "?": np.nan}
    branches = {
        name: np.ma.masked_equal([values[pair[at]] for pair in states], -999.0)
        for at, name in enumerate("ab")
    }
    result = evaluate(re.sub(r"\b[ab]\b", r"\g<0> > 0", text), branches, len(states))
    for number, pair in enumerate(states):
        right = three_valued(text, pair)
        assert bool(result.missing[number]) == (right is None), pair
        assert bool(result.undefined[number]) == (right == "?"), pair
        assert bool(result.values[number]) == (right is True), pair


@given(st.lists(st.tuples(*[st.floats(-3, 3)] * 4), min_size=1, max_size=5))
def test_distances_are_those_of_plain_formulas(directions):
    columns = {
        name: np.array(values) for name, values in zip("abcd", zip(*directions, strict=True), strict=True)
    }
    dphi = evaluate("deltaphi(b, d)", columns, len(directions)).values
    right = [math.remainder(phi1 - phi2, math.tau) for _, phi1, _, phi2 in directions]
    assert np.cos(dphi) == pytest.approx(np.cos(right))
    assert np.sin(dphi) == pytest.approx(np.sin(right), abs=1e-12)
    assert (np.abs(dphi) <= np.pi + 1e-12).all()
    found = evaluate("deltar(a, b, c, d)", columns, len(directions)).values
    assert found == pytest.approx(np.hypot(columns["a"] - columns["c"], dphi))


MOMENTUM = st.floats(-500, 500, width=32).filter(lambda value: abs(value) > 1e-3)


@given(st.lists(st.tuples(*[MOMENTUM] * 6, st.floats(0, 10), st.floats(0, 10)), min_size=1, max_size=4))
def test_masses_and_angles_are_those_of_plain_formulas(pairs):
    names = ("x1", "y1", "z1", "x2", "y2", "z2", "m1", "m2")
    columns = {name: np.array(values) for name, values in zip(names, zip(*pairs, strict=True), strict=True)}
    x1, y1, z1, x2, y2, z2, m1, m2 = columns.values()
    momenta = {"1": (x1, y1, z1, m1), "2": (x2, y2, z2, m2)}
    for number, (x, y, z, m) in momenta.items():
        columns["E" + number] = np.sqrt(x**2 + y**2 + z**2 + m**2)
        columns["pt" + number] = np.hypot(x, y)
        columns["eta" + number] = np.arcsinh(z / np.hypot(x, y))
        columns["phi" + number] = np.arctan2(y, x)
    energy = columns["E1"] + columns["E2"]
    square = energy**2 - (x1 + x2) ** 2 - (y1 + y2) ** 2 - (z1 + z2) ** 2
    for text in (
        "mass_cartesian(x1, y1, z1, E1, x2, y2, z2, E2)",
        "mass(pt1, eta1, phi1, m1, pt2, eta2, phi2, m2)",
    ):
        mass = evaluate(text, columns, len(pairs)).values
        assert np.all(np.abs(mass**2 - square) <= 1e-12 * energy**2)
    angle = evaluate("angle(x1, y1, z1, x2, y2, z2)", columns, len(pairs)).values
    lengths = [np.sqrt(x**2 + y**2 + z**2) for x, y, z, _ in momenta.values()]
    assert np.cos(angle) == pytest.approx((x1 * x2 + y1 * y2 + z1 * z2) / np.prod(lengths, axis=0), abs=1e-9)
