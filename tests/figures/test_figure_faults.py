"""Faults of figures in a config: each is one line that names the key, and what to do."""

import copy
import re
from typing import Any

import pytest

from scripts.kinds import ConfigError
from scripts.study_parsing import parse_study
from tests.configs import PAPER
from tests.studies import COUNTING_EXPERIMENT, NETWORKS, study_entry


def faults_of(name: str, entry: dict[str, Any]) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        parse_study(name, entry)
    return str(caught.value).splitlines()


BAD = [
    ("gaussian.figures.fig04.plot", "featurs", "unknown plot 'featurs': one of features"),
    ("gaussian.figures.fig04.plot", "search", "the plot search is now expected_significance"),
    ("gaussian.figures.fig04", {"caption": "x"}, "the key `plot` is missing"),
    ("gaussian.figures.fig07.networks", ["skan"], "unknown network 'skan': one of scan"),
    ("gaussian.figures.fig07.networks", [], "0 networks named, this kind takes 1"),
    ("gaussian.figures.fig13.networks", ["scan", "scan"], "scan is named twice"),
    ("gaussian.figures.fig04.networks", ["scan"], "1 networks named, this kind takes 0"),
    ("gaussian.figures.fig04.scaled", True, "unknown key scaled; known here: caption, networks, plot, bins"),
    ("gaussian.figures.fig04.bins", 0, "0 is less than the minimum of 1"),
    ("gaussian.figures.fig04.bins", True, "True is not of type integer"),
    ("gaussian.figures.fig01.scales", [], "is too short: at least 1 needed"),
    ("gaussian.figures.fig01.scales.0", -1, "-1 is less than or equal to the minimum of 0"),
    ("gaussian.figures.fig02.model", "scan", "'scan' is not one of 'linear', 'one_to_one'"),
    ("susy.figures.fig05.processes", ["ww", "ww"], "ww is named twice"),
    (
        "gaussian.figures.optimum.networks",
        ["bdt"],
        "bdt, of the model bdt, has no cuts: name another network",
    ),
    ("gaussian.figures.fig13.networks", ["linear_bce"], "linear_bce, of the model linear, has no cuts"),
    ("gaussian.figures.fig10.networks", ["kcuts"], "kcuts, of the model kcuts, has no history"),
    ("gaussian.figures.fig12.networks", ["grid"], "grid, of the model grid, has no scores that vary"),
    ("gaussian.figures.fig07.networks", ["scan"], "scan, of the model scan, has a score a target"),
    ("gaussian.figures.fig14.networks", ["one_to_one_bce"], "one_to_one_bce has no targets to draw against"),
    ("gaussian.figures.fig14.networks", ["bdt"], "bdt, of the model bdt, has no cuts and is not trained on"),
    (
        "gaussian.figures.competitors.networks",
        ["linear_bce", "scan"],
        "the first, linear_bce, sets the targets",
    ),
    ("gaussian.figures.competitors.networks", ["scan"], "1 networks named, this kind takes 2 to 7"),
    ("zloss_case1.figures.zloss_collapse1.networks", ["zloss_bce", "zloss"], "is not trained on the Z loss"),
    ("zloss_case1.figures.zloss_fig1a.drawn_events", {"b3": 3}, "unknown process 'b3': one of s, b1, b2"),
    (
        "zloss_case1.figures.zloss_fig1a.networks",
        ["zloss_bce", "scan"],
        "unknown network 'scan': one of zloss",
    ),
    ("zloss_case1.figures.zloss_fig2a.published", {"bce": [[0, 1]]}, "unknown name 'bce': one of zloss_bce"),
    ("zloss_case1.figures.zloss_fig2c.published", {"b3": [[0, 1]]}, "unknown name 'b3': one of s, b1, b2"),
    ("zloss_case1.figures.zloss_fig2a.published", {"zloss_bce": [[0]]}, "is too short: at least 2 needed"),
    (
        "zloss_case1.figures.zloss_fig2a.demands.signal",
        0.1,
        "unknown key signal; known here: signal_efficiency",
    ),
    ("zloss_case1.figures.zloss_fig2a.against", "score", "'score' is not one of 'threshold'"),
    ("property_toy.figures.property_cuts.curves", ["scan"], "unknown network 'scan': one of property_kcuts"),
    ("property_toy.figures.property_cuts.target", 1.0, "1.0 is greater than or equal to the maximum of 1"),
    ("watts_line_again.figures.watts_losses.plot", "cut_surfaces", "1 features in .*, this shows 2"),
    (
        "watts_plane.figures.watts_surfaces.plot",
        "emulated_losses",
        "2 features in the study watts_plane, .* 1",
    ),
    ("watts_joint.figures.watts_drift.published_cuts", {"scan": [1, 2]}, "unknown name 'scan': one of"),
    ("watts_joint.figures.watts_drift.published_cuts.watts_softmax_2", [1], "1 cuts for the 2 features"),
    ("watts_joint.figures.watts_drift.networks", ["watts_raw", "scan"], "unknown network 'scan'"),
    ("watts_joint.figures.watts_map.networks", ["watts_bc"], "unknown network 'watts_bc'"),
]


@pytest.mark.parametrize(("path", "value", "message"), BAD, ids=[f"{bad[0]}={bad[1]}"[:60] for bad in BAD])
def test_a_fault_is_one_line_that_names_the_key(path, value, message):
    study, *parents, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    entry = copy.deepcopy(PAPER["studies"][study])
    target = entry
    for part in parents:
        target = target[part]
    target[last] = value
    where = ".".join(["studies", study, *(parents if len(parents) > 1 else ["figures"])][:4])
    lines = faults_of(study, entry)
    found = [line for line in lines if re.search(message, line)]
    assert len(found) == 1, lines
    assert found[0].startswith(where)
    assert all(len(line) < 400 for line in lines)


@pytest.mark.parametrize(
    ("analysis", "figure"),
    [
        ("robustness", {"plot": "robustness"}),
        ("kept_fractions", {"plot": "kept_fractions"}),
        ("repeats", {"plot": "property_distances"}),
        ("bin_optimum", {"plot": "property_cuts", "networks": ["scan"], "target": 0.9}),
        ("optimum", {"plot": "optimum", "networks": ["scan"]}),
    ],
)
def test_a_figure_of_an_analysis_needs_it(analysis, figure):
    entry = study_entry(figures={"shown": figure | {"caption": "A figure."}})
    line = f"studies.small.figures.shown: study small has no analysis `{analysis}` to show"
    assert line in faults_of("small", entry)


def test_figures_of_yields_need_a_counting_experiment():
    figure = {"plot": "expected_significance", "networks": ["scan"], "caption": "Yields."}
    missing = "has no key `counting_experiment`: its yields are shown here"
    assert faults_of("small", study_entry(figures={"yields": figure})) == [
        f"studies.small.figures.yields: study small {missing}"
    ]
    entry = study_entry(figures={"yields": figure}, counting_experiment=COUNTING_EXPERIMENT)
    assert "yields" in parse_study("small", entry).figures


@pytest.mark.parametrize(
    ("plot", "missing"), [("diagram", "model"), ("property_cuts", "target"), ("classification_maps", "drawn")]
)
def test_a_missing_option_is_named(plot, missing):
    entry = study_entry(figures={"drawing": {"plot": plot, "caption": "A drawing."}})
    assert faults_of("small", entry) == [f"studies.small.figures.drawing: the key `{missing}` is missing"]


@pytest.mark.parametrize("plot", ["property_cuts", "property_efficiencies"])
def test_bins_are_those_of_the_optimum(plot):
    study = copy.deepcopy(PAPER["studies"]["property_toy"])
    study["networks"]["property_smooth"] |= {
        "event_property": {"name": "pt", "edges": [20.0, 40.0, 60.0, 120.0]}
    }
    lines = faults_of("property_toy", study)
    text = "networks: property_smooth must have the bins of the optimum as its `event_property`"
    assert any(f"figures.{plot}.{text}" in line for line in lines), lines


@pytest.mark.parametrize(
    "plot", ["features_with_cuts", "cuts", "cuts_on_plane", "passing_against_cut", "competitors"]
)
def test_cuts_that_follow_a_property_are_not_shown_by_all(plot):
    model = NETWORKS["joint" if plot == "passing_against_cut" else "scan"]
    binned = model | {"event_property": {"name": "x1", "edges": [0.0, 1.0, 2.0]}}
    names = ["scan", "other"] if plot == "competitors" else ["scan"]
    figure = {"plot": plot, "networks": names, "caption": "Cuts."}
    entry = study_entry(networks=dict.fromkeys(names, binned), figures={"shown": figure})
    (line, *_) = faults_of("small", entry)
    text = f"scan, of the model {model['model']}, has cuts that follow a property: name another network"
    assert line == f"studies.small.figures.shown.networks: {text}"


@pytest.mark.parametrize("plot", ["cut_history", "descent"])
def test_cuts_are_recorded_where_their_history_is_drawn(plot):
    figure = {"plot": plot, "networks": ["cuts"], "caption": "Cuts."}
    entry = study_entry(networks={"cuts": NETWORKS["one_to_one"]}, figures={"shown": figure})
    (line,) = faults_of("small", entry)
    assert "cuts, of the model one_to_one, does not record its cuts" in line
    assert "`record_cuts: true`" in line
    recorded = {"cuts": NETWORKS["one_to_one"] | {"record_cuts": True}}
    assert parse_study("small", entry | {"networks": recorded}).figures
