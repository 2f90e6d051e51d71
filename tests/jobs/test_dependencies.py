"""What a job depends on: the modules that its script imports, their libraries, the state of a user's file."""

import os

import pytest

from scripts.jobs.dependencies import Code, state_of
from tests.conftest import ROOT

FILES = {
    "constraints.txt": "numpy==2.0\nscikit-learn==1.0\nruff==1\n",
    "cabin_core/__init__.py": "from .cuts import Cuts\nfrom .losses import Loss\n__all__ = ['Cuts']\n",
    "cabin_core/cuts.py": "import numpy as np\nclass Cuts: ...\n",
    "cabin_core/losses.py": "from .sums import total\nclass Loss: ...\n",
    "cabin_core/sums.py": "total = 1\n",
    "scripts/__init__.py": "",
    "scripts/data/__init__.py": "",
    "scripts/data/tables.py": "def read():\n    from sklearn import metrics\n",
    "scripts/data/other.py": "",
    "scripts/train.py": (
        "from typing import TYPE_CHECKING\nfrom cabin_core import Cuts\n"
        "from scripts.data.tables import read\nif TYPE_CHECKING:\n    from scripts.data.other import x\n"
    ),
    "scripts/whole.py": "import cabin_core\n",
    "scripts/near.py": "def late():\n    from .data import tables\n",
}


@pytest.fixture
def checkout(tmp_path):
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def test_closure_follows_imports_of_functions_and_packages_but_not_of_type_checkers(checkout):
    assert Code(checkout).closure(["scripts.train"]) == {
        "scripts",
        "scripts.data",
        "scripts.data.tables",
        "scripts.train",
        "cabin_core",
        "cabin_core.cuts",
    }


def test_closure_of_relative_and_whole_imports(checkout):
    code = Code(checkout)
    assert "scripts.data.tables" in code.closure(["scripts.near"])
    assert {"cabin_core.cuts", "cabin_core.losses", "cabin_core.sums"} <= code.closure(["scripts.whole"])


def test_libraries_of_the_closure(checkout):
    assert Code(checkout).libraries(["scripts.train"]) == {"typing", "numpy", "sklearn"}


def test_a_package_that_imports_its_names_when_they_are_used_is_no_dependency_on_all_of_them(checkout):
    eager = Code(checkout).closure(["scripts.train"])
    names = FILES["cabin_core/__init__.py"].splitlines()
    (checkout / "cabin_core/__init__.py").write_text(
        "from importlib import import_module\nfrom typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    "
        + "\n    ".join(names[:2])
        + "\n_MODULES = {'Cuts': 'cuts', 'Loss': 'losses'}\n"
        "def __getattr__(name):\n    return getattr(import_module(_MODULES[name], __name__), name)\n"
    )
    assert Code(checkout).closure(["scripts.train"]) == eager


@pytest.mark.parametrize(
    ("file", "changes"),
    [
        ("scripts/train.py", True),
        ("scripts/data/tables.py", True),
        ("cabin_core/cuts.py", True),
        ("cabin_core/losses.py", False),
        ("cabin_core/sums.py", False),
        ("scripts/data/other.py", False),
        ("scripts/whole.py", False),
    ],
)
def test_digest_changes_with_the_code_that_is_used_and_nothing_else(checkout, file, changes):
    before = Code(checkout).digest("scripts.train")
    with open(checkout / file, "a") as module:
        module.write("# a line more\n")
    assert (Code(checkout).digest("scripts.train") != before) is changes


@pytest.mark.parametrize(
    ("library", "changes"), [("numpy==2.0", True), ("scikit-learn==1.0", True), ("ruff==1", False)]
)
def test_digest_changes_with_the_pins_of_libraries_that_are_imported(checkout, library, changes):
    before = Code(checkout).digest("scripts.train")
    pins = checkout / "constraints.txt"
    pins.write_text(pins.read_text().replace(library, library + ".1"))
    assert (Code(checkout).digest("scripts.train") != before) is changes


def test_unknown_module(checkout):
    with pytest.raises(FileNotFoundError, match=r"no module scripts\.trian"):
        Code(checkout).digest("scripts.trian")


def test_state_of_a_file_replaced_by_an_older_one(tmp_path):
    file, older = tmp_path / "events.root", tmp_path / "other.root"
    file.write_text("new")
    before = state_of.__wrapped__(file)
    older.write_text("old")
    os.utime(older, (1e9, 1e9))
    os.replace(older, file)
    assert state_of.__wrapped__(file) != before
    assert state_of.__wrapped__(tmp_path / "none.root") == "absent"


def test_closures_of_this_project_hold_what_the_scripts_import():
    code = Code(ROOT)
    assert "scripts.data.feature_table" in code.closure(["scripts.generate_features"])
    assert "cabin_core.training" in code.closure(["scripts.models.network_training"])
    assert "torch" in code.libraries(["scripts.models.network_training"])


def test_a_package_that_finds_its_modules_in_its_folder_needs_all_of_them(checkout):
    folder = checkout / "cabin_core/terms"
    folder.mkdir()
    (folder / "__init__.py").write_text("import pkgutil\nfound = [*pkgutil.iter_modules(__path__)]\n")
    (folder / "bce.py").write_text("import numpy\n")
    (checkout / "scripts/near.py").write_text("from cabin_core.terms import found\n")
    assert "cabin_core.terms.bce" in Code(checkout).closure(["scripts.near"])
    assert "cabin_core.terms.bce" in Code(ROOT).closure(["cabin_core.cut_loss"])
