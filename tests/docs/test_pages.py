"""What the pages say: files that exist, examples that are valid, generated pages that are current."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from scripts.config import read_config
from scripts.models.supercuts import parse_supercuts
from scripts.parsing import parse_kind
from scripts.physics.features import DELPHES_FEATURES

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
#: Files that the examples of CONTRIBUTING.md add, and those that a reader's own study makes.
ADDED = re.compile(r"exponential|fisher|background_squared|separation|event_counts")
FOLDERS = "cabin_core|scripts|workflow|config|tests|docs|benchmarks"


def block(page: str, language: str, containing: str) -> str:
    found = re.findall(rf"```{language}[^\n]*\n(.*?)```", (ROOT / page).read_text(), re.DOTALL)
    (text,) = (one for one in found if containing in one)
    return text


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_pages_name_only_files_that_exist(page):
    for name in re.findall(rf"`((?:{FOLDERS})/[\w./-]*[\w/])`", page.read_text()):
        assert "RULE" in name or ADDED.search(name) or (ROOT / name).exists(), name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_examples_in_python_are_python(page):
    for code in re.findall(r"```python[^\n]*\n(.*?)```", page.read_text(), re.DOTALL):
        ast.parse(code)


def test_readme_is_short():
    assert len((ROOT / "README.md").read_text().splitlines()) <= 150


def test_study_of_the_readme():
    """It is read as it stands, and is a study of twenty lines."""
    text = block("README.md", "yaml", "run: my_study")
    assert len(text.splitlines()) <= 20
    study = read_config(yaml.safe_load(text)).studies["dijet"]
    assert set(study.networks) == {"smooth_scan", "scan", "kcuts", "bdt"}


def test_example_of_the_core_runs(capsys):
    exec(block("docs/howto/core.md", "python", "EfficiencyScanNetwork"), {})
    assert capsys.readouterr().out.startswith("tensor([[")


def test_example_of_a_grid():
    entry = yaml.safe_load(block("docs/howto/compare.md", "yaml", "st3"))["networks"]["my_grid"]
    parse_kind("model", entry)
    grid = parse_supercuts(entry["supercuts"], ["met", "mll", "jet1_pt"], entry["most_points"])
    assert grid.n_points == 20 * 3 * 6


@pytest.mark.parametrize(
    ("page", "containing"),
    [
        ("docs/howto/joint.md", "my_chain:\n"),
        ("docs/howto/gpu.md", "my_scan:\n"),
        ("docs/howto/significance.md", "significance:\n"),
        ("docs/howto/event_property.md", "smooth:"),
    ],
)
def test_networks_of_the_pages_are_valid(page, containing):
    for entry in yaml.safe_load(block(page, "yaml", f"{containing}"))["networks"].values():
        parse_kind("model", entry)


def test_the_page_of_features_says_what_they_say_of_themselves():
    said = {}
    for name, function in DELPHES_FEATURES.items():
        meaning, unit = re.fullmatch(r"(.*?)(?: \[(.*)\])?\.", function.__doc__).groups()
        said[name] = (meaning, unit or "")
    text = (ROOT / "docs/reference/features.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \| (.*?) \| (.*?) ?\|$", text, re.MULTILINE)
    assert {name: (meaning, unit) for name, meaning, unit in rows} == said


def test_generated_pages_are_current():
    command = [sys.executable, "docs/write_config_reference.py", "--check"]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert found.returncode == 0, found.stdout + found.stderr
