"""A header of C++ (17) with functions of the branches, which needs nothing but the standard library."""

from __future__ import annotations

import textwrap
from typing import Literal

from ..kinds import FormSettings
from .c_languages import C
from .cpp_helpers import INCLUDES, helpers
from .heading import heading
from .language import Branch
from .plan import Plan, plans
from .working_point import WorkingPoint

_TYPES = {"float": "double", "integer": "long long", "condition": "bool", "text": "std::string"}


class Settings(FormSettings):
    """A header of C++: whether an event passes, as a function of its branches."""

    form: Literal["cpp"]
    file = "cuts.h"


def write(point: WorkingPoint) -> str:
    """Return the text of the file."""
    found = plans(point, C)
    lines = [f"// {part}" for line in heading(point) for part in textwrap.wrap(line, 100)]
    guard = f"CABIN_{point.name.upper()}_H"
    needs_helpers = any(language.helpers for _, language in found)
    parts = ["\n".join(lines), f"#ifndef {guard}\n#define {guard}\n{INCLUDES}".rstrip()]
    if needs_helpers:
        parts.append(helpers(of_root=False).rstrip())
    parts.append(f"namespace {point.name} {{")
    parts += [_function(plan) for plan, _ in found]
    parts.append(f"}}  // namespace {point.name}\n#endif")
    return "\n\n".join(parts) + "\n"


def _function(plan: Plan) -> str:
    lists = [branch for branch in plan.branches if branch.is_list]
    kinds = [f"class T{number}" for number, _ in enumerate(lists, 1)]
    of = f" of {', '.join(plan.processes)}" if plan.processes else ""
    lines = [f"// Whether an event{of} passes; a list is any container, such as std::vector<float>."]
    if not lists:
        lines = [f"// Whether an event{of} passes."]
    lines.append(f"template <{', '.join(kinds)}>" if lists else "inline")
    arguments = []
    for branch in plan.branches:
        if branch.is_list:
            number = lists.index(branch) + 1
            arguments.append(f"const T{number}& {branch.identifier}_of_event")
        elif branch.kind == "text":
            arguments.append(f"const std::string& {branch.identifier}")
        else:
            arguments.append(f"{_TYPES[branch.kind]} {branch.identifier}")
    if lists:
        lines.append("bool")
    lines[-1] += f" {'' if lists else 'bool '}{plan.name}("
    lines.append(",\n".join(f"    {argument}" for argument in arguments) + ") {")
    lines += [f"  {_list(branch)}" for branch in lists]
    lines += [f"  const auto {name} = {text};" for name, text in plan.definitions.items()]
    if not plan.steps:
        lines.append("  return true;")
    for step in plan.steps[:-1]:
        if step.text == C.TRUE:
            lines.append(f"  // {step.name}: always")
        else:
            lines.append(f"  if (!({step.text})) return false;  // {step.name}")
    lines += [f"  return {step.text};  // {step.name}" for step in plan.steps[-1:]]
    return "\n".join([*lines, "}"])


def _list(branch: Branch) -> str:
    name = branch.identifier
    return f"const auto {name} = cabin::list_of<{_TYPES[branch.kind]}>({name}_of_event);"
