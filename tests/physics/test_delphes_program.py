"""Running the real Delphes, played here by a program that is as strict about its arguments."""

import logging
import os
import sys
from pathlib import Path

import pytest
import uproot

from scripts.run_delphes import main

STAND_IN = """#!{python}
import sys, os
import numpy, uproot
card, output, *inputs = sys.argv[1:]
text = open(card).read()
for line in text.splitlines():
    if line.startswith("source "):
        text += open(os.path.join(os.path.dirname(card), line.split()[1])).read()
if "fails" in text:
    print("** ERROR: can't initialise module", file=sys.stderr)
    sys.exit(1)
if os.path.exists(output):
    print("** ERROR: can't create output file", output)
    sys.exit(1)
events = [line for name in inputs for line in open(name)]
for i in range(3):
    print("** [##--] (50.00%)", end="\\r", file=sys.stderr)
print()
if "silent" in text:
    sys.exit(0)
with uproot.recreate(output) as opened:
    tree = opened.mktree("Delphes" if "TreeWriter" in text else "Other", {{"Event": "int32"}})
    tree.extend({{"Event": numpy.arange(len(events), dtype="int32")}})
print("** seed", text.split("RandomSeed")[-1].split()[0])
"""


@pytest.fixture
def delphes(tmp_path, monkeypatch) -> Path:
    """An installation of Delphes: a program, found by its name, and cards."""
    monkeypatch.delenv("DELPHES_DIR", raising=False)
    prefix = tmp_path / "prefix"
    (prefix / "bin").mkdir(parents=True)
    (prefix / "cards").mkdir()
    program = prefix / "bin" / "DelphesHepMC3"
    program.write_text(STAND_IN.format(python=sys.executable))
    program.chmod(0o755)
    cards = {
        "ATLAS": "set RandomSeed 0\nsource tree.tcl",
        "broken": "fails",
        "treeless": "",
        "quiet": "silent",
    }
    (prefix / "cards" / "tree.tcl").write_text("module TreeWriter TreeWriter {}\n")
    for name, text in cards.items():
        (prefix / "cards" / f"delphes_card_{name}.tcl").write_text(text)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    return prefix


@pytest.fixture
def arguments(tmp_path) -> dict:
    for name, events in (("a.hepmc", "1\n2\n"), ("b.hepmc", "3\n")):
        (tmp_path / name).write_text(events)
    return {
        "events": [tmp_path / "a.hepmc", tmp_path / "b.hepmc"],
        "root_file": tmp_path / "out.root",
        "program": "DelphesHepMC3",
        "card": "delphes_card_ATLAS.tcl",
        "seed": 5,
    }


def entries(path: Path) -> int:
    with uproot.open(path) as opened:
        return opened["Delphes"].num_entries


def test_all_files_go_into_one_output_which_is_replaced(delphes, arguments, caplog):
    arguments["root_file"].write_text("of an earlier run")
    with caplog.at_level(logging.INFO, logger="cabin"):
        main(**arguments)
    assert entries(arguments["root_file"]) == 3
    assert "** seed 6" in caplog.text
    assert "50.00%" not in caplog.text
    main(**arguments | {"events": arguments["events"][1]})
    assert entries(arguments["root_file"]) == 1


@pytest.mark.parametrize("where", ["path", "environment", "link", "in place"])
def test_where_cards_are_found(delphes, arguments, monkeypatch, where, tmp_path):
    card = delphes / "cards" / "delphes_card_ATLAS.tcl"
    if where == "path":
        arguments["card"] = str(card)
    elif where == "environment":
        (tmp_path / "elsewhere" / "cards").mkdir(parents=True)
        for path in card.parent.iterdir():
            path.rename(tmp_path / "elsewhere" / "cards" / path.name)
        monkeypatch.setenv("DELPHES_DIR", str(tmp_path / "elsewhere"))
    elif where == "link":
        (tmp_path / "link").symlink_to(delphes / "bin" / "DelphesHepMC3")
        arguments["program"] = str(tmp_path / "link")
    else:
        arguments["program"] = str((delphes / "bin" / "DelphesHepMC3").rename(delphes / "DelphesHepMC3"))
    main(**arguments)
    assert entries(arguments["root_file"]) == 3


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"program": "NoDelphes"},
            "no program NoDelphes: .*conda-forge delphes.*`program`",
        ),
        (
            {"card": "none.tcl"},
            "no Delphes card none.tcl: .*`card`.*: delphes_card_ATLAS.tcl",
        ),
        ({"card": "wrong/delphes_card_ATLAS.tcl"}, "no Delphes card wrong/"),
        ({"card": "delphes_card_broken.tcl"}, "exit status 1: .. ERROR: can't initialise module"),
        ({"card": "delphes_card_treeless.tcl"}, "out.root: no tree `Delphes`"),
        ({"card": "delphes_card_quiet.tcl"}, "out.root: Delphes did not write it"),
        ({"events": []}, "out.root: no events"),
    ],
)
def test_faults_are_one_line(delphes, arguments, change, message):
    with pytest.raises(ValueError, match=message) as raised:
        main(**arguments | change)
    assert "\n" not in str(raised.value)


def test_every_seed_is_one_that_delphes_takes(delphes, arguments, caplog):
    caplog.set_level(logging.INFO, logger="cabin")
    for seed in (0, 2**31 - 1, 2**32 - 1):
        main(**arguments | {"seed": seed})
    seeds = [int(line.split()[-1]) for line in caplog.text.splitlines() if "** seed" in line]
    assert len(seeds) == 3
    assert all(0 < seed < 2**31 for seed in seeds)


def test_an_installation_without_cards_is_named(delphes, arguments):
    for path in (delphes / "cards").iterdir():
        path.unlink()
    with pytest.raises(ValueError, match="no cards come with this Delphes"):
        main(**arguments)
