"""What the page on expressions says is what they do."""

import re
from pathlib import Path

import numpy as np
import pytest
import yaml

from scripts.data.expression_functions import FUNCTIONS
from scripts.data.expressions import Expression

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "expressions.md").read_text()


def table(title: str) -> list[str]:
    """First or last cells of the table under a title."""
    part = PAGE.partition(f"## {title}\n")[2].partition("\n## ")[0]
    return [line.strip("| ") for line in part.splitlines() if line.startswith("| ") and "`" in line]


def test_all_functions_are_on_the_page():
    calls = [
        call for row in table("Functions") for call in re.findall(r"`(\w+)\((.*?)\)`", row.split(" | ")[0])
    ]
    assert {name for name, _ in calls} == set(FUNCTIONS)
    for name, arguments in calls:
        given = [one for one in arguments.split(", ") if one != "..."]
        assert len(given) in FUNCTIONS[name].numbers


@pytest.mark.parametrize("row", table("Examples"))
def test_examples_are_expressions(row):
    (text,) = re.findall(r"`(.*)`", row)
    Expression.parse(text)


def test_yaml_of_the_page_gives_expressions():
    blocks = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert len(blocks) == 2
    texts = [text for block in blocks for text in yaml.safe_load(block)]
    assert [name for text in texts[-2:] for name in Expression.parse(text).names] == [
        "lep1.pt",
        "lep1.px",
        "lep1.py",
    ]
    for text in texts:
        Expression.parse(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [("-1 % 4", 3), ("deltaphi(0, 3)", -3), ("mass(1, 2, 3, 4)", 4), ("60 < 70 < 80", True), ("1.5e3", 1500)],
)
def test_values_of_the_page(text, value):
    assert Expression.parse(text).evaluate({}, 2).values == pytest.approx(np.full(2, value))
