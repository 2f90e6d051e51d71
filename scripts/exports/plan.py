"""What a form writes: branches, columns and conditions of a working point in its language."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .language import Branch, Kind, Language, NotInForm, Value, wrapped
from .translation import Translation
from .working_point import Edge, WorkingPoint

_KINDS: dict[str, Kind] = {"f": "float", "i": "integer", "u": "integer", "b": "condition", "U": "text"}
#: What stands for the step of events that lack a feature.
LACKING = "all features there"


@dataclass(frozen=True)
class Step:
    """A condition that an event passes: its name, and what it is in the language."""

    name: str
    text: str


@dataclass(frozen=True)
class Plan:
    """A working point for a group of processes in a language.

    Parameters
    ----------
    name : str
        Of the selection: letters, digits and underscores.
    processes : sequence of str
        None where the study names none.
    branches : sequence of Branch
    definitions : mapping
        Columns that are computed, in order: text by name of the variable.
    steps : sequence of Step
        Preselection, then the cuts.
    """

    name: str
    processes: Sequence[str]
    branches: Sequence[Branch]
    definitions: Mapping[str, str]
    steps: Sequence[Step]


def plans(point: WorkingPoint, language: Callable[[], Language]) -> list[tuple[Plan, Any]]:
    """Return the plan of each group of processes, each with its language, which knows the helpers it needs.

    Raises
    ------
    NotInForm
        If the language cannot express it.
    """
    found = []
    for selection in point.selections:
        own = language()
        found.append((plan_of(point, selection, own), own))
    return found


def plan_of(point: WorkingPoint, selection: Mapping[str, Any], language: Language) -> Plan:
    """Return the plan of one group of processes."""
    suffix = [] if len(point.selections) == 1 else [selection["processes"][0]]
    name = "_".join(["passes", *suffix])
    recipe = point.recipe(selection)
    branches = _branches(point, recipe.branches(), selection, language)
    translation = Translation(language, recipe, branches)
    steps = [Step(step, translation.passes(expression.text)) for step, expression in recipe.steps.items()]
    features = {feature: _feature(translation, feature) for feature in recipe.features}
    edges = point.edges()
    cut_on = {edge.feature for edge in edges}
    if not recipe.keeps_missing:
        lacking = [
            (value.missing, value.absent)
            for feature, value in features.items()
            # What is missing fails a cut.
            if feature not in cut_on
        ]
        gaps = [text for pair in lacking for text in pair if text is not None]
        if gaps:
            steps.append(Step(LACKING, language.negation(language.either(gaps))))
    for edge in edges:
        steps.append(Step(edge.label, _cut_condition(point, edge, translation, features)))
    steps = [
        Step(step, text)
        for step, text in zip(named([one.name for one in steps]), (one.text for one in steps), strict=True)
    ]
    used = [step.text for step in steps] + list(translation.definitions.values())
    kept = [branch for branch in branches.values() if _is_used(branch, used)]
    return Plan(name, selection["processes"], kept, translation.definitions, steps)


def named(names: Sequence[str]) -> list[str]:
    """Return names of steps, each another one."""
    found: list[str] = []
    for name in names:
        number = sum(1 for other in names[: len(found)] if other == name)
        found.append(f"{name} ({number + 1})" if number else name)
    return found


def _feature(translation: Translation, name: str) -> Value:
    value = translation.column(name)
    if value.is_list or value.kind == "text":
        raise NotInForm(f"{name} is not one number an event")
    if value.kind == "condition":
        one, none = (translation.language.integer(number) for number in (1, 0))
        text = translation.language.where(value.text, one, none, is_list=False)
        whether = [] if value.fails is None else [translation.language.either([value.text, value.fails])]
        return Value(text, "integer", guards=tuple(whether), missing=value.missing)
    return value


def _is_used(branch: Branch, texts: Iterable[str]) -> bool:
    word = re.compile(rf"(?<![\w.]){re.escape(branch.identifier)}(?!\w)")
    return any(word.search(text) for text in texts)


def _branches(
    point: WorkingPoint, names: Iterable[str], selection: Mapping[str, Any], language: Language
) -> dict[str, Branch]:
    known = point.content.get("branches", {})
    found: dict[str, Branch] = {}
    taken = set(language.reserved)
    for name in names:
        described = known.get(name, {"type": "float64", "list": False})
        number_type = described["type"]
        identifier = re.sub(r"\W", "_", name)
        if identifier[:1].isdigit():
            identifier = f"_{identifier}"
        while identifier in taken:
            identifier += "_"
        taken.add(identifier)
        sentinel = selection["missing"].get(name)
        if sentinel is not None and number_type in ("float32", "float16"):
            # As it is in the branch: -999.9 is another number in 4 bytes than in 8.
            sentinel = float(np.dtype(number_type).type(sentinel))
        kind = _KINDS["U" if number_type == "str" else np.dtype(number_type).kind]
        found[name] = Branch(name, identifier, kind, bool(described["list"]), number_type, sentinel)
    return found


def _cut_condition(
    point: WorkingPoint, edge: Edge, translation: Translation, features: Mapping[str, Value]
) -> str:
    """Return whether an event passes a cut, that of its fold and of its bin where they differ."""
    language, feature = translation.language, features[edge.feature]

    def passes(cut: Value) -> str:
        return language.both([*feature.guards, language.compared(edge.direction, feature, cut)])

    if point.n_folds is None:
        return passes(_cut_of_bins(point, edge.cuts, language, features))
    number = translation.value(point.content["folds"]["of"])
    n_folds = Value(language.integer(point.n_folds), "integer", sure=True, number=point.n_folds)
    rest = Value(language.divided("%", number, n_folds, exact=True), "integer")
    cuts = {fold: [cut for cut in edge.cuts if cut["fold"] == fold] for fold in range(point.n_folds)}
    of_fold = {
        fold: language.compared("==", rest, Value(language.integer(fold), "integer", number=fold))
        for fold in cuts
    }
    cutting = [fold for fold in cuts if cuts[fold]]
    texts = [_cut_of_bins(point, cuts[fold], language, features).text for fold in cutting]
    chosen = Value(chained(language, [of_fold[fold] for fold in cutting[:-1]], texts), "float")
    # A fold without this cut lets everything pass.
    return language.either([*(of_fold[fold] for fold in cuts if fold not in cutting), passes(chosen)])


def _cut_of_bins(
    point: WorkingPoint, cuts: Sequence[Mapping[str, Any]], language: Language, features: Mapping[str, Value]
) -> Value:
    if point.follows is None:
        return Value(language.real(cuts[0]["cut"]), "float", number=cuts[0]["cut"])
    cuts = sorted(cuts, key=lambda cut: float(cut["low"]))
    prop = features[point.follows]
    text = language.as_double(prop)
    if point.content["follows"]["between"] == "interpolation":
        return Value(_curve(cuts, text, language), "float")
    inner = [Value("", "float", number=cut["high"]) for cut in cuts[:-1]]
    conditions = [language.compared("<", Value(text, "float"), edge) for edge in inner]
    return Value(chained(language, conditions, [language.real(cut["cut"]) for cut in cuts]), "float")


def _curve(cuts: Sequence[Mapping[str, Any]], value: str, language: Language) -> str:
    """Return the interpolation of cuts between the centres of bins, constant beyond them."""
    # Only here, since a config is parsed without it.
    from ..data.cut_interpolation import curve_through

    centres = np.array([(cut["low"] + cut["high"]) / 2 for cut in cuts])
    known = np.array([cut["cut"] for cut in cuts], dtype=float)
    if len(cuts) == 1:
        return language.real(known[0])
    curve = curve_through(centres, known)
    lower, upper = (language.real(centre) for centre in (centres[0], centres[-1]))
    pieces = []
    for start, factors in zip(centres, curve.c.T, strict=False):
        step = wrapped(language.binary("-", value, language.real(start)))
        # In the order in which scipy adds the powers up, for the same number to the last digit.
        powers = [step, f"({step} * {step})", f"({step} * {step} * {step})"]
        terms = [
            f"{wrapped(language.real(factor))} * {power}"
            for factor, power in zip(factors[2::-1], powers, strict=True)
        ]
        pieces.append(" + ".join([language.real(factors[3]), *terms]))
    pieces = [language.real(known[0]), *pieces]
    bounds = [lower, *(language.real(centre) for centre in centres[1:-1])]
    conditions = [language.binary("<", value, bound) for bound in bounds]
    conditions += [language.binary(sign, value, upper) for sign in ("<=", ">")]
    # NaN is in none of them: the cut is NaN, too, and nothing passes it.
    return chained(language, conditions, [*pieces, language.real(curve(centres[-1])), value])


def chained(language: Language, conditions: Sequence[str], texts: Sequence[str]) -> str:
    """Return the text of the first condition that holds, else the last text."""
    result = texts[-1]
    for condition, text in reversed(list(itertools.zip_longest(conditions, texts[:-1]))):
        result = language.where(condition, text, result, is_list=False)
    return result
