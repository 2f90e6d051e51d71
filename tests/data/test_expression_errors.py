# ruff: noqa: RUF001
"""What expressions refuse: each fault is one line with the text, what is wrong and what to do."""

import ast
import warnings
from pathlib import Path

import awkward as ak
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.data.expressions import Expression

DIGIT = "a name that begins with a digit stands in backticks"
WORD = "is a word of Python, a branch of this name stands in backticks"
A_TEXT = "is a text: it can only be compared by == or !="
NO_CONDITION = "is a number where a condition is needed: compare it, as in x > 0 or x != 0"
A_LIST = "gives a list for each event: reduce it by an index, min, max, sum or len"
CLOSER = "put each comparison in parentheses, or write and, or"
LENGTHS = "have lists of different lengths, 2 and 1 in one event: they cannot be taken element by element"
ODD = "has no place here: odd names stand in backticks"
ONLY = "only numbers, true or false, and texts are read"
ONE = "has one value an event"
MASS = "it is mass(pt1, eta1, phi1, m1, pt2, eta2, phi2, m2, ...)"

BRANCHES = {
    "MET": np.array([10.0, 20.0]),
    "n": np.array([1, 2]),
    "Type": np.array(["GT", "GG"]),
    "Jet_pt": ak.Array([[50.0, 40.0], []]),
    "Muon_pt": ak.Array([[5.0], []]),
    "lep1.pt": np.array([1.0, 2.0]),
    "n-jets": np.array([1, 2]),
    "deep": ak.Array([[[1.0]], []]),
    "record": ak.Array([{"x": 1}, {"x": 2}]),
    "mixed": ak.Array([1, "a"]),
    "mixed_lists": ak.Array([[1, "a"], []]),
    "records": ak.Array([[{"x": 1}], []]),
    "when": np.array(["2025-01-01", "2025-01-02"], dtype="datetime64[D]"),
    "short": np.array([1.0]),
}


def fault_of(text: str) -> str:
    """Return the message about a text, which is one line and names it."""
    with pytest.raises(ValueError, match=r"^expression '") as caught:
        Expression.parse(text).evaluate(BRANCHES, 2)
    message = str(caught.value)
    assert message.isprintable()
    return message.removeprefix(f"expression '{text}': ")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        # typing errors
        ("", "the expression is empty"),
        ("MET >", "invalid syntax at the end"),
        ("(MET + 1", "'(' was never closed at character 1"),
        ("MET + 1)", "unmatched ')' at character 8"),
        ("Jet_pt[0", "'[' was never closed at character 7"),
        ("MET n", "invalid syntax at character 5"),
        ("MET = 3", "invalid syntax at character 5: equality is =="),
        ("MET > 1 && n > 2", "invalid syntax at character 10: write and, or"),
        ("!n", "invalid syntax at character 1: write not"),
        ("n > 1 ? MET : 0", "invalid syntax at character 7: write where(condition, value, other value)"),
        ("Sum$(Jet_pt)", "invalid syntax at character 4: write sum(x), min(x), max(x) or len(x)"),
        ("2mu > 1", f"invalid decimal literal at character 1: {DIGIT}"),
        ("pass == 1", f"invalid syntax at character 1: pass {WORD}"),
        ("Type == 'GT", "a ' without its end at character 9"),
        ("`lep1.pt > 2", "a ` without its end at character 1"),
        ("`` > 2", "an empty name in backticks at character 1"),
        ("MET `lep1.pt`", "invalid syntax at character 5"),
        ("MET`lep1.pt`", "something is missing beside a name in backticks, such as an operator"),
        ("MET − 2", f"the character '−' at 5 {ODD}"),
        ("MET # momentum", f"the character '#' at 5 {ODD}"),
        ("Type == 'a\\n'", "a ' without its end at character 9"),
        # names and functions
        ("Jet_ptt[0]", "no branch Jet_ptt: the closest is Jet_pt"),
        ("met > 3", "no branch met: the closest is MET"),
        ("lep1_pt > 3", "no branch lep1_pt: the closest is `lep1.pt`"),
        ("n-jets > 2", "no branch jets: the closest is `n-jets`"),
        ("lep1.pt > 3", "a name with a dot stands in backticks: `lep1.pt`"),
        ("zz + qq", "no branch zz, and none with a similar name; no branch qq, and none with a similar name"),
        ("sqr(MET)", "unknown function sqr: the closest is sqrt"),
        ("atan2(MET, n)", "unknown function atan2: the closest is arctan2"),
        ("deltaR(1, 2, 3, 4)", "unknown function deltaR: the closest is deltar"),
        ("`sqrt`(MET)", "`sqrt` is not a function"),
        ("sqrt()", "sqrt() has 0 arguments: it is sqrt(x)"),
        ("1 + hypot(MET)", "hypot(MET) has 1 argument: it is hypot(x, y)"),
        ("deltaphi(MET, n, n)", "deltaphi(MET, n, n) has 3 arguments: it is deltaphi(phi1, phi2)"),
        ("max()", "max() has 0 arguments: it is max(list or x, y, ...)"),
        ("mass(1, 2, 3)", f"mass(1, 2, 3) has 3 arguments: {MASS}"),
        ("hypot(x=MET, y=n)", "arguments have no names: hypot(x, y)"),
        ("max(*Jet_pt)", "*Jet_pt: * before an argument is not allowed"),
        # other Python
        ("MET ^ 2", "^ is not allowed: a power is **"),
        ("MET if n else 1", "write where(condition, value, other value)"),
        ("Jet_pt[:2]", ":2: a slice is not allowed: take an index or a mask"),
        ("Jet_pt[0, 1]", "0, 1: a comma separates arguments of functions only"),
        ("n in (1, 2)", "`in` is not allowed: write x == 1 or x == 2"),
        ("n is 1", "`is` is not allowed: equality is =="),
        ("n >> 2", ">> is not allowed: a bit is tested by & and its value, as in (flags & 4) != 0"),
        ("None", "None is neither a number nor a text"),
        ("2j * MET", "2j is neither a number nor a text"),
        ("1e999", "1e999 is too large a number"),
        ("Jet_pt.sum()", "attributes are not allowed: write sum(x)"),
        ("MET > 15 & n > 2", f"& and | bind closer than comparisons, here as (15 & n): {CLOSER}"),
        ("n & 1 == 1", f"& and | bind closer than comparisons, here as (n & 1): {CLOSER}"),
        # types
        ("Type + 1", f"Type {A_TEXT}"),
        ("'GT' + Type == 'a'", f"'GT' {A_TEXT}"),
        ("Type == 3", "Type is a text and 3 is not: they cannot be compared"),
        ("MET == 'GT'", "'GT' is a text and MET is not: they cannot be compared"),
        ("Type < 'GT'", "Type and 'GT' are texts: they are compared by == or != only"),
        ("Type", "gives a text: compare it by == or !="),
        ("hypot(Type, 1)", f"Type {A_TEXT}"),
        ("where(n > 1, Type, 0)", f"Type {A_TEXT}"),
        ("deltaphi(Type, 1)", f"Type {A_TEXT}"),
        ("MET and n", f"MET {NO_CONDITION}"),
        ("not MET", f"MET {NO_CONDITION}"),
        ("n > 1 and Type", "Type is a text where a condition is needed: compare it, as in x > 0 or x != 0"),
        ("(n > 1) & MET", f"MET {NO_CONDITION}"),
        ("where(MET, 1, 2)", f"MET {NO_CONDITION}"),
        ("~n", "~ takes a condition and n is an integer: write not, or compare it"),
        # lists
        ("Jet_pt", A_LIST),
        ("Jet_pt[Jet_pt > MET]", A_LIST),
        ("max(Jet_pt, 3)", A_LIST),
        ("sum(Jet_pt * Muon_pt)", f"Jet_pt and Muon_pt {LENGTHS}"),
        ("len(Jet_pt[Muon_pt + 1 > 3])", f"Jet_pt and Muon_pt + 1 > 3 {LENGTHS}"),
        ("MET[0]", f"MET {ONE}: it takes no index or mask"),
        ("sum(MET)", f"MET {ONE}: sum with one argument takes a list"),
        ("max(MET)", f"MET {ONE}: max with one argument takes a list"),
        ("len(Jet_pt[0])", f"Jet_pt[0] {ONE}: len with one argument takes a list"),
        ("Jet_pt[MET > 15]", f"MET > 15 {ONE}: a mask of Jet_pt needs a condition on each element"),
        ("Jet_pt[0.5]", "0.5 is no integer: the index of a list is one, a mask is a condition"),
        ("Jet_pt['a']", f"'a' {A_TEXT}"),
        ("any(Jet_pt)", f"Jet_pt {NO_CONDITION}"),
        # arrays
        ("sum(deep)", "deep has lists of lists: only a list of values for each event is read"),
        ("record", f"record is of type [('x', '<i8')]: {ONLY}"),
        ("mixed", f"mixed is of type union[int64, string]: {ONLY}"),
        ("len(mixed_lists)", f"mixed_lists is of type var * union[int64, string]: {ONLY}"),
        ("len(records)", f"records is of type [('x', '<i8')]: {ONLY}"),
        ("when", f"when is of type datetime64[D]: {ONLY}"),
        ("short", "short has 1 events of 2"),
    ],
)  # fmt: skip
def test_faults(text, fault):
    assert fault_of(text) == fault


HOSTILE = [
    '__import__("os").system("true")',
    "__import__('os')",
    "eval('1')",
    "exec('x = 1')",
    "compile('1', '', 'eval')",
    "open('/etc/passwd')",
    "globals()",
    "locals()['x']",
    "getattr(MET, 'data')",
    "().__class__.__bases__[0].__subclasses__()",
    "''.__class__",
    "MET.__array_interface__",
    "MET.tofile('stolen')",
    "`MET`.tofile('stolen')",
    "sqrt.__globals__",
    "(lambda: 1)()",
    "(lambda x: x)(MET)",
    "[x for x in MET]",
    "{x for x in MET}",
    "{x: 1 for x in MET}",
    "sum(x for x in Jet_pt)",
    "(y := MET)",
    "f'{MET}'",
    "f'{MET.__class__}' == Type",
    "b'GT' == Type",
    "Type == '%s' % MET",
    "Type == '{0.__class__}'.format(MET)",
    "'a' * 999999999 == Type",
    "sqrt(MET)(MET)",
    "abs(abs)(1)",
    "max(*[MET])",
    "hypot(**{'x': 1})",
    "MET[MET.__class__]",
    "await MET",
    "yield MET",
    "import os",
    "MET; import os",
    "MET\nimport os",
    "MET) or (MET",
    "del MET",
    "assert MET",
    "...",
    "MET[...]",
    "Jet_pt[::-1]",
    "print(MET)",
    "input()",
    "breakpoint()",
    "`__import__`('os')",
    "MET if __import__('os') else n",
    "1 .__class__",
    "MET @ MET",
    "\0",
    "MET > 1\\\n",
    "Type == '\ud800'.x",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_else_of_python_is_allowed(text):
    with pytest.raises(ValueError, match=r"^expression '"):
        Expression.parse(text)


def test_no_code_is_compiled_or_run():
    """The builtins that could are not named in the modules of expressions."""
    for path in (Path(__file__).parents[2] / "scripts" / "data").glob("expression*.py"):
        called = {
            node.func.id
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }
        assert not called & {"eval", "exec", "compile", "getattr", "__import__"}, path


@pytest.mark.parametrize(
    "text",
    [
        "-" * 1999 + "n",
        "(" * 900 + "n" + ")" * 900,
        "(" * 150 + "n" + ")" * 150 + "+",
        "not " * 400 + "n",
        "sqrt(" * 300 + "n" + ")" * 300,
        "Jet_pt" + "[0]" * 500,
        "n" + "**n" * 600,
        "n" + "+n" * 900,
        "n" + ".n" * 900,
        "n if n else " * 150 + "n",
        "lambda: " * 200 + "n",
        "[" * 500,
    ],
)
def test_deep_expressions_are_refused(text):
    with pytest.raises(ValueError, match=r"^expression '") as caught:
        Expression.parse(text)
    assert len(str(caught.value)) < 500


def test_long_expressions_are_refused():
    with pytest.raises(ValueError, match="2001 characters are too many, at most 2000 are taken"):
        Expression.parse("n" * 2001)


def test_deep_but_allowed_expressions_are_evaluated():
    long_sum = Expression.parse("+".join(["n"] * 99))
    assert long_sum.evaluate(BRANCHES, 2).values.tolist() == [99, 198]
    nested = Expression.parse("sqrt(" * 50 + "n" + ")" * 50)
    assert nested.evaluate(BRANCHES, 2).values[0] == 1
    conditions = Expression.parse(" and ".join(["n > 0"] * 200))
    assert conditions.evaluate(BRANCHES, 2).values.all()


@given(st.text(st.sampled_from("METn019.+-*/%<>=!&|~^()[]`'\", \n#$?:andorti_é\\"), max_size=30))
def test_any_text_is_an_expression_or_a_fault_of_one_line(text):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of ast, on 1if and the like
        try:
            expression = Expression.parse(text)
        except ValueError as error:
            fault = str(error)
        else:
            fault = ""
            assert Expression.parse(expression.text) == expression
    assert not fault or (fault.startswith("expression '") and fault.isprintable())


def test_a_caller_deep_in_its_own_stack_gets_values():
    expression = Expression.parse("+".join(["n"] * 60))

    def dig(levels):
        return dig(levels - 1) if levels else expression.evaluate(BRANCHES, 2).values.tolist()

    assert dig(300) == [60, 120]


def test_names_can_be_checked_before_anything_is_read():
    expression = Expression.parse("Jet_pt[0] > MET")
    expression.check_names(["MET", "Jet_pt", "n"])
    expression.check_names(iter(["MET", "Jet_pt"]))
    with pytest.raises(
        ValueError, match=r"^expression 'MET > n': no branch MET, .*; no branch n: the closest is N$"
    ):
        Expression.parse("MET > n").check_names(["Jet_pt", "N"])
    with pytest.raises(ValueError, match="no branch MET, there is none at all"):
        Expression.parse("MET > 1").check_names([])


def test_a_long_expression_is_shown_in_part():
    with pytest.raises(ValueError, match=r"^expression 'n \+ n .* \.\.\. .*': no branch n") as caught:
        Expression.parse(" + ".join(["n"] * 90)).check_names(["x"])
    assert len(str(caught.value)) < 300
