"""A folder of results, the tables and figures made from it, and what is seen in an axes."""

import io
from functools import cache
from pathlib import Path
from types import ModuleType

import matplotlib.figure
import numpy as np
import pandas as pd
from matplotlib.colors import to_hex
from matplotlib.patches import StepPatch

from scripts.config import part_of
from scripts.figures.inputs import FigureInputs
from scripts.figures.style import COLORS, paper_style
from scripts.kinds import module_of
from scripts.study import Study
from scripts.study_parsing import parse_study
from tests.figures.cases import ENTRIES, FIGURES, STUDIES, settings_of, study_of
from tests.figures.written import write_files
from tests.studies import study_entry

FILE_NAMES = {
    "features": "features.parquet",
    "scores": "scores.parquet",
    "timing": "training.tsv",
    "model": "model.pt",
}


class Results:
    """A folder of results, written when a study is first asked for, and what is made from it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.table = cache(self.fresh_table)

    def folder_of(self, study: str) -> Path:
        if not (self.folder / study).exists():
            write_files(self.folder / study, study)
        return self.folder / study

    def read(self, study: str, name: str) -> pd.DataFrame:
        path = self.folder_of(study) / name
        return pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)

    def files(self, figure: dict) -> dict[str, list[Path]]:
        """Return the files that the settings declare, and no other."""
        settings, folder = settings_of(figure), self.folder_of(study_of(figure))
        networks = [folder / name for name in settings.networks]
        of_study = ("features", *STUDIES[study_of(figure)].analyses)
        return {
            kind: [
                place / FILE_NAMES.get(kind, f"{kind}.csv")
                for place in ([folder] if kind in of_study else networks)
            ]
            for kind in settings.files
        }

    def inputs(self, figure: dict) -> FigureInputs:
        return FigureInputs(settings_of(figure), part_of_study(figure), self.files(figure))

    def fresh_table(self, case: str) -> pd.DataFrame:
        """Return a table as `draw_figure` gives it to `make_figure`: read back from csv."""
        table = module_of_case(case).tabulate(self.inputs(FIGURES[case]))
        return pd.read_csv(io.StringIO(table.to_csv(index=False)))

    def figure(self, case: str, table: pd.DataFrame | None = None) -> matplotlib.figure.Figure:
        figure = FIGURES[case]
        given = self.table(case).copy() if table is None else table
        with paper_style():
            return module_of_case(case).make_figure(given, settings_of(figure), part_of_study(figure))


def part_of_study(figure: dict) -> Study:
    """Return what a job knows of the study of a figure: the networks and analyses that it shows."""
    name, settings = study_of(figure), settings_of(figure)
    # A test may ask for a network that its study lacks.
    networks = [network for network in settings.networks if network in STUDIES[name].networks]
    analyses = [analysis for analysis in settings.files if analysis in STUDIES[name].analyses]
    part = part_of(study_entry(**ENTRIES[name]), networks, analyses, labels=True)
    return parse_study(name, part, check=False)


def module_of_case(case: str) -> ModuleType:
    return module_of("plot", FIGURES[case]["plot"])


def steps(ax, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return heights and edges of the filled histogram of a class."""
    (patch,) = (
        p for p in ax.patches if isinstance(p, StepPatch) and to_hex(p.get_facecolor()) == COLORS[name]
    )
    return patch.get_data().values, patch.get_data().edges


def labelled(ax) -> dict:
    """Return the lines of an axes that the legend names."""
    return {line.get_label(): line for line in ax.lines if not line.get_label().startswith("_")}


def legend_texts(legend) -> list[str]:
    return [text.get_text() for text in legend.get_texts()]
