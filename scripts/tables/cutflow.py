"""The cutflow of a study whose events come from ROOT files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from ..kinds import TableSettings

if TYPE_CHECKING:
    import pandas as pd

    from .inputs import TableInputs


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
    ``background_expected``. The fractions are of the weights where these differ.
    """
    steps = inputs.read("cutflow")
    for name in ("signal", "background"):
        counted = steps.get(f"{name}_weighted", steps[name])
        steps[f"{name}_fraction"] = counted / counted.iloc[0]
    return steps
