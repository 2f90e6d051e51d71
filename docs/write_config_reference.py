"""Write the pages of docs/reference that come from the code: the config's keys, and the figures of the paper.

``python docs/write_config_reference.py`` writes them; with ``--check`` it says which are not current, and fails.
"""

from __future__ import annotations

import argparse
import inspect
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from paper_map import paper_page  # noqa: E402

from scripts import config, kinds, study  # noqa: E402

OUT = HERE / "reference" / "config"
#: The page of each room: its name, and what stands above its kinds.
PAGES = {
    "source": ("sources", "Where the events of a study come from: the key `source` of a study, by its `kind`."),
    "model": ("models", "What is trained or searched: the entries of `networks` of a study, by their `model`."),
    "loss": ("losses", "What a training makes small: the key `loss` of a network names the terms or the loss."),
    "analysis": ("analyses", "Studies of a study, written to `results/RUN/STUDY/ANALYSIS.csv`: the keys of `analyses`."),
    "plot": ("figures", "Entries of `figures` of a study, by their `plot`: `results/RUN/figures/NAME.pdf`, `.png`, `.csv`."),
    "table": ("tables", "Entries of `tables` of a study, by their `table`: `results/RUN/tables/NAME.md`, `.csv`, `.tex`."),
}
#: Classes that belong to no kind.
GENERAL = (config.RunSettings, study.StudySettings)
HEADER = "| key | type | range | default | meaning |\n|---|---|---|---|---|\n"
WORDS = {"integer": "integer", "number": "number", "string": "text", "boolean": "`true` or `false`"}
LIMITS = {"exclusiveMinimum": ">", "minimum": "≥", "exclusiveMaximum": "<", "maximum": "≤"}


def plain(text: str) -> str:
    """Return a text of a docstring as Markdown in one line."""
    text = re.sub(r":\w+:`~?(?:[\w.]*\.)?(\w+)`", r"`\1`", text).replace("``", "`")
    return " ".join(text.split()).replace("|", "\\|")


def type_of(schema: dict[str, Any]) -> str:
    """Return the type of a value in words, with links to classes."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        return f"mapping, see [{name}](#{{anchor}}{name.lower()})"
    for joined in ("anyOf", "oneOf", "allOf"):
        if joined in schema:
            return " or ".join(dict.fromkeys(type_of(one) for one in schema[joined]))
    if "const" in schema:
        return f"`{schema['const']}`"
    if "enum" in schema:
        return "one of " + ", ".join(f"`{value}`" for value in schema["enum"])
    kind = schema.get("type")
    if kind == "null":
        return "`null`"
    if kind == "array":
        return f"list of {type_of(schema['items'])}" if schema.get("items") else "list"
    if kind == "object":
        values = schema.get("additionalProperties")
        return f"names to {type_of(values)}" if isinstance(values, dict) and values else "mapping"
    return WORDS.get(kind, "any")


def range_of(schema: dict[str, Any]) -> str:
    """Return the limits of a value, of the values in it where it is a list or a mapping."""
    parts = [f"{sign} {schema[key]:g}" for key, sign in LIMITS.items() if key in schema]
    fewest, most = (schema.get(key) for key in ("minItems", "maxItems"))
    if fewest is not None or most is not None:
        parts.append(f"{fewest} entries" if fewest == most else f"{fewest or 0} to {most} entries" if most else f"at least {fewest}")
    inner = schema.get("items") or schema.get("additionalProperties")
    if isinstance(inner, dict) and range_of(inner):
        parts.append(f"each {range_of(inner)}")
    for joined in ("anyOf", "oneOf"):
        parts += [range_of(one) for one in schema.get(joined, ()) if range_of(one)]
    return ", ".join(dict.fromkeys(parts))


def rows(schema: dict[str, Any], anchor: str) -> Iterator[str]:
    """Yield a row of the table for each key of a class."""
    required = schema.get("required", ())
    for key, value in schema.get("properties", {}).items():
        default = "needed" if key in required else "absent"
        if key not in required and value.get("default") is not None:
            default = f"`{json.dumps(value['default'], ensure_ascii=False)}`"
        cells = [f"`{key}`", type_of(value).format(anchor=anchor), range_of(value), default]
        yield " | ".join(["", *cells, plain(value.get("description", "")), ""]).strip() + "\n"


def tables(settings: type[kinds.Settings], anchor: str, *, skipped: frozenset[str] = frozenset()) -> str:
    """Return the table of a class and of those that it holds, the latter each below a heading of its own."""
    schema = settings.model_json_schema()
    schema["properties"] = {key: value for key, value in schema["properties"].items() if key not in skipped}
    text = HEADER + "".join(rows(schema, anchor)) if schema["properties"] else "No keys.\n"
    for name, one in schema.get("$defs", {}).items():
        if one.get("properties"):
            text += f"\n#### {name} {{: #{anchor}{name.lower()} }}\n\n{plain(one.get('description', ''))}\n\n"
            text += HEADER + "".join(rows(one, anchor))
    return text


def facts(settings: type[kinds.Settings]) -> Iterator[str]:
    """Yield sentences on what a kind has or needs, from the names that its class states."""
    has, needs = sorted(getattr(settings, "has", ())), sorted(getattr(settings, "needs", ()))
    if has:
        yield f"Has: {', '.join(has)}."
    if needs:
        yield f"Its networks must have: {', '.join(needs)}."
    if isinstance(count := getattr(settings, "n_networks", None), range):
        least, most = count.start, count.stop - 1
        if most > 0:
            yield f"Networks: {least if least == most else f'{least} to {most}'}."
    files = [name for name in getattr(settings, "files", ()) if name in kinds.modules("analysis")]
    if files:
        yield f"The study needs the analysis {', '.join(f'`{name}`' for name in files)}."
    if getattr(settings, "needs_yields", False) is True:
        yield "The study needs a `counting_experiment`."
    standard = getattr(settings, "standard", "")
    if standard:
        of_what = {"study": "of the study", "network": "of each network that has it", "networks": "of all of them"}
        yield f"Part of the standard ones: one {of_what[standard]}."


def kind_section(room: str, word: str) -> str:
    """Return the part of a page about one kind."""
    module = kinds.module_of(room, word)
    first = inspect.cleandoc(module.__doc__ or "").split("\n\n")[0]
    text = f"\n## `{word}` {{: #{word} }}\n\n{plain(first)}\n\n"
    said = " ".join(facts(module.Settings))
    hidden = frozenset({kinds.ROOMS[room].key}) | ({"caption"} if room in ("plot", "table") else set())
    # A kind that takes no networks has the key all the same.
    if getattr(module.Settings, "n_networks", None) == range(1):
        hidden |= {"networks"}
    return text + (f"{said}\n\n" if said else "") + tables(module.Settings, f"{word}-", skipped=frozenset(hidden))


def room_page(room: str) -> str:
    """Return the page of all kinds of a room; those in folders below it belong to one paper."""
    title, above = PAGES[room]
    modules = kinds.modules(room)
    text = f"# {title.capitalize()}\n\n{above}\n"
    if room in ("plot", "table"):
        text += "Each entry also has a `caption`, and `networks` where a kind takes some.\n"
    text += f"\n{' · '.join(f'[`{word}`](#{word})' for word in modules)}\n"
    folder = f"scripts.{kinds.ROOMS[room].folder}"
    general = [word for word, module in modules.items() if module.rpartition(".")[0] == folder]
    text += "".join(kind_section(room, word) for word in general)
    rest = [word for word in modules if word not in general]
    return text + "".join(kind_section(room, word) for word in rest)


def index_page() -> str:
    """Return the page of the keys that every config and every study has."""
    text = """# Config

A config is a YAML file. One that has studies of its own stands alone; one that says `base: paper` changes the
paper's config, which is the folder `config/paper/`; one that names no study means the paper.
Any other key than those below is an error, and so is a value of another type: `true` is no number, and
`"5"` is none either. Numbers may be written `1e-3`. All faults are told at once, a line each, which begins
with the path of its key.

The keys of a study that say `kind`, `model`, `plot` or `table` choose a module by its name, and the other keys of that entry are
those of that module: [sources](sources.md), [models](models.md), [losses](losses.md), [analyses](analyses.md),
[figures](figures.md), [tables](tables.md). Names have letters, digits and underscores, a letter first.

## The file

"""
    text += tables(GENERAL[0], "run-") + "\n## A study\n\nAn entry of `studies`.\n\n" + tables(GENERAL[1], "study-")
    text += "\n## Cuts that follow a property\n\nThe key `event_property` of a network with cuts.\n\n"
    return text + tables(study.BinnedProperty, "property-")


def pages() -> dict[Path, str]:
    """Return the text of every page by its path."""
    made = {OUT / "index.md": index_page()}
    made |= {OUT / f"{PAGES[room][0]}.md": room_page(room) for room in PAGES if kinds.modules(room)}
    made[OUT.parent / "paper.md"] = paper_page()
    note = "<!-- Written by docs/write_config_reference.py from the code and config: change these, and run it. -->\n\n"
    return {path: note + text for path, text in made.items()}


def main() -> int:
    """Write the pages, or say which are not current."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, fail where a page is not current")
    check = parser.parse_args().check
    stale = [path for path, text in pages().items() if not path.is_file() or path.read_text() != text]
    for path in stale:
        if check:
            print(f"{path.relative_to(HERE.parent)} is not current: run docs/write_config_reference.py")
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(pages()[path])
    return int(check and bool(stale))


if __name__ == "__main__":
    sys.exit(main())
