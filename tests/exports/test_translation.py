"""Expressions in the languages, as text, and what a language has no words for."""

import re

import awkward as ak
import numpy as np
import pytest

from scripts.exports.c_languages import C, Draw, RDataFrame
from scripts.exports.forms import write_form
from scripts.exports.language import NotInForm, wrapped
from scripts.exports.plan import plans
from scripts.exports.python_languages import Awkward, Pandas
from tests.exports.agreement import by_awkward, functions_of, module_of_text, working_point

ARRAYS = {
    "met": np.array([1.0, 2.0]),
    "x32": np.array([1.0, 2.0], dtype=np.float32),
    "n": np.array([1, 2], dtype=np.int32),
    "Jet_pt": ak.unflatten(np.arange(4, dtype=np.float32), [1, 3]),
    "kind": np.array(["a", "b"]),
}


def text(language, expression, **how):
    """The text of a step of the preselection."""
    arrays = ARRAYS | how.pop("arrays", {})
    point = working_point([("met", ">", 0.5)], arrays, steps=[expression], **how)
    point.content["branches"]["kind"] = {"type": "str", "list": False}
    ((plan, _),) = plans(point, language)
    return plan.steps[0].text


@pytest.mark.parametrize(
    ("expression", "draw", "frame", "python"),
    [
        ("met > 30", "met > 30.0", "met > 30.0", "met > 30.0"),
        ("n == 2", "n == 2", "Long64_t(n) == 2", "n == 2"),
        ("not (met > 30)", "met <= 30.0", "met <= 30.0", "met <= 30.0"),
        ("met != 1", "(met < 1.0) || (met > 1.0)", "(met < 1.0) || (met > 1.0)", "(met < 1.0) | (met > 1.0)"),
        ("x32 * 2 > met", "(x32 * 2.0) > met", "(double(x32) * 2.0) > met", "(x32 * 2.0) > met"),
        (
            "len(Jet_pt[Jet_pt > 30]) >= 2",
            "Sum$(Jet_pt > 30.0) >= 2",
            "int(Jet_pt[Jet_pt > 30.0].size()) >= 2",
            "ak.num(Jet_pt[Jet_pt > 30.0], axis=1) >= 2",
        ),
        (
            "sum(Jet_pt) > 100",
            "Sum$(Jet_pt) > 100.0",
            "Sum(ROOT::RVecD(Jet_pt)) > 100.0",
            "ak.sum(Jet_pt, axis=1) > 100.0",
        ),
        (
            "Jet_pt[1] > 20",
            "(Length$(Jet_pt) > 1) && (Alt$(Jet_pt[1], 0) > 20.0)",
            "cabin_rvec::at(Jet_pt, 1) > 20.0",
            "at(Jet_pt, 1, np.nan) > 20.0",
        ),
        ("sqrt(met) < 3", "TMath::Sqrt(met) < 3.0", "std::sqrt(met) < 3.0", "np.sqrt(met) < 3.0"),
        (
            "met / n > 1",
            "((n != 0) ? (met / n) : (met * TMath::Infinity())) > 1.0",
            "(met / double(n)) > 1.0",
            "(met / n) > 1.0",
        ),
    ],
)
def test_golden_text(expression, draw, frame, python):
    assert text(Draw, expression) == draw
    assert text(RDataFrame, expression) == frame
    assert text(Awkward, expression) == python


def test_sentinels_in_the_precision_of_the_branch():
    found = text(Draw, "x32 > 1", missing={"x32": -999.9})
    assert found == f"(x32 != (-{float(np.float32(999.9))!r})) && (x32 > 1.0)"
    assert text(C, "n > 1", missing={"n": -1.0}) == "(n != -1) && (n > 1)".replace("-1", "(-1)")


def test_a_missing_object_passes_by_the_rule():
    found = text(C, "Jet_pt[0] > 20", without_object="pass")
    assert found == "(cabin::at(Jet_pt, 0) > 20.0) || (cabin::length(Jet_pt) < 1)"


@pytest.mark.parametrize(
    ("language", "expression", "fault"),
    [
        (Pandas, "len(Jet_pt) > 1", "expression 'len(Jet_pt) > 1': Jet_pt has a list for each event"),
        (Draw, 'kind == "a"', "compares texts"),
        (Draw, "len((Jet_pt * met)[Jet_pt > 1] + 1) > 0", "can only be given to a reduction"),
        (Draw, "Jet_pt[-1] > 1", "Jet_pt[-1] counts from the end"),
        (Draw, "(Jet_pt[Jet_pt > 1])[0] > 2", "takes an element of what is computed"),
        (Draw, "len(Jet_pt[Jet_pt > Jet_pt[0]]) > 0", "an element of one list cannot be in a reduction"),
    ],
)
def test_what_a_language_has_no_words_for(language, expression, fault):
    with pytest.raises(NotInForm, match=re.escape(fault)) as caught:
        text(language, expression)
    assert str(caught.value).startswith("expression ")


def test_a_form_names_the_expression_and_other_forms():
    point = working_point([("met", ">", 0.5)], ARRAYS, steps=["len(Jet_pt) > 1"])
    with pytest.raises(
        ValueError, match=r"^pandas has no words for expression .*: take another form, awkward, cpp"
    ):
        write_form("pandas", point)


def test_names_that_are_none_in_the_language():
    """Names with dots, words and functions of the language, and columns with the name of a branch."""
    arrays = {"lep1.pt": np.array([1.0, 50.0]), "class": np.array([1, 1]), "at": np.array([2.0, 2.0])}
    columns = {"at": "at + `lep1.pt`", "np": "`class` * 3"}
    point = working_point(
        [("at", ">", 40.0), ("np", "<", 5.0)],
        arrays,
        columns=columns,
        steps=["`lep1.pt` > 2", "`class` == 1"],
    )
    assert by_awkward(point, arrays)[0].tolist() == [False, True]
    found = write_form("cpp", point)
    assert "long long class_" in found
    assert "const auto at_ = at + lep1_pt;" in found
    frame = write_form("root", point)
    assert "'lep1_pt': 'lep1.pt'," in frame
    assert "frame.Alias(alias, branch)" in frame
    assert "DRAW = '(lep1.pt > 2.0) && (class == 1) && ((at + lep1.pt) > 40.0)" in frame


def test_processes_that_differ_have_functions_of_their_own():
    selections = {"one": {"columns": {"x": "met + 1"}}, "two": {"columns": {"x": "2 * met"}}}
    arrays = {"met": np.array([1.0, 2.0])}
    point = working_point([("x", ">", 2.5)], arrays, selections=selections)
    assert functions_of(point) == ["passes_one", "passes_two"]
    assert [flags.tolist() for flags in by_awkward(point, arrays)] == [[False, True], [False, True]]
    assert "def passes_one(events)" in write_form("pandas", point)
    assert "DRAW_TWO = '(2.0 * met) > 2.5'" in write_form("root", point)


def test_packed_selection_of_coffea(monkeypatch):
    """It gets each step by its name, as an array of numpy."""
    import sys
    import types

    class PackedSelection(dict):
        add = dict.__setitem__

    tools = types.ModuleType("coffea.analysis_tools")
    tools.PackedSelection = PackedSelection
    monkeypatch.setitem(sys.modules, "coffea", types.ModuleType("coffea"))
    monkeypatch.setitem(sys.modules, "coffea.analysis_tools", tools)
    point = working_point([("met", ">", 1.5)], ARRAYS, steps=["len(Jet_pt) > 1", "2 > 1"])
    module = module_of_text(write_form("awkward", point))
    events = ak.zip({name: ARRAYS[name] for name in ("met", "Jet_pt")}, depth_limit=1)
    found = module.packed_selection(events)
    assert list(found) == ["len(Jet_pt) > 1", "2 > 1", "met > 1.5 GeV"]
    assert [type(mask) for mask in found.values()] == [np.ndarray] * 3
    assert found["met > 1.5 GeV"].tolist() == [False, True]


def test_events_of_nanoaod_schema():
    """There Jet_pt is Jet.pt, and nJet a length; a name that is in no collection stays one."""
    arrays = {**ARRAYS, "nJet": np.array([1, 2]), "HLT_x_y": np.array([True, True])}
    steps = ["nJet > 1", "HLT_x_y", "Jet_pt[0] > 0"]
    point = working_point([("met", ">", 1.5)], arrays, steps=steps)
    module = module_of_text(write_form("awkward", point))
    jets = ak.zip({"pt": ARRAYS["Jet_pt"], "eta": ARRAYS["Jet_pt"]})
    nested = ak.zip(
        {"Jet": jets, "met": ARRAYS["met"], "HLT": ak.Array({"x_y": [True, True]})}, depth_limit=1
    )
    flat = ak.zip({name: ak.Array(values) for name, values in arrays.items()}, depth_limit=1)
    assert module.passes(nested).tolist() == module.passes(flat).tolist() == [False, True]
    with pytest.raises(IndexError, match="no field 'nJet'"):
        module.passes(nested[["met", "HLT"]])


def test_parentheses():
    assert [
        wrapped(one) for one in ("x", "1.5", "f(x)[2]", "(a) + (b)", "std::sin(x)", "-1", "a::f<int>(x)")
    ] == [
        "x",
        "1.5",
        "(f(x)[2])",
        "((a) + (b))",
        "std::sin(x)",
        "(-1)",
        "a::f<int>(x)",
    ]
