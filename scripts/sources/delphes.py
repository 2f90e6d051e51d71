"""Delphes ROOT files of the user."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from annotated_types import Len
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from ..data.ntuple_paths import find_files
from ..kinds import ConfigError
from ..settings import Positive, Text
from ..settings import Settings as Part
from .selected_events import SelectedEvents

Files = Annotated[list[Text], Len(1)]
FILES = Field(
    description="Delphes ROOT files: paths or patterns such as `data/*.root`, relative to the folder "
    "in which the command is given, or addresses such as `root://host//file.root`"
)


class CrossSections(Part):
    """Cross-sections of all events in the files of each sample, before the preselection."""

    signal: Positive = Field(description="Cross-section of all signal events in the files [fb]")
    background: Positive = Field(description="Cross-section of all background events in the files [fb]")


class Settings(SelectedEvents):
    """Delphes ROOT files, of which the events that pass a preselection are used."""

    kind: Literal["delphes"]
    signal: Files = FILES
    background: Files = FILES
    tree: Text = Field(
        default="Delphes", description="Tree of the files, also in a folder, such as `ntuple/Delphes`"
    )
    cross_sections: CrossSections | None = Field(
        default=None,
        description="Cross-sections of all events in the files, before the preselection [fb]. The weight "
        "of an event is then its share of all weights in the files, by `Event.Weight`, times "
        "cross-section and luminosity",
    )
    generator: Any = Field(
        default=None,
        description="Not used; allowed so that files can take the place of a simulation in a config",
    )
    detector: Any = Field(default=None, description="Not used, like `generator`")

    @model_validator(mode="after")
    def _weighted(self) -> Settings:
        given = {name for name in ("luminosity", "cross_sections") if getattr(self, name) is not None}
        if len(given) == 1:
            names = {"given": given.pop(), "missing": ""}
            names["missing"] = "cross_sections" if names["given"] == "luminosity" else "luminosity"
            raise PydanticCustomError("weights", "{given} without {missing}: give both, or neither", names)
        return self

    def files(self, study_name: str) -> dict[str, list[str]]:
        """Return the files that match the paths and patterns.

        Returns
        -------
        dict of list of str
            Files of ``signal`` and ``background``, in a fixed order.

        Raises
        ------
        ConfigError
            If a path or pattern matches no file, or a file is named twice, also by different paths.
        """
        files: dict[str, list[str]] = {}
        read: dict[str, str] = {}
        for sample, patterns in (("signal", self.signal), ("background", self.background)):
            where = f"config: studies.{study_name}.source.{sample}"
            try:
                files[sample] = find_files(patterns, read)
            except ValueError as error:
                raise ConfigError(f"{where}: {error}") from error
        return files
