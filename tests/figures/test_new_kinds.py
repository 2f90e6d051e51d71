"""A plot and a table are one new file each: nothing else has to know of them."""

import json
import shutil
import subprocess
import sys

import pandas as pd

from tests.conftest import ROOT, environment
from tests.studies import study_entry

PLOT = '''
"""How many events there are."""

from typing import Literal

from pydantic import Field

from ..kinds import FigureSettings
from ..settings import Count
from .style import add_title, new_figure


class Settings(FigureSettings):
    """The number of events of each class, as bars."""

    files = ("features",)
    standard = "study"
    standard_caption = "The number of events of each class."

    plot: Literal["event_numbers"]
    unit: Count = Field(default=1, description="Events that a bar counts as one")


def tabulate(inputs):
    return inputs.read("features").groupby("label", as_index=False).size()


def make_figure(table, figure, study):
    fig = new_figure(3, 3)
    fig.subplots().bar(table["label"], table["size"] / figure.unit)
    add_title(fig, study)
    return fig
'''
TABLE = '''
"""The models of networks."""

from typing import Literal

from ..kinds import TableSettings


class Settings(TableSettings):
    """One row a network."""

    n_networks = range(1, 100)
    standard = "networks"
    standard_caption = "The models of {networks}."

    table: Literal["models"]


def make_table(inputs):
    import pandas as pd

    models = [inputs.study.networks[name].model for name in inputs.networks]
    return pd.DataFrame({"network": inputs.networks, "model": models})
'''
RUN = """
import json, sys
from pathlib import Path
from scripts import draw_figure, write_table
from scripts.study_parsing import parse_study

entry = json.loads(sys.argv[1])
study = parse_study("toys", entry)
table = Path("features.parquet")
study.source.generate(study).to_parquet(table)
for room, main, endings in (("figure", draw_figure.main, ("csv", "pdf", "png")),
                            ("table", write_table.main, ("csv", "md", "tex"))):
    (drawn,) = getattr(study, f"{room}s").values()
    files = {ending: Path(f"{room}.{ending}") for ending in endings}
    sources = {"features": table} if "features" in drawn.files else {}
    about = {room: drawn.model_dump(), "study": entry, "study_name": "toys", "caption": drawn.caption}
    main(**files, **sources, **about)
default = parse_study("toys", entry | {"figures": "default", "tables": "default"})
print(json.dumps([*default.figures, *default.tables]))
"""


def test_a_new_plot_and_a_new_table(tmp_path):
    for package in ("cabin_core", "scripts"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / package, tmp_path / package, ignore=ignored)
    (tmp_path / "scripts" / "figures" / "event_numbers.py").write_text(PLOT)
    (tmp_path / "scripts" / "tables" / "models.py").write_text(TABLE)
    study = study_entry(
        figures={"numbers": {"plot": "event_numbers", "unit": 10, "caption": "Numbers."}},
        tables={"models": {"table": "models", "networks": ["scan"], "caption": "Models."}},
    )
    done = subprocess.run(
        [sys.executable, "-c", RUN, json.dumps(study)],
        cwd=tmp_path,
        env=environment() | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert pd.read_csv(tmp_path / "figure.csv")["size"].tolist() == [200, 200]
    assert (tmp_path / "figure.pdf").read_bytes().startswith(b"%PDF")
    assert pd.read_csv(tmp_path / "table.csv").to_numpy().tolist() == [["scan", "scan"]]
    standard = json.loads(done.stdout)
    assert {"toys_event_numbers", "toys_features", "toys_models"} <= set(standard)
