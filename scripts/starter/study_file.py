"""The text of a study file, with comments, from a proposal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import yaml

from ..data.expressions import Expression
from ..data.names import first_names
from .proposals import Feature, Proposal, quoted
from .survey import Contents

#: Features that stand as comments.
MOST_COMMENTED = 30
#: Branches that are only named, of each process.
MOST_NAMED = 100


def study_text(name: str, proposal: Proposal, command: str) -> str:
    """Return the text of the file.

    Parameters
    ----------
    name : str
        Of the run and of its study.
    proposal : Proposal
    command : str
        What runs the study, for the first comment.

    Raises
    ------
    ValueError
        If there is nothing to cut on.
    """
    if not proposal.features:
        raise ValueError(
            "no branch with numbers that all processes of signal and background have: give files with common "
            "branches, or write the study by hand (docs/howto/ntuples.md)"
        )
    return "\n".join([*_lines(name, proposal, command), ""])


def _lines(name: str, proposal: Proposal, command: str) -> Iterator[str]:
    features, others = proposal.features, proposal.others
    seen = sum(one.n_seen for one in proposal.processes)
    yield "# A study of your ntuples, proposed by start_study. Look through it, then:"
    yield f"#   {command}"
    yield f"# Ranges and separations are those of the first {seen} events. Every key: docs/reference/config."
    yield ""
    yield f"run: {name}                     # folder under results/"
    yield "studies:"
    yield f"  {name}:"
    yield f"    title: {_value(_title(proposal.processes))}"
    yield "    source:"
    yield "      kind: ntuples"
    yield "      # luminosity: 140.0           # fb^-1; each process but data then needs a cross_section [fb]"
    yield from _weight_lines(proposal)
    if proposal.event is not None:
        yield f"      event: {_value(quoted(proposal.event))}"
    yield from _missing_lines(proposal, {name for one in features for name in _branches(one)})
    yield "      # preselection:               # steps of the cutflow: conditions on branches and columns"
    yield f"      #   - a name: {features[0].name} > {features[0].low:.3g}"
    columns = [one for one in [*features, *others[:MOST_COMMENTED]] if one.expression != one.name]
    if columns:
        yield "      columns:                      # expressions of branches, for features and preselection"
        for one in columns:
            yield f"        {one.name}: {_value(one.expression)}"
    yield "      processes:"
    for process in proposal.processes:
        yield from _process_lines(process, proposal)
    yield "    split: {test_fraction: 0.2, seed: 42}"
    yield "    # targets: [0.5, 0.7, 0.9]      # signal efficiencies of the working points"
    yield "    # An event passes '>' above the cut, '<' below it. Figures take a `label` and a `unit`, too."
    yield "    features:"
    for one in features:
        yield f"      - {_feature(one)}"
    for one in others[:MOST_COMMENTED]:
        yield f"      # - {_feature(one)}"
    if len(others) > MOST_COMMENTED:
        names = [one.expression for one in others[MOST_COMMENTED:]]
        yield f"      # with less separation: {first_names(names, MOST_NAMED)}"
    yield "    # networks, figures, tables: the default ones; docs/howto/compare.md has others"
    yield from _rest(proposal)


def _title(processes: Sequence[Contents]) -> str:
    by_role = {role: [one.name for one in processes if one.role == role] for role in ("signal", "background")}
    return " against ".join(", ".join(names) for names in by_role.values())


def _weight_lines(proposal: Proposal) -> Iterator[str]:
    if not proposal.weights:
        yield "      # weight: genWeight * puWeight   # no branch looks like a weight: every event counts 1"
        return
    others = f"also there: {', '.join(proposal.other_weights)}; a product is written out"
    note = f"   # {others}" if proposal.other_weights else ""
    if _common_weight(proposal) is not None:
        yield f"      weight: {_value(_common_weight(proposal))}{note}"
    elif note:
        yield f"      # weights stand at the processes;{note[4:]}"


def _missing_lines(proposal: Proposal, used: set[str]) -> Iterator[str]:
    """Yield the sentinels; those of branches that no feature uses are comments, as the key takes none."""
    if not proposal.missing:
        return
    mark = "" if used & set(proposal.missing) else "# "
    yield f"      {mark}missing:                      # values that stand for: no object"
    for branch, value in proposal.missing.items():
        yield f"        {'' if branch in used else '# '}{_value(branch)}: {value!r}"


def _branches(feature: Feature) -> tuple[str, ...]:
    return Expression.parse(feature.expression).names


def _common_weight(proposal: Proposal) -> str | None:
    """Return the weight that all processes have; None if they differ."""
    weights = [proposal.weights.get(one.name) for one in proposal.processes if one.role != "data"]
    return weights[0] if len(set(weights)) == 1 else None


def _process_lines(process: Contents, proposal: Proposal) -> Iterator[str]:
    entry: dict[str, Any] = {"role": process.role, "files": process.patterns}
    if process.tree is not None:
        entry["tree"] = process.tree
    if _common_weight(proposal) is None and process.name in proposal.weights:
        entry["weight"] = proposal.weights[process.name]
    files = "1 file" if process.n_files == 1 else f"{process.n_files} files"
    yield f"        {process.name}:   # {process.n_events} events in {files}"
    # Block style, so that a line for the cross-section can be added.
    for key, value in entry.items():
        yield f"          {key}: {_value(value)}"
    if process.role != "data":
        yield "          # cross_section: 1.0e+3     # fb"


def _feature(one: Feature) -> str:
    entry = f'{{name: {one.name}, direction: "{one.direction}"}}'
    facts = f"{one.low:.4g} to {one.high:.4g}, separation {one.separation:.2f}"
    if one.missing:
        facts += f", missing in {100 * one.missing:.2g} %: such an event fails"
    if not one.separates:
        facts += ": none"
    return f"{entry}   # {facts}"


def _rest(proposal: Proposal) -> Iterator[str]:
    """Yield comments on the branches that are not proposed."""
    used = {name for one in [*proposal.features, *proposal.others] for name in _branches(one)}
    used |= {name for text in proposal.weights.values() for name in Expression.parse(text).names}
    for process in proposal.processes:
        left = [name for name in process.branches if name not in used and name != proposal.event]
        if left:
            yield f"# Other branches of {process.name}: {first_names(left, MOST_NAMED)}"
        for name, reason in process.unread.items():
            yield f"# Not read of {process.name}: {name}: {reason}"


def _value(value: Any) -> str:
    """Return a value of YAML in one line."""
    text: str = yaml.safe_dump(
        value, default_flow_style=True, sort_keys=False, width=10_000, allow_unicode=True
    )
    return text.removesuffix("\n").removesuffix("\n...").strip()
