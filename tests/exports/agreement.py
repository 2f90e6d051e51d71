"""The events that each exported form selects, for comparison with those that the project selects itself."""

import json
import os
import shutil
import subprocess
import types
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import pandas as pd
import pytest
import uproot

from scripts.exports.application import Application, Cutflow
from scripts.exports.c_languages import C
from scripts.exports.forms import write_form
from scripts.exports.plan import plans
from scripts.exports.record import FORMAT
from scripts.exports.working_point import WorkingPoint

#: A Python that has ROOT, in an environment of its own.
ROOT_PYTHON = os.environ.get("CABIN_ROOT_PYTHON", "")
needs_root = pytest.mark.skipif(not ROOT_PYTHON, reason="CABIN_ROOT_PYTHON names no Python with ROOT")
needs_compiler = pytest.mark.skipif(shutil.which("g++") is None, reason="no C++ compiler (g++)")


def branch_types(arrays: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The types of branches as a record has them."""
    found = {}
    for name, values in arrays.items():
        is_list = isinstance(values, ak.Array)
        inner = str(values.type.content).rpartition(" * ")[2] if is_list else str(values.dtype)
        found[name] = {"type": inner, "list": is_list}
    return found


def working_point(
    cuts: list[tuple],
    arrays: dict[str, Any],
    *,
    columns: dict[str, str] | None = None,
    steps: list[str] | None = None,
    missing: dict[str, float] | None = None,
    without_object: str = "fail",
    follows: dict[str, Any] | None = None,
    folds: dict[str, Any] | None = None,
    features: list[str] | None = None,
    selections: dict[str, dict[str, Any]] | None = None,
) -> WorkingPoint:
    """A working point of cuts (feature, direction, cut, and as mapping more) on made-up branches.

    ``selections`` has columns, steps and missing of several processes, in place of those of one.
    """
    own = {"columns": columns or {}, "steps": steps or [], "missing": missing or {}}
    selections = selections or {"toy": own}
    rows = [
        {"feature": name, "direction": sign, "cut": cut, "unit": "GeV", **(more[0] if more else {})}
        for name, sign, cut, *more in cuts
    ]
    names = list(dict.fromkeys([*(row["feature"] for row in rows), *(features or [])]))
    names += [follows["property"]] if follows and follows["property"] not in names else []
    content = {
        "format": FORMAT,
        "provenance": {"title": "Made-up events", "run": "r", "study": "toy", "network": "scan"},
        "working_point": {
            "target": 0.9,
            "target_of": "signal",
            "signal_efficiency": {"value": 0.9, "uncertainty": 0.01},
            "background_efficiency": {"value": 0.1, "uncertainty": 0.01},
        },
        "cuts": rows,
        "features": [{"name": name, "label": "", "unit": "GeV"} for name in names],
        "source": {"kind": "ntuples"},
        "without_object": without_object,
        "selections": [
            {
                "processes": [name],
                "columns": one.get("columns", {}),
                "preselection": [{step: step} for step in one.get("steps", [])],
                "missing": one.get("missing", {}),
            }
            for name, one in selections.items()
        ],
        "processes": {name: {"role": "signal"} for name in selections},
        "branches": branch_types(arrays),
        **({"follows": follows} if follows else {}),
        **({"folds": folds} if folds else {}),
    }
    return WorkingPoint(json.loads(json.dumps(content)))


def functions_of(point: WorkingPoint, prefix: str = "passes") -> list[str]:
    """Names of the functions of a form, one a selection."""
    several = len(point.selections) > 1
    return [f"{prefix}_{one['processes'][0]}" if several else prefix for one in point.selections]


def applied(point: WorkingPoint, arrays: dict[str, Any]) -> list[np.ndarray]:
    """Which events pass each selection, by `apply_cuts`."""
    n_events = len(next(iter(arrays.values())))
    return [
        Application(point, point.recipe(one, one["processes"][0])).apply(arrays, n_events, Cutflow())
        for one in point.selections
    ]


def module_of_text(text: str) -> types.ModuleType:
    """A module of exported Python."""
    module = types.ModuleType("exported")
    exec(compile(text, "exported.py", "exec"), module.__dict__)
    return module


def by_awkward(point: WorkingPoint, arrays: dict[str, Any]) -> list[np.ndarray]:
    """Which events pass each selection, by awkward."""
    events = ak.zip({name: ak.Array(values) for name, values in arrays.items()}, depth_limit=1)
    module = module_of_text(write_form("awkward", point))
    with np.errstate(all="ignore"):
        return [getattr(module, name)(events) for name in functions_of(point)]


def by_pandas(point: WorkingPoint, arrays: dict[str, Any]) -> list[np.ndarray]:
    """Which events pass each selection, by pandas."""
    module, events = module_of_text(write_form("pandas", point)), pd.DataFrame(arrays)
    with np.errstate(all="ignore"):
        return [getattr(module, name)(events) for name in functions_of(point)]


_CPP = """
#include "cuts.h"
#include <cstdint>
#include <fstream>
template <class T> std::vector<T> read(const std::string& name, std::size_t n) {{
  std::vector<T> values(n);
  std::ifstream(name, std::ios::binary).read(reinterpret_cast<char*>(values.data()), n * sizeof(T));
  return values;
}}
int main() {{
  const std::size_t n = {n};
{reads}
  std::ofstream out("flags", std::ios::binary);
  for (std::size_t i = 0; i < n; ++i) {{
{lists}
    const char flags[] = {{{calls}}};
    out.write(flags, sizeof(flags));
  }}
}}
"""
_C_TYPES = {"bool": "uint8_t", "float32": "float", "float64": "double"}


def by_cpp(point: WorkingPoint, arrays: dict[str, Any], folder: Path) -> list[np.ndarray]:
    """Which events pass each selection, by the compiled header."""
    made = [plan for plan, _ in plans(point, C)]
    used = {branch.name: branch for plan in made for branch in plan.branches}
    n = len(next(iter(arrays.values())))
    reads, lists, values_of = [], [], {}
    for number, (name, branch) in enumerate(used.items()):
        values = arrays[name]
        flat = np.asarray(ak.flatten(values)) if branch.is_list else values
        kind = _C_TYPES.get(str(flat.dtype), f"{flat.dtype}_t")
        flat.tofile(folder / f"values{number}")
        reads.append(f'  const auto v{number} = read<{kind}>("values{number}", {len(flat)});')
        values_of[name] = f"v{number}[i]"
        if branch.is_list:
            ends = np.concatenate([[0], np.cumsum(np.asarray(ak.num(values)))]).astype(np.uint64)
            ends.tofile(folder / f"ends{number}")
            reads.append(f'  const auto e{number} = read<uint64_t>("ends{number}", n + 1);')
            inner = "bool" if str(flat.dtype) == "bool" else kind
            lists.append(
                f"    const std::vector<{inner}> l{number}(v{number}.begin() + e{number}[i], "
                f"v{number}.begin() + e{number}[i + 1]);"
            )
            values_of[name] = f"l{number}"
    calls = [
        f"{point.name}::{plan.name}({', '.join(values_of[branch.name] for branch in plan.branches)})"
        for plan in made
    ]
    (folder / "cuts.h").write_text(write_form("cpp", point))
    text = _CPP.format(n=n, reads="\n".join(reads), lists="\n".join(lists), calls=",\n      ".join(calls))
    (folder / "main.cpp").write_text(text)
    options = ["-std=c++17", "-O0", "-Wall", "-Wextra", "-Werror", "-Wno-parentheses"]
    compiled = subprocess.run(
        ["g++", *options, "main.cpp", "-o", "main"], cwd=folder, capture_output=True, text=True
    )
    assert compiled.returncode == 0, compiled.stderr[:4000]
    subprocess.run([folder / "main"], cwd=folder, check=True)
    flags = np.fromfile(folder / "flags", dtype=bool).reshape(n, len(made))
    return list(flags.T)


_ROOT = """
import sys
import numpy as np
import ROOT
sys.path.insert(0, ".")
import cuts_root
n = int(sys.argv[1])
whole = ROOT.RDataFrame("events", "events.root")
frames = {name: getattr(cuts_root, name)(whole).Take["int"]("id") for name in sys.argv[2:]}
for name, ids in frames.items():
    flags = np.zeros(n, dtype=bool)
    flags[np.array(ids.GetValue(), dtype=int)] = True
    flags.tofile("frame_" + name)
file = ROOT.TFile("events.root")
tree = file.Get("events")
tree.SetEstimate(-1)
for name in sys.argv[2:]:
    draw = getattr(cuts_root, name.replace("select", "DRAW").upper(), None)
    if draw is None:
        continue
    found = tree.Draw("id", draw, "goff")
    assert found >= 0, draw
    flags = np.zeros(n, dtype=bool)
    if found:
        flags[np.frombuffer(tree.GetV1(), dtype=np.float64, count=found).astype(int)] = True
    flags.tofile("draw_" + name)
"""


def by_root(point: WorkingPoint, arrays: dict[str, Any], folder: Path) -> dict[str, list[np.ndarray | None]]:
    """Which events pass each selection, by RDataFrame and, where it has words for it, by TTree::Draw."""
    n = len(next(iter(arrays.values())))
    with uproot.recreate(folder / "events.root") as file:
        columns = {**arrays, "id": np.arange(n, dtype=np.int32)}
        kinds = {
            name: f"var * {str(values.type.content).rpartition(' * ')[2]}"
            if isinstance(values, ak.Array)
            else values.dtype
            for name, values in columns.items()
        }
        file.mktree("events", kinds)
        file["events"].extend(columns)
    (folder / "cuts_root.py").write_text(write_form("root", point))
    (folder / "run.py").write_text(_ROOT)
    names = functions_of(point, "select")
    done = subprocess.run(
        [ROOT_PYTHON, "-W", "ignore", "run.py", str(n), *names],
        cwd=folder,
        capture_output=True,
        text=True,
        env={key: value for key, value in os.environ.items() if key != "PYTHONPATH"},
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]

    def flags_of(kind: str, name: str) -> np.ndarray | None:
        file = folder / f"{kind}_{name}"
        return np.fromfile(file, dtype=bool) if file.exists() else None

    return {kind: [flags_of(kind, name) for name in names] for kind in ("frame", "draw")}


def in_all_forms(
    point: WorkingPoint, arrays: dict[str, Any], folder: Path, *, root: bool, compiled: bool = True
) -> dict[str, list[np.ndarray | None]]:
    """Which events pass each selection in each form, `apply` among them; None where a form has no words."""
    found: dict[str, Any] = {"apply": applied(point, arrays), "awkward": by_awkward(point, arrays)}
    if not any(isinstance(values, ak.Array) for values in arrays.values()):
        found["pandas"] = by_pandas(point, arrays)
    if compiled and shutil.which("g++"):
        found["cpp"] = by_cpp(point, arrays, folder)
    if root:
        found |= by_root(point, arrays, folder)
    return found
