"""Write the pages of docs/reference that come from the code: the config's keys, and the figures of the paper.

``python docs/write_config_reference.py`` writes them; with ``--check`` it says which are not current, and
fails.
"""

from __future__ import annotations

import argparse
import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from annotations import classes_in, default_in_words, range_in_words, type_in_words  # noqa: E402
from paper_map import paper_page  # noqa: E402

from scripts import columns, config, kinds, study  # noqa: E402
from scripts.settings import Settings  # noqa: E402

OUT = HERE / "reference" / "config"
NOTE = "<!-- Written by docs/write_config_reference.py from the code: change that, and run it. -->\n\n"
#: The page of each room: its name, and what stands above its kinds.
PAGES = {
    "source": (
        "sources",
        "Where the events of a study come from: the key `source` of a study, by its `kind`.",
    ),
    "model": (
        "models",
        "What is trained or searched: the entries of `networks` of a study, by their `model`.",
    ),
    "loss": (
        "losses",
        "What a training makes small: the key `loss` of a network is a mapping of coefficients of terms, "
        "or names one of the losses below, each on its own.",
    ),
    "analysis": (
        "analyses",
        "Studies of a study: the keys of `analyses`, each written to `results/RUN/STUDY/ANALYSIS.csv`.",
    ),
    "plot": (
        "figures",
        "Entries of `figures` of a study, by their `plot`: `results/RUN/figures/NAME.pdf`, `.png`, `.csv`.",
    ),
    "table": (
        "tables",
        "Entries of `tables` of a study, by their `table`: `results/RUN/tables/NAME.md`, `.csv`, `.tex`.",
    ),
}
INDEX = """# Config

A config is a YAML file. One that has studies of its own stands alone; one that says `base: paper` changes the
paper's config, which is the folder `config/paper/`; one that names no study means the paper.
Any other key than those below is an error, and so is a value of another type: `true` is no number, and
`"5"` is none either. Numbers may be written `1e-3`. All faults are told at once, a line each, which begins
with the path of its key.

The entries of a study choose a module by the name that they give as `kind`, `model`, `plot` or `table`, and
their other keys are those of that module: [sources](sources.md), [models](models.md), [losses](losses.md),
[analyses](analyses.md), [figures](figures.md), [tables](tables.md). Entries of `claims` are
[rows of the scorecard](claims.md). Names have letters, digits and underscores, a letter first.

`absent` as a default means that nothing is set; `null` says the same.
"""
HEADER = "| key | type | range | default | meaning |\n|---|---|---|---|---|\n"
STANDARD = {
    "study": "one of the study",
    "network": "one of each network that fits",
    "networks": "one of all networks that fit",
}


def plain(text: str) -> str:
    """Return the first paragraph of a docstring, or a description, as Markdown in one line."""
    first = inspect.cleandoc(text).split("\n\n")[0]
    text = re.sub(r":\w+:`~?(?:[\w.]*\.)?(\w+)`", r"`\1`", first).replace("``", "`")
    return " ".join(text.split()).replace("|", "\\|")


class Page:
    """A page of classes, each mapping that several of them hold printed once, at its end."""

    def __init__(self, own: dict[type[BaseModel], str]) -> None:
        """Begin a page on which some classes have sections of their own, with their anchors."""
        self._own, self._anchors, self._waiting = set(own), dict(own), list[type[BaseModel]]()

    def link(self, held: type[BaseModel]) -> str:
        """Return the link to a class, and remember that it needs a table where no other page has it."""
        for room, (title, _) in PAGES.items():
            elsewhere = f"scripts.{kinds.ROOMS[room].folder}."
            if held.__module__.startswith(elsewhere) and not any(
                one.__module__.startswith(elsewhere) for one in self._own
            ):
                return f"mapping, see [{title}]({title}.md)"
        if held not in self._anchors:
            taken = set(self._anchors.values())
            name = (
                held.__name__
                if held.__name__.lower() not in taken
                else held.__module__.rpartition(".")[2] + held.__name__
            )
            self._anchors[held] = name.lower()
            self._waiting.append(held)
        return f"mapping, see [{held.__name__}](#{self._anchors[held]})"

    def table(self, settings: type[BaseModel], *, hidden: frozenset[str] = frozenset()) -> str:
        """Return the keys of a class."""
        rows = []
        for name, field in settings.model_fields.items():
            if name not in hidden:
                words = type_in_words(field.annotation, self.link)
                limits = range_in_words(field.annotation, field.metadata)
                cells = [
                    f"`{field.alias or name}`",
                    words,
                    limits,
                    default_in_words(field),
                    plain(field.description or ""),
                ]
                rows.append(f"| {' | '.join(cells)} |\n")
        return HEADER + "".join(rows) if rows else "No keys of its own.\n"

    def held(self, heading: str = "## Mappings in them") -> str:
        """Return the tables of all classes that were linked to."""
        text = f"\n{heading}\n" if self._waiting else ""
        while self._waiting:
            one = self._waiting.pop(0)
            said = plain(inspect.getdoc(one) or "")
            text += f"\n### {one.__name__} {{: #{self._anchors[one]} }}\n\n{said}\n\n{self.table(one)}"
        return text


def yaml_line(entry: dict[str, Any]) -> str:
    """Return an entry of the config in one line, as one writes it."""
    return yaml.safe_dump(entry, default_flow_style=True, sort_keys=False, width=10_000).strip()


def facts(settings: type[Settings]) -> Iterator[str]:
    """Yield sentences on what a kind has or needs, from what its class states."""
    for said, name in (("Has", "has"), ("Its networks must have", "needs")):
        if words := getattr(settings, name, ()):
            yield f"{said}: {', '.join(f'`{word}`' for word in sorted(words))}."
    if isinstance(count := getattr(settings, "n_networks", None), range) and count.stop > 1:
        least, most = count.start, count.stop - 1
        yield f"Networks: {least if least == most else f'{least} to {most}'}."
    files = getattr(settings, "files", ())
    if (
        files := [name for name in files if name in kinds.modules("analysis")]
        if isinstance(files, tuple)
        else []
    ):
        yield f"The study needs the analysis {', '.join(f'`{name}`' for name in files)}."
    if getattr(settings, "needs_yields", False) is True:
        yield "The study needs a `counting_experiment`."
    if networks := getattr(settings, "standard_networks", {}):
        for name, entry in networks.items():
            yield f"Among the default networks: `{name}`, `{yaml_line(entry)}`."
    standard = getattr(settings, "standard", None)
    if isinstance(standard, dict):
        yield f"Among the default analyses{f', as `{yaml_line(standard)}`' if standard else ''}."
    elif standard:
        yield f"Among the standard ones: {STANDARD[standard]}."


def kind_section(page: Page, room: str, word: str) -> str:
    """Return the part of a page about one kind."""
    module = kinds.module_of(room, word)
    # The sentences say how many networks; the page, that there is a caption.
    hidden = {kinds.ROOMS[room].key} | ({"caption", "networks"} if room in ("plot", "table") else set())
    said = " ".join(facts(module.Settings))
    text = f"\n## `{word}` {{: #{word} }}\n\n{plain(module.__doc__ or '')}\n\n"
    return text + (f"{said}\n\n" if said else "") + page.table(module.Settings, hidden=frozenset(hidden))


def room_page(room: str) -> str:
    """Return the page of all kinds of a room; those in folders below it belong to one paper and come last."""
    title, above = PAGES[room]
    modules, folder = kinds.modules(room), f"scripts.{kinds.ROOMS[room].folder}"
    words = sorted(modules, key=lambda word: (modules[word].rpartition(".")[0] != folder, word))
    text = f"# {title.capitalize()}\n\n{above}\n"
    if room in ("plot", "table"):
        text += (
            "Each entry also has a `caption`, and names `networks` of its study where a kind takes some.\n"
        )
    text += f"\n{' · '.join(f'[`{word}`](#{word})' for word in words)}\n"
    page = Page({kinds.module_of(room, word).Settings: word for word in words})
    return text + "".join(kind_section(page, room, word) for word in words) + terms(page, room) + page.held()


def terms(page: Page, room: str) -> str:
    """Return, on the page of losses, the table of the terms: what a loss can be beside those above."""
    if room != "loss":
        return ""
    named = [kinds.module_of("loss", word).Settings for word in kinds.modules("loss")]
    networks = [
        kinds.module_of("model", word).Settings.model_fields.get("loss") for word in kinds.modules("model")
    ]
    found = dict.fromkeys(
        one for field in networks if field for one in classes_in(field.annotation) if one not in named
    )
    return "".join(f"\n## Terms\n\n{plain(inspect.getdoc(one) or '')}\n\n{page.table(one)}" for one in found)


def claims_page() -> str:
    """Return the page of claims and of all measures, by the module that they are in."""
    from scripts.scorecard import claims, measures

    page = Page({claims.Claim: "claim"})
    text = "# Claims\n\nEntries of `claims` of a study: rows of the scorecard.\n\n"
    text += f"{page.table(claims.Claim)}{page.held()}\n## Measures\n"
    by_module = sorted(measures.measures().items(), key=lambda one: ("papers" in one[1], one[1]))
    for name, module in by_module:
        heading = module.rpartition(".measures.")[2].replace(".", ": ").replace("_", " ")
        if f"\n### {heading}\n" not in text:
            text += f"\n### {heading}\n\n| measure | arguments | what it measures |\n|---|---|---|\n"
        arguments = ", ".join(f"`{argument}`" for argument in measures.parameters_of(name))
        text += f"| `{name}` | {arguments} | {plain(measures.measure_of(name).__doc__ or '')} |\n"
    return text


def index_page() -> str:
    """Return the page of the keys that every config and every study has."""
    page = Page({})
    text = f"{INDEX}\n## The file\n\n{page.table(config.RunSettings)}"
    text += f"\n## A study\n\nAn entry of `studies`.\n\n{page.table(study.StudySettings)}"
    text += "\n## Cuts that follow a property\n\nThe key `event_property` of a network with cuts.\n\n"
    return text + page.table(columns.BinnedProperty) + page.held("## Parts of a study")


def pages() -> dict[Path, str]:
    """Return the text of every page by its path."""
    made = {OUT / f"{PAGES[room][0]}.md": room_page(room) for room in PAGES}
    made |= {
        OUT / "claims.md": claims_page(),
        OUT / "index.md": index_page(),
        OUT.parent / "paper.md": paper_page(),
    }
    return {path: NOTE + text for path, text in made.items()}


def main() -> int:
    """Write the pages, or say which are not current."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--check", action="store_true", help="write nothing, fail where a page is not current"
    )
    check = parser.parse_args().check
    stale = {path: text for path, text in pages().items() if not path.is_file() or path.read_text() != text}
    for path, text in stale.items():
        if check:
            print(f"{path.relative_to(HERE.parent)} is not current: run docs/write_config_reference.py")
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    return int(check and bool(stale))


if __name__ == "__main__":
    sys.exit(main())
