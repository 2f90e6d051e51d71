"""A working point as it is exported: its cuts, and the selection of each process before them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..data.names import closest_name
from ..data.ntuple_recipe import Recipe
from .record import FORMAT

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class WorkingPoint:
    """One working point of a network, from the content of its file.

    Parameters
    ----------
    content : dict
        Plain values, see ``docs/howto/export_cuts.md``.
    """

    content: dict[str, Any]

    @classmethod
    def of(
        cls, record: Mapping[str, Any], point: Mapping[str, Any], *, interpolated: bool = False
    ) -> WorkingPoint:
        """Return a working point of a record of all of them.

        Raises
        ------
        ValueError
            If the cuts are to be interpolated and follow no property.
        """
        content = {name: value for name, value in record.items() if name not in ("points", "cuts_sha256")}
        if interpolated:
            if "follows" not in record:
                raise ValueError("these cuts follow no property: there is nothing to interpolate")
            content["follows"] = {**record["follows"], "between": "interpolation"}
        ordered = {name: content.pop(name) for name in ("format", "provenance")}
        return cls({**ordered, **point, **content})

    @classmethod
    def read(cls, path: Path) -> WorkingPoint:
        """Read a YAML or JSON file.

        Raises
        ------
        FileNotFoundError
        ValueError
            If it is no working point.
        """
        import yaml

        try:
            text = path.read_text()
            # YAML 1.1 does not take 1e-05 for a number, as JSON has it.
            is_json = text.lstrip().startswith("{")
            content = json.loads(text) if is_json else yaml.load(text, yaml.CSafeLoader)
        except FileNotFoundError:
            raise FileNotFoundError(f"{path}: no such file: write it with export_cuts --form yaml") from None
        except (UnicodeDecodeError, json.JSONDecodeError, yaml.YAMLError) as error:
            raise ValueError(f"{path}: not a file of YAML or JSON: {' '.join(str(error).split())}") from error
        if not isinstance(content, dict) or content.get("format") != FORMAT:
            raise ValueError(
                f"{path}: not a working point, which has `format: {FORMAT}`: write it with export_cuts "
                "--form yaml"
            )
        point = cls(content)
        point.check(path)
        return point

    def check(self, path: Path) -> None:
        """Raise ValueError if the content of a file lacks something."""
        try:
            for selection in self.selections:
                self.recipe(selection)
            self.cut_table()
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            reason = f"no {error}" if isinstance(error, KeyError) else error
            raise ValueError(
                f"{path}: not a complete working point of this version ({reason}): write it again"
            ) from error

    @property
    def name(self) -> str:
        """A name of letters, digits and underscores."""
        provenance, target = self.content["provenance"], self.content["working_point"]["target"]
        parts = [provenance.get("study"), provenance.get("network")]
        parts += [] if target is None else ["target", f"{target:g}"]
        return re.sub(r"\W", "_", "_".join(str(part) for part in parts if part).replace(".", "p"))

    @property
    def cuts(self) -> list[dict[str, Any]]:
        """The cuts that cut something, in all bins and folds."""
        return [dict(cut) for edge in self.edges() for cut in edge.cuts]

    @property
    def idle(self) -> list[Edge]:
        """The cuts that remove nothing in any bin or fold."""
        return [edge for edge in self._all_edges() if edge.is_idle]

    @property
    def follows(self) -> str | None:
        """The property that the cuts follow."""
        follows = self.content.get("follows")
        return None if follows is None else str(follows["property"])

    @property
    def n_folds(self) -> int | None:
        """Number of folds."""
        folds = self.content.get("folds")
        return None if folds is None or not any("fold" in cut for cut in self.cuts) else int(folds["number"])

    @property
    def selections(self) -> list[dict[str, Any]]:
        """What is done before the cuts, for each group of processes."""
        found: list[dict[str, Any]] = self.content["selections"]
        return found

    def selection_of(self, process: str | None) -> dict[str, Any]:
        """Return the selection of a process; of any where all are the same.

        Raises
        ------
        ValueError
            If there is no such process, or they differ and none is named.
        """
        known = [name for one in self.selections for name in one["processes"]]
        if process is None:
            if len(self.selections) > 1:
                groups = "; ".join(", ".join(one["processes"]) for one in self.selections)
                raise ValueError(f"the selections of {groups} differ: choose one with --process")
            return self.selections[0]
        if process not in known:
            hint = f"the closest is {closest_name(process, known)}" if known else "it names none"
            raise ValueError(f"the working point has no process {process}: {hint}")
        return next(one for one in self.selections if process in one["processes"])

    def recipe(self, selection: Mapping[str, Any], process: str | None = None) -> Recipe:
        """Return what is computed of branches: columns, the steps of the preselection, weight and event."""
        names = [one["name"] for one in self.content["features"]]
        of_process = self.content["processes"].get(process, {})
        folds = self.content.get("folds") if self.n_folds else None
        columns = {**{name: f"`{name}`" for name in names}, **selection["columns"]}
        return Recipe.parse(
            {
                "columns": columns,
                "steps": [pair for step in selection["preselection"] for pair in step.items()],
                "features": names if selection["columns"] or selection["processes"] else self.needed,
                "missing": selection["missing"],
                "keeps_missing": self.content["without_object"] == "pass",
                "where": of_process.get("where"),
                "weight": of_process.get("weight") or self.common("weight"),
                "event": None if folds is None else str(folds["of"]),
                "tree": of_process.get("tree") or self.common("tree"),
            }
        )

    @property
    def needed(self) -> list[str]:
        """Features that are cut on, and the property that the cuts follow."""
        names = [cut["feature"] for cut in self.cuts]
        return list(dict.fromkeys([*names, *([] if self.follows is None else [self.follows])]))

    def common(self, key: str) -> str | None:
        """Return what all processes that are no data have in common."""
        given = {one.get(key) for one in self.content["processes"].values() if one["role"] != "data"}
        return given.pop() if len(given) == 1 else None

    def unit(self, feature: str) -> str:
        """Return the unit of a feature."""
        return next((one["unit"] for one in self.content["features"] if one["name"] == feature), "")

    def cut_table(self) -> pd.DataFrame:
        """Return the cuts that cut something as a table like ``cuts.csv``."""
        import pandas as pd

        target = self.content["working_point"]["target"]
        columns = ["feature", "direction", "cut"]
        columns += ["low", "high"] if self.follows else []
        columns += ["fold"] if self.n_folds else []
        table = pd.DataFrame(self.cuts, columns=columns).rename(
            columns={"low": "property_low", "high": "property_high"}
        )
        if self.follows:
            table.insert(3, "property", self.follows)
        table.insert(0, "target_efficiency", float("nan") if target is None else float(target))
        return table

    def edges(self) -> list[Edge]:
        """Return the cuts that cut something, those of all bins and folds together."""
        return [edge for edge in self._all_edges() if not edge.is_idle]

    def _all_edges(self) -> list[Edge]:
        found: dict[tuple[str, str], list[dict[str, Any]]] = {}
        for cut in self.content["cuts"]:
            found.setdefault((cut["feature"], cut["direction"]), []).append(cut)
        return [
            Edge(feature, direction, cuts, self.unit(feature)) for (feature, direction), cuts in found.items()
        ]

    def to_json(self) -> str:
        """Return the content as JSON."""
        return json.dumps(self.content, indent=1, ensure_ascii=False) + "\n"


@dataclass(frozen=True)
class Edge:
    """A cut on one side of a feature.

    Parameters
    ----------
    feature, direction : str
    cuts : sequence of dict
        One, or one for each bin and fold.
    unit : str
    """

    feature: str
    direction: str
    cuts: Sequence[Mapping[str, Any]]
    unit: str

    @property
    def is_idle(self) -> bool:
        """Whether it removes nothing."""
        return all(cut.get("idle") for cut in self.cuts)

    @property
    def label(self) -> str:
        """The cut in words; where there are several, from the lowest to the highest."""
        values = sorted({cut["cut"] for cut in self.cuts})
        numbers = f"{values[0]:.6g}" + (f" to {values[-1]:.6g}" if len(values) > 1 else "")
        return f"{self.feature} {self.direction} {numbers} {self.unit}".strip()
