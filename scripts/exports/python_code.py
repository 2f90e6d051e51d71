"""The text of a module of Python with the cuts of a working point."""

from __future__ import annotations

import re

from .heading import heading
from .language import Branch
from .plan import Plan, plans
from .python_languages import Awkward, Pandas
from .working_point import WorkingPoint

_HELPERS = {
    "branch_of": '''
def branch_of(events, name):
    """Return a branch; of coffea's NanoAODSchema ``Jet_pt`` is ``events.Jet.pt``, and ``nJet`` a length."""
    fields = getattr(events, "fields", [name])
    collection, _, field = name.partition("_")
    if name not in fields and collection in fields and field in events[collection].fields:
        return events[collection][field]
    if name not in fields and name[:1] == "n" and name[1:] in fields:
        return ak.num(events[name[1:]], axis=1)
    return events[name]
''',
    "deltaphi": '''
def deltaphi(phi1, phi2):
    """Return phi1 - phi2 between -pi and pi."""
    return (phi1 - phi2 + np.pi) % (2 * np.pi) - np.pi
''',
    "deltar": '''
def deltar(eta1, phi1, eta2, phi2):
    """Return the distance in eta and phi."""
    return np.sqrt((eta1 - eta2) ** 2 + ((phi1 - phi2 + np.pi) % (2 * np.pi) - np.pi) ** 2)
''',
    "angle": '''
def angle(px1, py1, pz1, px2, py2, pz2):
    """Return the angle between two momenta."""
    product = px1 * px2 + py1 * py2 + pz1 * pz2
    length = np.sqrt((px1**2 + py1**2 + pz1**2) * (px2**2 + py2**2 + pz2**2))
    return np.arccos(np.maximum(-1.0, np.minimum(1.0, product / length)))
''',
    "mass": '''
def mass(*components):
    """Return the invariant mass of particles, each of pt, eta, phi, mass."""
    cartesian = []
    for pt, eta, phi, m in zip(*[iter(components)] * 4):
        px, py, pz = pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta)
        cartesian += [px, py, pz, np.sqrt(px**2 + py**2 + pz**2 + m * abs(m))]
    return mass_cartesian(*cartesian)
''',
    "mass_cartesian": '''
def mass_cartesian(*components):
    """Return the invariant mass of particles, each of px, py, pz, E; NaN where there is none."""
    px, py, pz, energy = (sum(components[first::4]) for first in range(4))
    square = energy**2 - px**2 - py**2 - pz**2
    return np.sqrt(WHERE(square < -1e-6 * energy**2, np.nan, np.maximum(square, 0.0)))
''',
    "at": '''
def at(values, index, missing):
    """Return an element of each list, where there is none ``missing``; the last one is -1."""
    counts = ak.to_numpy(ak.num(values, axis=1))
    places = np.broadcast_to(ak.to_numpy(index), counts.shape)
    if np.ndim(index) == 0:
        places = np.where(places < 0, places + counts, places)
    found = (places >= 0) & (places < counts)
    flat = ak.to_numpy(ak.flatten(values, axis=1))
    starts = np.cumsum(counts) - counts
    if not len(flat):
        return np.full(len(counts), missing)
    return np.where(found, flat[np.where(found, starts + np.where(found, places, 0), 0).astype(int)], missing)
''',
    "take": '''
def take(values, indices):
    """Return the elements at lists of indices; NaN where there is none."""
    found = (indices >= 0) & (indices < ak.num(values, axis=1))
    none = np.full((len(values), 1), np.nan)
    padded = ak.concatenate([values, none], axis=1)
    return padded[ak.where(found, indices, ak.num(values, axis=1))]
''',
}
#: Helpers that others need.
_NEEDS = {"mass": ["mass_cartesian"]}


def module_text(point: WorkingPoint, language: type[Pandas], events: str, note: str) -> str:
    """Return the text of a module.

    Parameters
    ----------
    point : WorkingPoint
    language : type
        A language of Python.
    events : str
        What its functions take, in words.
    note : str
        Added to its docstring.

    Raises
    ------
    NotInForm
        If the language cannot express it.
    """
    found = plans(point, language)
    lists = issubclass(language, Awkward)
    helpers = sorted({name for _, own in found for name in own.helpers})
    helpers += ["branch_of"] if lists and any(plan.branches for plan, _ in found) else []
    helpers = [
        name for name in _HELPERS if name in {*helpers, *(n for h in helpers for n in _NEEDS.get(h, []))}
    ]
    lines = heading(point)
    docstring = "\n".join(['"""' + lines[0], "", *lines[1:], note, '"""'])
    imports = [*(["import awkward as ak"] if lists else []), "import numpy as np"]
    parts = [f"{docstring}\n", "\n".join(imports) + "\n"]
    where = "ak.where" if lists else "np.where"
    parts += [f"\n{_HELPERS[name].replace('WHERE', where).rstrip()}\n" for name in helpers]
    for plan, _ in found:
        parts += [f"\n\n{text}" for text in _functions(plan, lists, events)]
    return "\n".join(part.rstrip("\n") if part != "\n" else part for part in parts) + "\n"


def _functions(plan: Plan, lists: bool, events: str) -> list[str]:
    of = f" of {', '.join(plan.processes)}" if plan.processes else ""
    steps = plan.name.replace("passes", "steps", 1)
    body = [_read(branch, lists) for branch in plan.branches]
    body += [f"{name} = {text}" for name, text in plan.definitions.items()]
    names = {*plan.definitions, *(branch.identifier for branch in plan.branches)}
    entries = []
    for step in plan.steps:
        of_events = not names.isdisjoint(re.findall(r"\w+", step.text))
        text = _array(step.text, lists) if of_events else f"np.full(len(events), {step.text})"
        entries.append(f"    {step.name!r}: {text},")
    body += ["return {", *entries, "}"]
    inner = "".join(f"    {line}\n" for line in body)
    whether = f"np.logical_and.reduce(list({steps}(events).values()))"
    if not plan.steps:
        whether = "np.full(len(events), True)"
    texts = [
        f'def {steps}(events):\n    """Return which events{of} pass each step, by name; from {events}."""\n'
        f"{inner}",
        f'def {plan.name}(events):\n    """Return which events{of} pass all steps; from {events}."""\n'
        f"    return {whether}\n",
    ]
    if lists:
        packed = plan.name.replace("passes", "packed_selection", 1)
        texts.append(
            f'def {packed}(events):\n    """Return the steps{of} as a PackedSelection of coffea."""\n'
            "    from coffea.analysis_tools import PackedSelection\n\n"
            "    selection = PackedSelection()\n"
            f"    for name, mask in {steps}(events).items():\n"
            "        selection.add(name, mask)\n"
            "    return selection\n"
        )
    return texts


def _array(text: str, lists: bool) -> str:
    return f"ak.to_numpy({text})" if lists else f"np.asarray({text})"


def _read(branch: Branch, lists: bool) -> str:
    numbers = {"float": "float64", "integer": "int64", "condition": "bool"}.get(branch.kind)
    text = f"branch_of(events, {branch.name!r})" if lists else f"events[{branch.name!r}]"
    if numbers is None:
        return f"{branch.identifier} = {text}"
    if lists:
        return (
            f"{branch.identifier} = ak.values_astype({text}, np.{'bool_' if numbers == 'bool' else numbers})"
        )
    return f"{branch.identifier} = {text}.to_numpy({numbers!r})"
