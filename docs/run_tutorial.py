"""Run the commands of pages as they are written, in a fresh copy of the repository, until one fails.

``python docs/run_tutorial.py docs/tutorial/*.md`` runs, page by page, the blocks marked ``bash`` or
``console`` (there the lines behind ``$``), and writes each block with a ``title`` to the file of that name.
Blocks marked ``sh`` or ``text`` are left alone: they need what not every machine has.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
FENCE = re.compile(r"^( *)```(\w+)([^\n]*)\n(.*?)^\1```", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """A fenced block of a page: its first line there, its language, the file it stands for and its text."""

    line: int
    language: str
    title: str
    text: str


def blocks_of(page: str) -> Iterator[Block]:
    """Yield the fenced blocks of a page in their order."""
    for match in FENCE.finditer(page):
        indent, language, rest, text = match.groups()
        title = re.search(r'title="([^"]+)"', rest)
        line = page.count("\n", 0, match.start()) + 1
        yield Block(line, language, title[1] if title else "", textwrap.dedent(text) if indent else text)


def commands_of(block: Block) -> str:
    """Return what a block has a reader type, empty where nothing."""
    if block.language == "bash":
        return block.text
    if block.language == "console":
        return "".join(f"{line[2:]}\n" for line in block.text.splitlines() if line[:2] in ("$ ", "> "))
    return ""


def script_of(page: str, name: str, files: Path) -> str:
    """Return a shell script that does what a page says, and names the block at which it stops."""
    steps = ["set -euo pipefail", "trap 'code=$?; [ $code = 0 ] || echo \"failed: $here\" >&2' EXIT"]
    for number, block in enumerate(blocks_of(page)):
        steps.append(f"here='{name}, line {block.line}'")
        if commands := commands_of(block):
            steps += [f"echo '== {name}, line {block.line}'", commands]
        elif block.title:
            (files / f"{number}").write_text(block.text)
            steps += [
                f"mkdir -p \"$(dirname '{block.title}')\"",
                f"cp '{files / str(number)}' '{block.title}'",
            ]
    return "\n".join(steps) + "\n"


def copy_repository(target: Path, environment: Path) -> None:
    """Copy all files that git knows or would add, with their times, and link the environment."""
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(listed, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")
    for name in filter(None, names):
        source = ROOT / name
        if source.is_symlink() or source.is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target / name, follow_symlinks=False)
    (target / ".venv").symlink_to(environment.resolve())


def main() -> int:
    """Run the pages, each in a copy of its own; return the first exit status that is not 0."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("pages", nargs="+", type=Path, metavar="PAGE.md")
    parser.add_argument(
        "--venv", type=Path, default=ROOT / ".venv", help="the environment that `make` would build"
    )
    arguments = parser.parse_args()
    for page in arguments.pages:
        with tempfile.TemporaryDirectory(prefix="tutorial-") as folder:
            files, copy = Path(folder, "blocks"), Path(folder, "cabin")
            files.mkdir()
            copy_repository(copy, arguments.venv)
            script = script_of(page.read_text(), page.name, files)
            status = subprocess.run(["bash", "-c", script], cwd=copy, stdin=subprocess.DEVNULL).returncode
        if status:
            return status
    return 0


if __name__ == "__main__":
    sys.exit(main())
