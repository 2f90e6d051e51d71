"""The cards of the samples: Pythia makes of the SLHA file what the comments in it say."""

import math
import re

import pytest
import pythia8mc

from tests.conftest import ROOT

CARDS = ROOT / "config" / "cards"
SLHA = CARDS / "sleptons_200_180.slha"
LEPTONS = {1000011: 11, 2000011: 11, 1000013: 13, 2000013: 13}


@pytest.fixture(scope="module")
def pythia():
    pythia = pythia8mc.Pythia("", False)
    settings = (
        "Print:quiet = on",
        "Beams:eCM = 13000",
        f"SLHA:file = {SLHA}",
        "SUSY:qqbar2sleptonantislepton = on",
        f"SUSY:idVecA = {','.join(map(str, LEPTONS))}",
        f"SUSY:idVecB = {','.join(map(str, LEPTONS))}",
        "PartonLevel:all = off",
        "Random:setSeed = on",
        "Random:seed = 1",
    )
    assert all(pythia.readString(setting) for setting in settings)
    assert pythia.init()
    return pythia


@pytest.mark.parametrize(("slepton", "lepton"), LEPTONS.items())
def test_sleptons_of_the_slha_file(pythia, slepton, lepton):
    entry = pythia.particleData.particleDataEntryPtr(slepton)
    assert entry.m0() == 200
    assert entry.sizeChannels() == 1
    channel = entry.channel(0)
    assert channel.bRatio() == 1
    assert {channel.product(0), channel.product(1)} == {1000022, lepton}
    # To a bino, with the couplings of SMINPUTS and of the W and Z masses in the file.
    hypercharge = 1 if slepton > 2000000 else 0.5
    g2 = 4 * math.pi / 127.934 / (80.419 / 91.188) ** 2
    width = g2 * hypercharge**2 * 200 / (8 * math.pi) * (1 - 0.9**2) ** 2
    assert entry.mWidth() == pytest.approx(width, rel=1e-4)


def test_the_rest_is_stable_or_decoupled(pythia):
    neutralino = pythia.particleData.particleDataEntryPtr(1000022)
    assert neutralino.m0() == 180
    assert not neutralino.mayDecay()
    others = (
        set(range(1000001, 1000007)) | set(range(2000001, 2000007)) | {1000012, 1000014, 1000015, 1000016}
    )
    others |= {2000015, 1000021, 1000023, 1000024, 1000025, 1000035, 1000037, 35, 36, 37}
    assert {pythia.particleData.m0(pdg_id) for pdg_id in others} == {4500}


def test_pythia_makes_these_sleptons(pythia):
    made = set()
    for _ in range(1000):
        assert pythia.next()
        event = pythia.process
        made |= {event[i].id() for i in range(event.size()) if abs(event[i].id()) in LEPTONS}
    assert made == set(LEPTONS) | {-slepton for slepton in LEPTONS}


@pytest.mark.parametrize("name", ["sleptons", "ww"])
def test_commands_of_madgraph(name):
    """What can be checked of them without MadGraph: each line is a command of its language, files exist."""
    lines = [line.strip() for line in (CARDS / f"{name}.mg5").read_text().splitlines()]
    commands = [line for line in lines if line and not line.startswith("#")]
    assert {command.split()[0].split("=")[0] for command in commands} <= {
        "import", "define", "generate", "output", "shell", "launch", "shower", "detector", "set", "done",
    }  # fmt: skip
    assert f"output {name}" in commands
    assert f"launch {name}" in commands
    assert commands[-1] == "done"
    defined = {command.split()[1] for command in commands if command.startswith("define")}
    (process,) = (command for command in commands if command.startswith("generate"))
    known = {"p", "j", "w+", "w-"} | defined
    assert set(re.findall(r"[a-z]\S*", process.removeprefix("generate").replace(",", " "))) <= known
    copied = [command.split()[2] for command in commands if command.startswith("shell cp")]
    assert all((CARDS / card).is_file() for card in copied)
    cards = {"run_card", "delphes_card"}
    assert {command.split()[1] for command in commands if command.startswith("set")} == cards
