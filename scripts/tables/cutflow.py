"""The cutflow of a study whose events come from ROOT files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from ..kinds import TableSettings

if TYPE_CHECKING:
    import pandas as pd

    from .inputs import TableInputs


#: What the cutflow has of a process beside its events; a class has the expected numbers alone.
COLUMNS = ("missing", "weighted", "weighted_uncertainty", "expected", "expected_uncertainty")


class Settings(TableSettings):
    """Events of both classes after each step of the preselection."""

    files = ("cutflow",)
    takes_folds = True
    standard = "study"
    standard_caption = "The events of both classes left after each step of the preselection."

    table: Literal["cutflow"]


def make_table(inputs: TableInputs[Settings]) -> pd.DataFrame:
    """Return events and the fraction of all events left after each step, for both classes.

    With a luminosity the expected events are also given, in the columns ``signal_expected`` and
    ``background_expected``. The fractions are of the weights where these differ. Of ntuples there is a row
    for each step of each process, as their columns beside one another would not fit a page.
    """
    steps = inputs.read("cutflow")
    processes = [name.removesuffix("_missing") for name in steps if name.endswith("_missing")]
    if processes:
        classes = list(inputs.study.source.class_of_process.values())
        several = [name for name in ("signal", "background") if classes.count(name) > 1]
        return _below_one_another(steps, [*several, *processes])
    for name in ("signal", "background"):
        counted = steps.get(f"{name}_weighted", steps[name])
        steps[f"{name}_fraction"] = counted / counted.iloc[0]
    return steps


def _below_one_another(steps: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """Return the steps of each process or class, with columns that any of them has."""
    import pandas as pd

    parts = []
    for name in names:
        part = pd.DataFrame({"process": name, "step": steps["step"], "events": steps[name]})
        for column in COLUMNS:
            part[column] = steps.get(f"{name}_{column}", float("nan"))
        counted = next(
            part[column] for column in ("weighted", "expected", "events") if part[column].notna().all()
        )
        parts.append(part.assign(fraction=counted / counted.iloc[0]))
    table = pd.concat(parts, ignore_index=True)
    empty = [column for column in COLUMNS if not table[column].fillna(0).any()]
    return table.drop(columns=empty)
