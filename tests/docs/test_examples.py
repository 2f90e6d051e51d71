"""What the documentation shows: examples in Python run, and files that it names exist."""

import ast
import re
from pathlib import Path

import pytest

from tests.conftest import ROOT

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
#: Written by commands that these pages tell, and what CONTRIBUTING.md adds for an example.
MADE = {"docs/results/paper.md", "docs/results/quick.md"}


def python_blocks(page: Path) -> list[str]:
    return re.findall(r"```python[^\n]*\n(.*?)```", page.read_text(), re.DOTALL)


def test_example_of_the_core_runs(capsys):
    (code,) = python_blocks(ROOT / "docs" / "howto" / "core.md")
    exec(code, {})
    assert capsys.readouterr().out.startswith("tensor([[")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_python_of_a_page_is_python(page):
    for code in python_blocks(page):
        ast.parse(code)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_names_only_files_that_exist(page):
    folders = "cabin_core|scripts|workflow|config|tests|docs"
    text = page.read_text()
    given = set(re.findall(r'title="([^"]+)"', text))
    for name in re.findall(rf"`((?:{folders})/[\w./-]*[\w/])`", text):
        assert (ROOT / name).exists() or name in given, name
