"""Values of expressions by hand, on flat and jagged branches."""

import concurrent.futures
import pickle

import awkward as ak
import numpy as np
import pytest

from scripts.data.expressions import EventValues, Expression

ROOT_OF_3 = 3**0.5
BRANCHES = {
    "MET": np.array([10, 20, 30, 40], dtype=np.float32),
    "half": np.array([0.5, 1.0, 1.5, 2.0], dtype=np.float16),
    "n": np.array([3, 0, -1, 2], dtype=np.int8),
    "u": np.array([1, 2, 3, 250], dtype=np.uint8),
    "flag": np.array([True, False, True, True]),
    "fired": np.array([1, 0, 0, 1], dtype=np.int32),
    "event": np.array([2**63 + 5, 2**53 + 1, 2, 3], dtype=np.uint64),
    "at": np.array([1, 0, -1, 5]),
    "pair": np.array([[1, 2], [3, 4], [5, 6], [7, 8]], dtype=np.int16),
    "Type": ak.Array(["GT", "GG", None, "TT"]),
    "nullable": ak.Array([1.0, None, 3.0, 4.0]),
    "masked": np.ma.masked_equal(np.array([1.0, -999.0, 3.0, 4.0]), -999.0),
    "Jet_pt": ak.Array([[50.0, 40.0, 20.0], [], [35.0], [31.0, 30.5]]),
    "Jet_eta": ak.Array([[0.1, -3.0, 1.0], [], [2.0], [-1.0, 2.5]]),
    "Jet_ID": ak.Array([[True, False, True], [], [False], [True, True]]),
    "Jet_btag": ak.Array([[0.9, None, 0.1], [], [None], [0.2, 0.8]]),
    "Jet_name": ak.Array([["a", "b", "c"], [], ["a"], ["b", "b"]]),
    "Muon_pt": ak.Array([[5.0], [], [7.0, 8.0], []]),
    "Muon_jet": ak.Array([[2], [], [0, -1], []]),
    "lep1.pt": np.array([1.0, 2.0, 3.0, 4.0]),
    "MET/et": np.array([5.0, 6.0, 7.0, 8.0]),
    "n-jets": np.array([3, 0, 1, 2]),
    "pass": np.array([1, 0, 1, 1]),
}


def evaluate(text: str, branches: dict | None = None, n_events: int = 4) -> EventValues:
    return Expression.parse(text).evaluate(BRANCHES if branches is None else branches, n_events)


def values_of(text: str) -> list:
    """Values of the four events, None where they are missing, NaN or "?" where they are undefined."""
    result = evaluate(text)
    missing = np.zeros(4, dtype=bool) if result.missing is None else result.missing
    unclear = np.zeros(4, dtype=bool) if result.unclear is None else result.unclear
    rows = zip(result.values.tolist(), missing, unclear, strict=True)
    return [None if none else "?" if odd else value for value, none, odd in rows]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # arithmetic, of narrow integers too
        ("MET * 2 + 1", [21.0, 41.0, 61.0, 81.0]),
        ("-MET / 4", [-2.5, -5.0, -7.5, -10.0]),
        ("+n", [3, 0, -1, 2]),
        ("n / 2", [1.5, 0.0, -0.5, 1.0]),
        ("n // 2", [1, 0, -1, 1]),
        ("n % 2", [1, 0, 1, 0]),
        ("n ** 2", [9.0, 0.0, 1.0, 4.0]),
        ("2 ** n", [8.0, 1.0, 0.5, 4.0]),
        ("-n ** 2", [-9.0, 0.0, -1.0, -4.0]),
        ("u * u", [1, 4, 9, 62500]),
        ("u - 251", [-250, -249, -248, -1]),
        ("-u", [-1, -2, -3, -250]),
        ("abs(n * 100)", [300, 0, 100, 200]),
        ("flag + flag", [2, 0, 2, 2]),
        ("flag - 1", [0, -1, 0, 0]),
        ("-flag", [-1, 0, -1, -1]),
        ("half * 60000", [30000.0, 60000.0, 90000.0, 120000.0]),
        ("event % 4", [1, 1, 2, 3]),
        ("event // 2", [2**62 + 2, 2**52, 1, 1]),
        ("event - 1 == 9007199254740992", [False, True, False, False]),
        ("7", [7, 7, 7, 7]),
        # comparisons and conditions
        ("10 < MET <= 30", [False, True, True, False]),
        ("MET != 20 and not flag", [False, False, False, False]),
        ("(MET > 15) & flag | (n == 3)", [True, False, True, True]),
        ("~flag", [False, True, False, False]),
        ("fired and flag", [True, False, False, True]),
        ("(MET > 5) & fired", [True, False, False, True]),
        ("(u & 2) != 0", [False, True, True, True]),
        ("(u | 1) == u", [True, False, True, False]),
        ("flag == True", [True, False, True, True]),
        ("Type == 'GT'", [True, False, None, False]),
        ('"GG" != Type', [True, False, None, True]),
        # functions
        ("sqrt(n + 1)", [2.0, 1.0, 0.0, ROOT_OF_3]),
        ("hypot(3 * n, 4 * n)", [15.0, 0.0, 5.0, 10.0]),
        ("log(exp(half))", [0.5, 1.0, 1.5, 2.0]),
        ("log10(10 ** n)", [3.0, 0.0, -1.0, 2.0]),
        ("sin(n) ** 2 + cos(n) ** 2", [1.0, 1.0, 1.0, 1.0]),
        ("cosh(n) ** 2 - sinh(n) ** 2", [1.0, 1.0, 1.0, 1.0]),
        ("tan(n) - sin(n) / cos(n)", [0.0, 0.0, 0.0, 0.0]),
        ("tanh(n) - sinh(n) / cosh(n)", [0.0, 0.0, 0.0, 0.0]),
        ("sin(arcsin(0.5)) + cos(arccos(0.5)) + tan(arctan(0.5))", [1.5] * 4),
        ("arctan2(flag, 0)", [np.pi / 2, 0.0, np.pi / 2, np.pi / 2]),
        ("floor(half) + 10 * ceil(half)", [10.0, 11.0, 21.0, 22.0]),
        ("where(flag, n, MET)", [3.0, 20.0, -1.0, 2.0]),
        ("where(flag, n > 0, True)", [True, True, False, True]),
        ("max(n, 1)", [3, 1, 1, 2]),
        ("min(MET, 25, 10 * u)", [10.0, 20.0, 25.0, 25.0]),
        # lists
        ("Jet_pt[0]", [50.0, None, 35.0, 31.0]),
        ("Jet_pt[-1]", [20.0, None, 35.0, 30.5]),
        ("Jet_pt[1]", [40.0, None, None, 30.5]),
        ("Jet_pt[at]", [40.0, None, None, None]),
        ("pair[1] - pair[0]", [1, 1, 1, 1]),
        ("len(Jet_pt)", [3, 0, 1, 2]),
        ("len(Jet_pt[(Jet_pt > 30) & (abs(Jet_eta) < 2.4)])", [1, 0, 1, 1]),
        ("(Jet_pt[Jet_eta > 0])[0]", [50.0, None, 35.0, 30.5]),
        ("(Jet_eta[Jet_pt == max(Jet_pt)])[0]", [0.1, None, 2.0, -1.0]),
        ("sum(Jet_pt)", [110.0, 0.0, 35.0, 61.5]),
        ("sum(Jet_pt > 30)", [2, 0, 1, 2]),
        ("min(Jet_pt)", [20.0, None, 35.0, 30.5]),
        ("max(abs(Jet_eta))", [3.0, None, 2.0, 2.5]),
        ("any(Jet_ID)", [True, False, False, True]),
        ("all(Jet_ID)", [False, True, False, True]),
        ("any(Jet_name == 'b')", [True, False, False, True]),
        ("sum(max(Jet_pt, 33))", [123.0, 0.0, 35.0, 66.0]),
        ("len(Jet_pt[Jet_pt > MET])", [3, 0, 1, 0]),
        ("sum(MET - Jet_pt)", [-80.0, 0.0, -5.0, 18.5]),
        ("max(Jet_pt[Muon_jet])", [20.0, None, 35.0, None]),
        ("len(Jet_pt[Muon_jet])", [1, 0, 2, 0]),
        ("sum(where(Jet_ID, Jet_pt, 0))", [70.0, 0.0, 0.0, 61.5]),
        # what is missing
        ("nullable + masked", [2.0, None, 6.0, 8.0]),
        ("masked > 0", [True, None, True, True]),
        ("not masked > 0", [False, None, False, False]),
        ("len(Jet_pt) > 0 and Jet_pt[0] > 40", [True, False, False, False]),
        ("len(Jet_pt) == 0 or Jet_pt[0] > 40", [True, True, False, False]),
        ("Jet_pt[1] > 35 and MET > 25", [False, False, None, False]),
        ("where(len(Jet_pt) > 0, Jet_pt[0], -1)", [50.0, -1.0, 35.0, 31.0]),
        ("where(Jet_pt[0] > 33, 1, 0)", [1.0, None, 1.0, 0.0]),
        ("sum(Jet_btag)", [1.0, 0.0, 0.0, 1.0]),
        ("max(Jet_btag)", [0.9, None, None, 0.8]),
        ("all(Jet_btag > 0.15)", [False, True, True, True]),
        ("len(Jet_btag)", [3, 0, 1, 2]),
        ("len(Jet_pt[Jet_btag > 0.5])", [1, 0, 0, 1]),
        ("Jet_btag[0]", [0.9, None, None, 0.2]),
        ("len(Jet_pt[Jet_pt > Muon_pt[0]])", [3.0, None, 1.0, None]),
        ("any(where(len(Muon_pt) > 0, Jet_pt > Muon_pt[0], Jet_pt > 31))", [True, False, True, False]),
        # what is undefined: NaN as a value, "?" as a condition
        ("sqrt(n) > 1", [True, False, "?", True]),
        ("not sqrt(n) > 1", [False, True, "?", False]),
        ("sqrt(n) > 1 or MET == 30", [True, False, True, True]),
        ("where(sqrt(n) > 1, 1, 2)", [1, 2, "?", 1]),
        ("where(n < 0, 0, sqrt(n))", [ROOT_OF_3, 0.0, 0.0, 2**0.5]),
        ("any(sqrt(Jet_eta) > 0.1)", ["?", False, True, "?"]),
        ("len(Jet_pt[sqrt(Jet_eta) > 0])", ["?", 0, 1, "?"]),
        ("(Jet_pt[0] > 0) == (sqrt(-1) > 0)", ["?", None, "?", "?"]),
        # odd names
        ("`lep1.pt` + `MET/et`", [6.0, 8.0, 10.0, 12.0]),
        ("`n-jets` >= 2 and `pass` == 1", [True, False, False, True]),
        ("len(`Jet_pt`)", [3, 0, 1, 2]),
        ("MET\n  > 15", [False, True, True, True]),
    ],
)
def test_values(text, expected):
    found = values_of(text)
    assert [type(value) for value in found] == [type(value) for value in expected]
    for value, right in zip(found, expected, strict=True):
        assert value == (pytest.approx(right, rel=1e-12, abs=1e-12) if type(right) is float else right)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("n / 0", [np.inf, np.nan, -np.inf, np.inf]),
        ("n // 0", [np.inf, np.nan, -np.inf, np.inf]),
        ("n % (n - n)", [np.nan] * 4),
        ("sqrt(n)", [np.sqrt(3), 0.0, np.nan, np.sqrt(2)]),
        ("log(flag)", [0.0, -np.inf, 0.0, 0.0]),
        ("9**9**9", [np.inf] * 4),
        ("min(MET, sqrt(n))", [np.sqrt(3), 0.0, np.nan, np.sqrt(2)]),
        ("sum(sqrt(Jet_eta * flag + 3 * (Jet_pt > 60)))", [np.nan, 0.0, np.sqrt(2), np.nan]),
        ("mass_cartesian(3, 0, 0, n)", [0.0, np.nan, np.nan, np.nan]),
    ],
)
def test_nan_and_infinity_are_told_and_not_warned_of(text, expected):
    result = evaluate(text)
    np.testing.assert_allclose(result.values, expected)
    assert result.missing is None
    assert result.undefined.tolist() == [not np.isfinite(value) for value in expected]


def test_a_missing_value_is_not_an_undefined_one():
    result = evaluate("sqrt(n) + Jet_pt[0]")
    assert result.missing.tolist() == [False, True, False, False]
    assert result.undefined.tolist() == [False, False, True, False]
    assert evaluate("Jet_pt[0]").undefined is None
    assert evaluate("masked").undefined is None


def test_a_large_integer_is_a_float_rather_than_a_wrong_integer():
    branches = {"big": np.array([2**62, -(2**63)]), "lists": ak.Array([[2**62, 2**62, 2**62], [1]])}
    for text, expected in [
        ("big * 4", [2.0**64, -(2.0**65)]),
        ("abs(big)", [2.0**62, 2.0**63]),
        ("-big", [-(2.0**62), 2.0**63]),
        ("big + big + big", [3 * 2.0**62, -3 * 2.0**63]),
        ("sum(lists)", [3 * 2.0**62, 1.0]),
        ("big + 99999999999999999999999", [1e23 + 2.0**62, 1e23 - 2.0**63]),
        ("big + 18446744073709551615", [2.0**64 + 2.0**62, 2.0**63]),
    ]:
        assert evaluate(text, branches, 2).values == pytest.approx(expected, rel=1e-15)


def test_single_precision_counts_as_double():
    branches = {"x": np.array([30.1, 16777216.0], dtype=np.float32), "y": np.array([1e-3, 1.0], np.float32)}
    x, y = (branches[name].astype(np.float64) for name in "xy")
    for text, expected in [
        ("x + y", x + y),
        ("x * x * y", x * x * y),
        ("hypot(x, y)", np.hypot(x, y)),
        ("x > 30.1", x > 30.1),
        ("x == 30.1", x == 30.1),
        ("abs(x) - 16777215.3", x - 16777215.3),
    ]:
        np.testing.assert_allclose(evaluate(text, branches, 2).values, expected, rtol=3e-16)


def test_a_branch_alone_is_passed_as_it_is():
    assert evaluate("MET").values is BRANCHES["MET"]
    assert evaluate("n").values.dtype == np.int8


def test_directions_and_masses():
    assert values_of("deltaphi(3, -3)")[0] == pytest.approx(6 - 2 * np.pi)
    assert values_of("deltaphi(0.25, half)") == pytest.approx([-0.25, -0.75, -1.25, -1.75])
    assert values_of("deltar(1, 3, 2, -3)")[0] == pytest.approx(np.hypot(1, 6 - 2 * np.pi))
    assert values_of("angle(1, 0, 0, 0, 0, half)") == pytest.approx([np.pi / 2] * 4)
    # Back to back and massless: twice the momentum.
    assert values_of("mass(MET, 0, 0, 0, MET, 0, 3.141592653589793, 0)") == pytest.approx([20, 40, 60, 80])
    assert values_of("mass(5, 1, 2, 3)") == pytest.approx([3] * 4)
    assert values_of("mass_cartesian(3, 0, 0, 5)") == pytest.approx([4] * 4)
    three = "mass_cartesian(1, 0, 0, 1, 0, 1, 0, 1, 0, 0, 1, 1)"
    assert values_of(three) == pytest.approx([np.sqrt(6)] * 4)
    of_jets = "max(mass(Jet_pt, Jet_eta, 0, 0, MET, 0, 3.141592653589793, 0))"
    assert values_of(of_jets)[2] == pytest.approx(np.sqrt(2 * 35 * 30 * (np.cosh(2) + 1)))


def test_the_rounding_of_single_precision_is_no_negative_mass():
    rng = np.random.default_rng(3)
    px, py, pz = rng.normal(scale=100, size=(3, 1000)).astype(np.float32)
    energy = np.sqrt(px.astype(float) ** 2 + py.astype(float) ** 2 + pz.astype(float) ** 2)
    branches = {"px": px, "py": py, "pz": pz, "E": energy.astype(np.float32)}
    result = evaluate("mass_cartesian(px, py, pz, E)", branches, 1000)
    assert result.undefined is None
    assert (result.values >= 0).all()
    assert (result.values == 0).any()


@pytest.mark.parametrize("form", ["awkward", "numpy", "objects", "bytes"])
def test_texts_of_any_form(form):
    names = ["GT", "GG", "é"]
    array = {
        "awkward": ak.Array(names),
        "numpy": np.array(names),
        "objects": np.array(names, dtype=object),
        "bytes": np.array([name.encode() for name in names]),
    }[form]
    assert evaluate("Type == 'GT'", {"Type": array}, 3).values.tolist() == [True, False, False]
    assert evaluate("Type == 'é'", {"Type": array}, 3).values.tolist() == [False, False, True]


def test_arrays_of_any_form():
    jagged = [[1, 2], [], [3]]
    for array in (
        ak.Array(jagged),
        ak.values_astype(ak.Array(jagged), np.int8),
        np.array([np.array(part) for part in jagged], dtype=object),
        ak.Array([[9, 9], *jagged])[1:],
    ):
        result = evaluate("sum(x) + 100 * len(x)", {"x": array}, 3)
        assert result.values.tolist() == [203, 0, 103]
    swapped = np.array([1.5, 2.5], dtype=">f4")
    result = evaluate("x", {"x": swapped}, 2)
    assert result.values.dtype.isnative
    assert result.values.tolist() == [1.5, 2.5]
    categories = ak.str.to_categorical(ak.Array(["a", "b", "a"]))
    assert evaluate("x == 'a'", {"x": categories}, 3).values.tolist() == [True, False, True]


def test_an_absent_list_is_not_an_empty_one():
    branches = {"x": ak.Array([[1.0, 2.0], None, []]), "y": ak.Array([[1.0, 2.0], [3.0], []])}
    for text, expected in (
        ("len(x)", [2, None, 0]),
        ("sum(x * y)", [5, None, 0]),
        ("y[x > 1][0]", [2, None, None]),
    ):
        result = evaluate(text, branches, 3)
        assert [
            None if none else value for value, none in zip(result.values, result.missing, strict=True)
        ] == expected


def test_no_events():
    branches = {"x": np.empty(0, np.float32), "y": ak.values_astype(ak.Array([[1.0]])[:0], np.float32)}
    for text in ("x + 1 > 3", "sum(y)", "y[0]", "len(y[y > x])", "max(y)", "mass(x, x, x, x)", "3"):
        result = evaluate(text, branches, 0)
        assert len(result.values) == 0
        assert result.undefined is None


def test_values_are_columns_of_further_expressions():
    columns = BRANCHES | {"leading": evaluate("Jet_pt[0]"), "root": evaluate("sqrt(n) > 1")}
    result = evaluate("where(root, leading, -leading)", columns)
    assert result.missing.tolist() == [False, True, False, False]
    assert result.undefined.tolist() == [False, False, True, False]
    assert result.values[[0, 3]].tolist() == [50.0, 31.0]


def test_names_in_order_and_without_functions():
    expression = Expression.parse("len(b[`a c` > 3]) + max(b) > min(a, max)")
    assert expression.names == ("b", "a c", "a", "max")
    assert expression.text == "len(b[`a c` > 3]) + max(b) > min(a, max)"
    assert Expression.parse(" 1 + 2 ").names == ()


def test_expressions_are_compared_by_their_text_and_travel_between_processes():
    one = Expression.parse("`lep1.pt` > 2")
    assert one == Expression.parse(" `lep1.pt` > 2 ")
    assert len({one, Expression.parse("`lep1.pt` > 2")}) == 1
    other = pickle.loads(pickle.dumps(one))
    assert other.evaluate(BRANCHES, 4).values.tolist() == [False, False, True, True]


def test_threads_do_not_disturb_each_other():
    texts = ["sum(Jet_pt) / n", "sqrt(n) > 1", "len(Jet_pt[Jet_pt > MET])", "9**9**9", "log(n)"] * 40
    right = [evaluate(text).values for text in texts]
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for found, expected in zip(pool.map(evaluate, texts), right, strict=True):
            np.testing.assert_array_equal(found.values, expected)
