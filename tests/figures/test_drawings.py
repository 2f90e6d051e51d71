"""Drawings that need no events."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.patches import Circle

from scripts.figures.style import (
    paper_style,
)
from tests.figures.cases import (
    FIGURES,
)
from tests.figures.results import legend_texts
from tests.figures.written import logistic


def test_activation(results):
    table, (ax,) = results.table("activation"), results.figure("activation").axes
    x = table["x"].to_numpy()
    assert x[[0, -1]].tolist() == [-4, 4]
    np.testing.assert_array_equal(table["step"], np.where(x > 0, 1, np.where(x < 0, 0, 0.5)))
    for scale in (1, 2, 15):
        np.testing.assert_allclose(table[f"sigmoid_{scale}"], logistic(scale * x), atol=1e-12)
    assert legend_texts(ax.get_legend()) == ["Step function", *(rf"$\sigma({a}x)$" for a in ("", 2, 15))]
    for line, column in zip(ax.lines, table.columns[1:], strict=True):
        np.testing.assert_array_equal(line.get_xydata(), table[["x", column]])
    assert ax.lines[0].get_linestyle() == "--"
    assert len({(line.get_color(), line.get_linestyle()) for line in ax.lines}) == 4


@pytest.mark.parametrize(
    ("model", "nodes", "edges"),
    [("one_to_one", ["$x_{1}$", "$x_{2}$", "$x_{m}$", *3 * [r"$\sigma$"], r"$\Pi$", "$y$"], 3 + 3 + 1),
     ("linear", ["$x_{1}$", "$x_{2}$", "$x_{m}$", r"$\sigma(\Sigma)$", "$y$"], 3 + 1)],
)  # fmt: skip
def test_diagram(results, model, nodes, edges):
    table, (ax,) = results.table(f"diagram_{model}"), results.figure(f"diagram_{model}").axes
    drawn = table[table["element"] == "node"]
    assert sorted(drawn["label"]) == sorted(nodes)
    places = set(zip(drawn["x"], drawn["y"], strict=True))
    wires = table[table["element"] == "edge"]
    assert len(wires) == edges
    # Wires join nodes, and each node but the score leads on to one.
    assert set(zip(wires["x2"], wires["y2"], strict=True)) < places
    assert set(zip(wires["x"], wires["y"], strict=True)) == places - {(drawn["x"].max(), 1.5)}
    assert {tuple(patch.center) for patch in ax.patches if isinstance(patch, Circle)} == places
    assert sum(getattr(text, "arrow_patch", None) is not None for text in ax.texts) == edges
    shown = [text.get_text() for text in ax.texts if text.get_text()]
    assert sorted(shown) == sorted(table["label"].dropna())
    assert ("Hidden layer" in shown) == (model == "one_to_one")


#: Charge and lepton number of what Figure 5 draws.
CHARGES = {
    r"$\tilde{\ell}^{+}$": (1, -1),
    r"$\tilde{\ell}^{-}$": (-1, 1),
    r"$\ell^{+}$": (1, -1),
    r"$\ell^{-}$": (-1, 1),
    r"$\tilde{\mathit{\chi}}^{0}_{1}$": (0, 0),
    r"$\mathit{W}^{+}$": (1, 0),
    r"$\mathit{W}^{-}$": (-1, 0),
    r"$\mathit{\nu}$": (0, 1),
    r"$\bar{\mathit{\nu}}$": (0, -1),
}


@pytest.mark.parametrize("case", ["feynman", "feynman_of_one_process"])
def test_feynman(results, case):
    table, axes = results.table(case), results.figure(case).axes
    assert list(table["diagram"].unique()) == FIGURES[case]["processes"]
    for ax, (process, lines) in zip(axes, table.groupby("diagram", sort=False), strict=True):
        # Lines that end in the same point end in the same place.
        places = pd.concat(
            [
                lines[["from", "x", "y"]].set_axis(["point", "x", "y"], axis=1),
                lines[["to", "x2", "y2"]].set_axis(["point", "x", "y"], axis=1),
            ]
        ).drop_duplicates()
        assert places["point"].is_unique
        # What decays keeps its charge and lepton number.
        for decay in ("decay 1", "decay 2"):
            (mother,) = lines.loc[lines["to"] == decay, "particle"]
            daughters = lines.loc[lines["from"] == decay, "particle"]
            assert len(daughters) == 2
            assert tuple(np.sum([CHARGES[name] for name in daughters], axis=0)) == CHARGES[mother]
        assert ("jet" in set(lines["to"])) == (process == "sleptons")
        assert set(lines.loc[lines["to"] == "outer 1", "style"]) == {"fermion"}
        # Every named line has its label, and every curve drawn begins and ends on its points.
        assert [text.get_text() for text in ax.texts] == lines["particle"].dropna().to_list()
        ends = {tuple(np.round(line.get_xydata()[i], 9)) for line in ax.lines for i in (0, -1)}
        assert ends == set(zip(places["x"], places["y"], strict=True))
        curved = lines["style"].isin(["gluon", "boson", "neutralino"]).sum()
        assert (
            sum(len(line.get_xdata()) > 2 for line in ax.lines) == curved == {"sleptons": 3, "ww": 2}[process]
        )
        dashed = [line for line in ax.lines if line.get_linestyle() == "--"]
        assert len(dashed) == (lines["style"] == "slepton").sum()


@pytest.mark.parametrize("case", ["feynman", "feynman_of_one_process"])
def test_labels_of_feynman_diagrams_touch_nothing(results, case):
    figure = results.figure(case)
    with paper_style():
        figure.draw_without_rendering()
        for ax in figure.axes:
            boxes = [text.get_window_extent() for text in [*ax.texts, ax.title]]
            for i, box in enumerate(boxes):
                assert not box.count_overlaps(boxes[:i])
                assert not any(
                    box.padded(-1).contains(*point)
                    for line in ax.lines
                    for point in ax.transData.transform(line.get_xydata())
                )
                assert figure.bbox.containsx(box.x0)
                assert figure.bbox.containsx(box.x1)
            assert ax.title.get_window_extent().y1 <= figure.bbox.y1
