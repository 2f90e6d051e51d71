"""Expressions for ROOT: RDataFrame, in Python or C++, and TTree::Draw as far as it goes."""

from __future__ import annotations

from typing import Literal

from ..kinds import FormSettings
from .c_languages import Draw, RDataFrame
from .cpp_helpers import helpers
from .heading import heading
from .language import NotInForm
from .plan import Plan, plan_of, plans
from .working_point import WorkingPoint


class Settings(FormSettings):
    """Python for RDataFrame, with the strings that it takes in C++ too, and the selection of TTree::Draw."""

    form: Literal["root"]
    file = "cuts_root.py"


def write(point: WorkingPoint) -> str:
    """Return the text of the file."""
    found = plans(point, RDataFrame)
    lines = heading(point)
    parts = ["\n".join(['"""' + lines[0], "", *lines[1:], '"""'])]
    needs_helpers = any(language.helpers for _, language in found)
    if needs_helpers:
        parts.append("import ROOT")
        parts.append(f'#: Functions that the expressions call.\nHELPERS = r"""\n{helpers(of_root=True)}"""')
        parts.append("ROOT.gInterpreter.Declare(HELPERS)")
    for plan, _ in found:
        parts.append(_frame(plan))
    parts.append(_draw(point))
    return "\n\n".join(parts) + "\n"


def _frame(plan: Plan) -> str:
    of = f" of {', '.join(plan.processes)}" if plan.processes else ""
    name = plan.name.removeprefix("passes").lstrip("_").upper()
    prefix = f"{name}_" if name else ""
    aliases = [(one.identifier, one.name) for one in plan.branches if one.identifier != one.name]
    lines = []
    if aliases:
        lines += [f"#: Names of branches{of} that are no names in C++.", f"{prefix}ALIASES = {{"]
        lines += [*(f"    {alias!r}: {branch!r}," for alias, branch in aliases), "}"]
    if plan.definitions:
        lines += [f"#: Columns{of}, in this order, by `Define`.", f"{prefix}COLUMNS = {{"]
        lines += [*(f"    {column!r}: {text!r}," for column, text in plan.definitions.items()), "}"]
    lines += [f"#: Steps{of}, in this order, by `Filter`.", f"{prefix}FILTERS = {{"]
    lines += [f"    {step.name!r}: {step.text!r}," for step in plan.steps]
    function = plan.name.replace("passes", "select", 1)
    lines += ["}", "", "", f"def {function}(frame):"]
    lines.append(
        f'    """Return an RDataFrame with the events{of} that pass; its Report() is the cutflow."""'
    )
    if aliases:
        lines += [
            f"    for alias, branch in {prefix}ALIASES.items():",
            "        frame = frame.Alias(alias, branch)",
        ]
    if plan.definitions:
        lines += [
            "    known = [str(name) for name in frame.GetColumnNames()]",
            f"    for name, text in {prefix}COLUMNS.items():",
            "        frame = (frame.Redefine if name in known else frame.Define)(name, text)",
        ]
    lines += [f"    for name, text in {prefix}FILTERS.items():", "        frame = frame.Filter(text, name)"]
    lines.append("    return frame\n")
    return "\n".join(lines)


def _draw(point: WorkingPoint) -> str:
    lines: list[str] = []
    for selection in point.selections:
        several = len(point.selections) > 1
        name = f"DRAW_{selection['processes'][0].upper()}" if several else "DRAW"
        language = Draw()
        try:
            plan = plan_of(point, selection, language)
        except NotInForm as fault:
            lines += [f"#: TTree::Draw has no words for {fault}.", f"{name} = None"]
            continue
        lines.append("#: The selection of TTree::Draw, TTree::CopyTree and TCut.")
        wide = sorted(one.name for one in plan.branches if one.type in ("int64", "uint64"))
        if wide:
            lines[-1] += f" They take values of {', '.join(wide)} above 2^53 for"
            lines.append("#: the double next to them, RDataFrame does not.")
        lines.append(f"{name} = {language.both([step.text for step in plan.steps])!r}")
    return "\n".join(lines)
