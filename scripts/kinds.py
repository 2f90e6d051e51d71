"""What a word of the config stands for: the folder is the registry, a kind is one module with `Settings`.

``plot: roc`` is ``scripts/figures/roc.py``, ``model: kcuts`` is ``scripts/models/kcuts.py``. A module is a
kind where it has a class ``Settings``; only those that a config names are imported. This one knows no kind.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Collection, Iterable, Iterator
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, NamedTuple

from annotated_types import Ge, Gt, Le, Len, Lt
from pydantic import (
    AfterValidator,
    AllowInfNan,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)
from pydantic_core import PydanticCustomError

if TYPE_CHECKING:
    import pandas as pd

HERE = Path(__file__).parent
NAME = r"^[A-Za-z][A-Za-z0-9_]*$"


class Room(NamedTuple):
    """Where the kinds of one sort live: the folder, and the word of the config that names one."""

    folder: str
    key: str


ROOMS = {
    "source": Room("sources", "kind"),
    "model": Room("models", "model"),
    "loss": Room("losses", "loss"),
    "analysis": Room("analyses", "analysis"),
    "plot": Room("figures", "plot"),
    "table": Room("tables", "table"),
}

#: Former words of kinds, and what they are called now.
RENAMED_KINDS = {"property": "property_bins", "search": "expected_significance"}

#: (key below the entry, what is wrong and what to do); the key may be empty.
Fault = tuple[str, str]


class ConfigError(ValueError):
    """The config, or the place it points to, cannot be used; the message is one line a fault."""


def _number(value: Any) -> Any:
    """Take `1e-3`, a text to YAML 1.1, as the number that it is meant to be."""
    if isinstance(value, str) and re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)[eE][+-]?\d+", value):
        return float(value)
    return value


def _unrepeated(values: list) -> list:
    repeated = [str(value) for position, value in enumerate(values) if value in values[:position]]
    if repeated:
        raise PydanticCustomError("repeated", "{names} is named twice", {"names": ", ".join(repeated)})
    return values


def word_or_list(value: Any) -> str:
    """Return the tag of what may be a word or a list, for pydantic; faults leave tags out of their paths."""
    return "(list)" if isinstance(value, list) else "(word)"


Name = Annotated[str, StringConstraints(pattern=NAME)]
Text = Annotated[str, Len(1)]
# Limits come first, so that pydantic checks them of the number itself and the JSON schema has them.
_FINITE, _AS_NUMBER = AllowInfNan(False), BeforeValidator(_number)
Number = Annotated[float, _FINITE, _AS_NUMBER]
Positive = Annotated[float, Gt(0), _FINITE, _AS_NUMBER]
NotNegative = Annotated[float, Ge(0), _FINITE, _AS_NUMBER]
#: Of a whole: in (0, 1); in [0, 1]; in (0, 1].
Fraction = Annotated[float, Gt(0), Lt(1), _FINITE, _AS_NUMBER]
Share = Annotated[float, Ge(0), Le(1), _FINITE, _AS_NUMBER]
PositiveShare = Annotated[float, Gt(0), Le(1), _FINITE, _AS_NUMBER]
Count = Annotated[int, Ge(1)]
Seed = Annotated[int, Ge(0), Le(4294967295)]
#: Target signal efficiencies.
Targets = Annotated[list[Fraction], AfterValidator(_unrepeated)]
Pair = Annotated[list[Number], Len(2, 2)]
Unrepeated = AfterValidator(_unrepeated)
Names = Annotated[list[Name], Unrepeated]


class Settings(BaseModel):
    """A part of the config: nothing but its keys, of their types.

    ``renamed`` has former names of keys and what they are called now.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
    renamed: ClassVar[dict[str, str]] = {}

    @model_validator(mode="before")
    @classmethod
    def _known_keys(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        known = [field.alias or name for name, field in cls.model_fields.items()]
        for key in value:
            if not isinstance(key, str):
                raise PydanticCustomError(
                    "key", "the key {key} is no text: write it in quotes or rename it", {"key": repr(key)}
                )
            if key in cls.renamed:
                text = "the key {key} is now {new}"
                raise PydanticCustomError("renamed", text, {"key": key, "new": cls.renamed[key]})
        unknown = sorted(set(value) - set(known))
        if unknown:
            text = "unknown key {unknown}; {hint}"
            names = {"unknown": ", ".join(unknown), "hint": cls.hint(unknown)}
            raise PydanticCustomError("unknown", text, names)
        return value

    @classmethod
    def hint(cls, unknown: list[str]) -> str:
        """Return what to say of keys that are none of these settings."""
        known = (field.alias or name for name, field in cls.model_fields.items())
        return f"known here: {', '.join(known)}"

    def check(self, study: Any) -> Iterator[Fault]:
        """Yield what is wrong with these settings in their :class:`~scripts.study.Study`."""
        yield from ()


class SourceSettings(Settings):
    """Where the events of a study come from.

    A source that makes its events itself has a method ``generate(study)``, which gives the feature table; one
    that reads ROOT files has a ``selection`` and is read by the rules read_delphes and merge_features.
    """

    kind: str
    #: Whether it says which events are for the test, so that a study with it has no ``split``.
    splits_itself: ClassVar[bool] = False
    #: Whether every column it makes is a feature of the study, so that there are no further properties.
    features_only: ClassVar[bool] = False
    #: What is known of its events: ``optimum`` (exact efficiencies of cuts, hence the best cuts),
    #: ``bin_optimum`` (these in bins of a property).
    has: ClassVar[frozenset[str]] = frozenset()

    @property
    def from_files(self) -> bool:
        """Whether it reads ROOT files and has a cutflow."""
        return hasattr(self, "selection")

    @property
    def columns(self) -> Collection[str] | None:
        """The columns that it can give; any where None."""
        return None

    @property
    def class_of_process(self) -> dict[str, str]:
        """``signal`` or ``background`` for each process."""
        return {name: name for name in ("signal", "background")}

    @property
    def weighs_classes_equally(self) -> bool:
        """Whether the training sees both classes with the same sum of weights."""
        return bool(getattr(self, "equal_class_weights", False))

    def generate(self, study: Any) -> pd.DataFrame:
        """Return the feature table: features, properties, ``label``, ``split``, ``weight``."""
        raise TypeError(f"a source of the kind {self.kind} does not generate events")


#: What is said of a network that lacks one of these.
LACKS = {
    "boundary": "has no straight boundary",
    "classifier": "has no classifier behind its cuts",
    "cut_history": "does not record its cuts, as a single set of them with `record_cuts: true` does",
    "loss": "is not trained on a loss",
    "lovasz_z": "is not trained on the Z loss",
    "one_bin": "has cuts that follow a property",
    "one_score": "has a score a target, or none that varies",
    "scores": "has no scores that vary",
}


class ModelSettings(Settings):
    """What is trained or searched; what it gives is a :class:`scripts.models.base.Model`.

    A module of a model also has ``load(path, features)``.
    """

    model: str
    #: What a model of this kind has: ``cuts``, ``scores`` (that vary), ``one_score`` (for all working
    #: points), ``history``, ``loss``, ``boundary`` (straight), ``classifier`` (behind its cuts).
    has: ClassVar[frozenset[str]] = frozenset()
    ending: ClassVar[Literal["pt", "json"]] = "pt"
    threads: ClassVar[int] = 1

    @classmethod
    def hint(cls, unknown: list[str]) -> str:
        """Return which models have keys that this one lacks, or what this one has."""
        fields = {kind: module_of("model", kind).Settings.model_fields for kind in modules("model")}
        owners = [kind for kind, known in fields.items() if not known.keys().isdisjoint(unknown)]
        own = cls.__module__.rpartition(".")[2]
        return f"of the model {', '.join(owners)}, not of {own}" if owners else super().hint(unknown)

    @property
    def offers(self) -> frozenset[str]:
        """What a model with these settings has; ``one_bin`` where its cuts follow no property."""
        return self.has | ({"one_bin"} if getattr(self, "event_property", None) is None else set())

    @property
    def working_points(self) -> list[float]:
        """Target signal efficiencies; empty where there is none."""
        return list(getattr(self, "targets", ()))

    @property
    def needs_yields(self) -> bool:
        """Whether its training is about the yields of the study's counting experiment."""
        return False

    @property
    def modules(self) -> list[str]:
        """Modules that a job with this model imports by name, for what reruns it."""
        return [modules("model")[self.model]]

    @property
    def input_files(self) -> list[str]:
        """Files of the user's that it reads."""
        return []

    def fit(self, task: Any) -> tuple[Any, pd.DataFrame]:
        """Train, or search, and return the model and its history.

        Parameters
        ----------
        task : scripts.models.base.TrainingTask
        """
        raise NotImplementedError


class AnalysisSettings(Settings):
    """A study of a study, written to ``STUDY/ANALYSIS.csv``."""

    #: Kinds of files of the study that it reads.
    files: ClassVar[tuple[str, ...]] = ()

    @property
    def trained(self) -> list[str]:
        """Networks whose models it reads."""
        return []

    @property
    def configured(self) -> list[str]:
        """Networks whose settings it reads."""
        return self.trained

    def run(self, job: Any) -> pd.DataFrame:
        """Return the table of the analysis, from a :class:`scripts.analyses.job.AnalysisJob`."""
        raise NotImplementedError


class DrawnSettings(Settings):
    """A figure or table: the files it is made from and what its networks must have.

    ``standard`` says whether a study with ``figures: default`` has it, where it can be made without a fault:
    once, of each network that has what it needs, or of all of these together (as many as ``n_networks``
    allows, those with targets first).
    """

    caption: Annotated[str, Len(1)] = Field(description="Caption in the report")
    networks: Names = Field(default=[], description="Names of the networks that are shown, in this order")
    files: ClassVar[tuple[str, ...]] = ()
    #: How many networks it takes.
    n_networks: ClassVar[range] = range(1)
    #: What each of them must have, see :class:`ModelSettings`.
    needs: ClassVar[frozenset[str]] = frozenset()
    #: Whether it shows yields, which a study with a counting experiment has.
    needs_yields: ClassVar[bool] = False
    #: Number of features that it shows; any where None.
    n_features: ClassVar[int | None] = None
    #: Whether all networks are shown at the targets of the first.
    first_sets_targets: ClassVar[bool] = False
    standard: ClassVar[Literal["", "study", "network", "networks"]] = ""
    #: What a network must have for the standard one, and must not have, for another one shows it then.
    standard_needs: ClassVar[frozenset[str]] = frozenset()
    standard_unless: ClassVar[frozenset[str]] = frozenset()
    #: A sentence; ``{networks}`` stands for their names.
    standard_caption: ClassVar[str] = ""


class FigureSettings(DrawnSettings):
    """A figure. Its module also has ``tabulate(inputs)`` and ``make_figure(table, figure, study)``."""

    plot: str


class TableSettings(DrawnSettings):
    """A table. Its module also has ``make_table(inputs)``."""

    table: str


@cache
def modules(room: str) -> dict[str, str]:
    """Return the dotted names of the modules of a room that are kinds, by their words of the config."""
    folder = HERE / ROOMS[room].folder
    return {
        file.stem: ".".join(["scripts", *file.relative_to(HERE).with_suffix("").parts])
        for file in sorted(folder.rglob("*.py"))
        if re.search(r"^class Settings\(", file.read_text(), re.MULTILINE)
    }


def module_of(room: str, kind: str) -> Any:
    """Import the module of a kind.

    Raises
    ------
    ConfigError
        If there is none, with those that are.
    """
    known = modules(room)
    if kind not in known:
        raise ConfigError(not_known(room, kind, known))
    return importlib.import_module(known[kind])


def not_known(what: str, name: Any, known: Iterable[str]) -> str:
    """Return that a name is unknown, and those that could be meant."""
    names = list(known)
    if RENAMED_KINDS.get(str(name)) in names:
        return f"the {what} {name} is now {RENAMED_KINDS[name]}"
    # A long list would hide the one that was meant.
    shown = names if len(names) <= 15 else get_close_matches(str(name), names, n=3, cutoff=0.0)
    return f"unknown {what} {name!r}: one of {', '.join(shown)}"
