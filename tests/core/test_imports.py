import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

import cabin_core

ROOT = Path(__file__).resolve().parents[2]
NOT_IN_CORE = ("snakemake", "matplotlib", "mplhep", "pandas", "sklearn", "scripts")
CORE_MAY_IMPORT = {"cabin_core", "numba", "numpy", "torch", *sys.stdlib_module_names}


def files_of(folder):
    files = sorted((ROOT / folder).rglob("*.py"))
    assert files, f"no Python files in {ROOT / folder}"
    return [pytest.param(file, id=str(file.relative_to(ROOT))) for file in files]


def imported_packages(file):
    """Return the packages that a file imports, at its top or inside a function."""
    packages = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            packages |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            inside = file.relative_to(ROOT).parts[:-1]  # packages around the file
            assert node.level <= len(inside), f"{file}: import from outside, line {node.lineno}"
            packages.add(inside[0] if node.level else node.module.partition(".")[0])
    return packages


def test_importing_the_core_pulls_in_no_plots_tables_or_workflow():
    code = (
        "import sys, cabin_core; print(cabin_core.__file__);"
        f"print([name for name in {NOT_IN_CORE} if name in sys.modules])"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    origin, loaded = run.stdout.splitlines()
    assert Path(origin).parent == ROOT / "cabin_core"
    assert loaded == "[]"


def test_names_that_need_no_network_come_without_torch():
    code = (
        "import sys; from cabin_core import hard_cut_efficiencies, passes_cuts;"
        "from cabin_core.numbers import check_targets; print('torch' in sys.modules)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout == "False\n"


@pytest.mark.parametrize("file", files_of("cabin_core"))
def test_core_imports_torch_numpy_and_numba_only(file):
    assert imported_packages(file) <= CORE_MAY_IMPORT


@pytest.mark.parametrize("file", files_of("cabin_core"))
def test_the_core_imports_its_own_modules_by_their_place(file):
    """So that it can be copied or installed under another name."""
    absolute = [
        node.lineno
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if (isinstance(node, ast.Import) and any(alias.name.startswith("cabin_core") for alias in node.names))
        or (isinstance(node, ast.ImportFrom) and not node.level and node.module.startswith("cabin_core"))
    ]
    assert absolute == []


@pytest.mark.parametrize("file", files_of("scripts"))
def test_no_script_imports_snakemake(file):
    assert "snakemake" not in imported_packages(file)


def test_public_names_exist_and_are_sorted():
    assert all(hasattr(cabin_core, name) for name in cabin_core.__all__)
    assert cabin_core.__all__ == sorted(cabin_core.__all__)
    with pytest.raises(AttributeError, match="has no attribute 'scores'"):
        cabin_core.scores  # noqa: B018
