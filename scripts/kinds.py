"""Kinds: the words of the config that choose a module. The folder of the modules is the registry.

``plot: roc`` is ``scripts/figures/roc.py``, ``model: kcuts`` is ``scripts/models/kcuts.py``. A module is a
kind if it has a class ``Settings``; only kinds that a config names are imported. No kind is named here.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Collection, Iterable, Iterator
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, NamedTuple

from annotated_types import Len
from pydantic import Field
from pydantic_core import PydanticCustomError

from .settings import Fault, Names, Settings

if TYPE_CHECKING:
    import pandas as pd

HERE = Path(__file__).parent


class Room(NamedTuple):
    """A group of kinds: the folder of their modules, and the key of the config that names a kind."""

    folder: str
    key: str


ROOMS = {
    "source": Room("sources", "kind"),
    "model": Room("models", "model"),
    "loss": Room("losses", "loss"),
    "analysis": Room("analyses", "analysis"),
    "plot": Room("figures", "plot"),
    "table": Room("tables", "table"),
    "form": Room("exports", "form"),
}

#: Former names of kinds, and their present names.
RENAMED_KINDS = {"property": "property_bins", "search": "expected_significance"}


class ConfigError(ValueError):
    """The config, or a path in it, cannot be used; the message has one line for each fault."""


def require_both_classes(classes: Iterable[str], what: str) -> None:
    """Raise if no process is signal, or none background; ``what`` is the key that says it."""
    given = set(classes)
    for name in ("signal", "background"):
        if name not in given:
            text = "no process of the {what} {name}: both are needed"
            raise PydanticCustomError("classes", text, {"what": what, "name": name})


class SourceSettings(Settings):
    """The origin of the events of a study.

    A source that generates its events has a method ``generate(study)``, which returns the feature table. A
    source of Delphes files has a ``selection``; the rules read_delphes and merge_features read its files.
    """

    kind: str
    #: Whether all its columns are features of the study; the study then has no further properties.
    features_only: ClassVar[bool] = False
    #: Whether the config has expressions of its branches, which may then split the events, too.
    takes_expressions: ClassVar[bool] = False
    #: Known facts of its events: ``optimum`` (exact efficiencies of cuts, so also the best cuts),
    #: ``bin_optimum`` (the same in bins of a property).
    has: ClassVar[frozenset[str]] = frozenset()

    @property
    def splits_itself(self) -> bool:
        """Whether the source decides which events are for the test; the study then has no ``split``."""
        return False

    @property
    def from_files(self) -> bool:
        """Whether the source reads files and has a cutflow."""
        return self.takes_expressions or hasattr(self, "selection")

    @property
    def known_columns(self) -> Collection[str] | None:
        """The columns that the source can give; any columns if None."""
        return None

    @property
    def class_of_process(self) -> dict[str, str]:
        """Class of each process: ``signal`` or ``background``."""
        return {name: name for name in ("signal", "background")}

    @property
    def weights_are_expected(self) -> bool:
        """Whether the weights of its events add up to the numbers that are expected at a luminosity."""
        return getattr(self, "luminosity", None) is not None

    @property
    def uncertainties(self) -> dict[str, float]:
        """Relative systematic uncertainty of the normalisation of the processes that have one."""
        return {}

    @property
    def background_uncertainties(self) -> dict[str, float]:
        """Those of the background processes."""
        of_class = self.class_of_process
        return {name: value for name, value in self.uncertainties.items() if of_class[name] == "background"}

    @property
    def weighs_classes_equally(self) -> bool:
        """Whether the training gives both classes the same sum of weights."""
        return bool(getattr(self, "equal_class_weights", False))

    def split_faults(self, by: str) -> Iterator[Fault]:
        """Yield a fault if the events cannot be split by this expression."""
        yield "", "only ntuples have branches to split by: give test_fraction and seed, or folds alone"

    def gaussians(self, n_features: int) -> tuple[Any, Any]:
        """Return means and widths where the features are independent Gaussians, as ``optimum`` in `has` says.

        Returns
        -------
        tuple of ndarray, each of shape (n_features, 2)
            The first column is the signal's, the second the background's.
        """
        raise TypeError(f"the distributions of a source of the kind {self.kind} are not known")

    def gaussians_at(self, values: Any, low: float) -> tuple[Any, Any, Any]:
        """Return the distributions at values of a property, as ``bin_optimum`` in `has` says.

        Parameters
        ----------
        values : ndarray, shape (n_values,)
            Values of the property [its unit].
        low : float
            Value at which the densities are 1.

        Returns
        -------
        tuple of ndarray
            Means and widths as above, each of shape (n_values, n_features, 2), and the density of the events
            of both classes in the property, shape (n_values, 2).
        """
        raise TypeError(f"the distributions of a source of the kind {self.kind} are not known")

    def generate(self, study: Any) -> pd.DataFrame:
        """Return the feature table: features, properties, ``label``, ``split``, ``weight``."""
        raise TypeError(f"a source of the kind {self.kind} does not generate events")


#: Messages about a network that lacks one of these.
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
    """Settings of a model, whose ``fit`` returns a :class:`scripts.models.base.Model`.

    The module also has a function ``load(path, features)``.
    """

    model: str
    #: Parts of a model of this kind: ``cuts``, ``scores`` (that vary), ``one_score`` (one score for all
    #: working points), ``history``, ``loss``, ``boundary`` (straight), ``classifier`` (behind its cuts).
    has: ClassVar[frozenset[str]] = frozenset()
    ending: ClassVar[Literal["pt", "json"]] = "pt"
    #: Whether its cuts keep the limits of the features.
    keeps_limits: ClassVar[bool] = False
    threads: ClassVar[int] = 1
    #: Entries of this kind among the networks of a study with ``networks: default``, by name, each without
    #: its ``model`` and ``targets``.
    standard_networks: ClassVar[dict[str, dict[str, Any]]] = {}

    @classmethod
    def hint(cls, unknown: list[str]) -> str:
        """Return the models that have the unknown keys, or else the keys of this model."""
        fields = {kind: module_of("model", kind).Settings.model_fields for kind in modules("model")}
        owners = [kind for kind, known in fields.items() if not known.keys().isdisjoint(unknown)]
        own = cls.__module__.rpartition(".")[2]
        return f"of the model {', '.join(owners)}, not of {own}" if owners else super().hint(unknown)

    @property
    def cores(self) -> int:
        """Number of cores of the training."""
        return self.threads

    @property
    def offers(self) -> frozenset[str]:
        """The parts of a model with these settings, with ``one_bin`` if its cuts follow no property."""
        return self.has | ({"one_bin"} if getattr(self, "event_property", None) is None else set())

    @property
    def working_points(self) -> list[float]:
        """Target signal efficiencies; empty if there are none."""
        return list(getattr(self, "targets", ()))

    @property
    def asks_for_signal(self) -> bool:
        """Whether its working points are given as signal efficiencies."""
        return "targets" in type(self).model_fields and getattr(self, "target_of", "signal") == "signal"

    @property
    def needs_yields(self) -> bool:
        """Whether the training uses the yields of the study's counting experiment."""
        return False

    @property
    def modules(self) -> list[str]:
        """Modules that a job with this model imports by name; a change of them reruns the job."""
        return [modules("model")[self.model]]

    @property
    def input_files(self) -> list[str]:
        """Files of the user that the model reads."""
        return []

    def prepare(self) -> None:
        """Do what has to be done before the time of the fit counts."""
        return

    def fit(self, task: Any) -> tuple[Any, pd.DataFrame]:
        """Fit the model and return it with its history.

        Parameters
        ----------
        task : scripts.models.base.TrainingTask
        """
        raise NotImplementedError


class AnalysisSettings(Settings):
    """Settings of an analysis, whose result is ``STUDY/ANALYSIS.csv``."""

    #: Kinds of files of the study that the analysis reads.
    files: ClassVar[tuple[str, ...]] = ()
    #: Whether it depends on the counting experiment of the study.
    uses_yields: ClassVar[bool] = False
    #: Whether all features of the study must have one-sided cuts.
    one_sided: ClassVar[bool] = False
    #: Entry of a study with ``analyses: default``, where that is possible; None if it has none.
    standard: ClassVar[dict[str, Any] | None] = None
    #: Whether it is right where each fold of the events has a model of its own.
    takes_folds: ClassVar[bool] = False

    @property
    def trained(self) -> list[str]:
        """Names of the networks whose models the analysis reads."""
        return []

    @property
    def configured(self) -> list[str]:
        """Names of the networks whose settings the analysis reads."""
        return self.trained

    def evaluated(self, study: Any) -> list[str]:
        """Return the networks of which it reads the files, ``cuts`` for example, and settings."""
        return []

    def lacking(self, networks: list[str], study: Any) -> Iterator[Fault]:
        """Yield a fault for each network that a figure or table shows and the analysis lacks.

        One that reads no files of networks lacks none.
        """
        kind, evaluated = type(self).__module__.rpartition(".")[2], self.evaluated(study)
        for name in networks if evaluated else ():
            if name not in evaluated:
                yield "networks", f"the analysis {kind} has no network {name}: add it to its `networks`"

    def run(self, job: Any) -> pd.DataFrame:
        """Return the table of the analysis for a :class:`scripts.analyses.job.AnalysisJob`."""
        raise NotImplementedError


class DrawnSettings(Settings):
    """Settings of a figure or table, with its input files and the requirements on its networks.

    ``standard`` says whether a study with ``figures: default`` has it, if possible: ``study`` for one of the
    study, ``network`` for one of each suitable network, ``networks`` for one of all suitable networks
    together (as many as ``n_networks`` allows, those with targets first).
    """

    caption: Annotated[str, Len(1)] = Field(description="Caption in the report")
    networks: Names = Field(default=[], description="Names of the networks that are shown, in this order")
    files: ClassVar[tuple[str, ...]] = ()
    #: Possible numbers of networks.
    n_networks: ClassVar[range] = range(1)
    #: Required parts of each network, see :class:`ModelSettings`.
    needs: ClassVar[frozenset[str]] = frozenset()
    #: Whether the study must have a counting experiment.
    needs_yields: ClassVar[bool] = False
    #: Whether it is right where each fold of the events has a model of its own. All events are of the test
    #: then; scores and selections are those of the model of each event's fold; cuts and histories have a
    #: column ``fold``.
    takes_folds: ClassVar[bool] = False
    #: Required number of features; any number if None.
    n_features: ClassVar[int | None] = None
    #: Whether all networks are shown at the targets of the first one.
    first_sets_targets: ClassVar[bool] = False
    standard: ClassVar[Literal["", "study", "network", "networks"]] = ""
    #: Parts that a network must have for the standard entry, and parts with which another entry shows it.
    standard_needs: ClassVar[frozenset[str]] = frozenset()
    standard_unless: ClassVar[frozenset[str]] = frozenset()
    #: Caption of the standard entry; ``{networks}`` is replaced by the names of the networks.
    standard_caption: ClassVar[str] = ""


class FigureSettings(DrawnSettings):
    """Settings of a figure; its module has ``tabulate(inputs)`` and ``make_figure(table, figure, study)``."""

    plot: str


class TableSettings(DrawnSettings):
    """Settings of a table; its module has ``make_table(inputs)``."""

    table: str


class FormSettings(Settings):
    """A form of exported cuts; its module has ``write(point)``, which returns the text of the file."""

    form: str
    #: Name of the file.
    file: ClassVar[str]


@cache
def modules(room: str) -> dict[str, str]:
    """Return the dotted names of the modules of a room that are kinds, by the name of the kind."""
    found: dict[str, str] = {}
    for file in sorted((HERE / ROOMS[room].folder).rglob("*.py")):
        if re.search(r"^class Settings\(", file.read_text(), re.MULTILINE):
            module = ".".join([__package__, *file.relative_to(HERE).with_suffix("").parts])
            if file.stem in found:
                raise ConfigError(f"{found[file.stem]} and {module} are a {room} of one name: rename one")
            found[file.stem] = module
    return found


def module_of(room: str, kind: str) -> Any:
    """Import the module of a kind.

    Raises
    ------
    ConfigError
        If there is no such kind; the message lists the known ones.
    """
    known = modules(room)
    if kind not in known:
        raise ConfigError(not_known(room, kind, known))
    return importlib.import_module(known[kind])


def not_known(what: str, name: Any, known: Iterable[str]) -> str:
    """Return a message that a name is unknown, with the names that could be meant."""
    names = list(known)
    if RENAMED_KINDS.get(str(name)) in names:
        return f"the {what} {name} is now {RENAMED_KINDS[name]}"
    # A long list would hide the name that was meant.
    shown = names if len(names) <= 15 else get_close_matches(str(name), names, n=3, cutoff=0.0)
    return f"unknown {what} {name!r}: " + (f"one of {', '.join(shown)}" if shown else "there is none")
