"""Write the JSON schema of the config, for editors, from the classes: ``python -m scripts.schema``."""

from __future__ import annotations

import json
import re
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from .config import RunSettings
from .kinds import HERE, ROOMS, module_of, modules
from .study import StudySettings

FILE = HERE.parent / "workflow" / "schemas" / "config.schema.json"
#: Keys of a study with entries of a kind, and their rooms; the source is a single entry.
ENTRIES = {"networks": "model", "figures": "plot", "tables": "table"}


def config_schema() -> dict[str, Any]:
    """Return the schema of a whole config, with all kinds."""
    kinds = {room: {name: module_of(room, name).Settings for name in modules(room)} for room in ROOMS}
    classes: list[type[BaseModel]] = [RunSettings, StudySettings]
    classes += [settings for of_room in kinds.values() for settings in of_room.values()]
    references, whole = models_json_schema([(one, "validation") for one in classes])
    definitions = whole["$defs"]

    def definition(settings: type[BaseModel]) -> dict[str, Any]:
        name: str = references[settings, "validation"]["$ref"].rpartition("/")[2]
        found: dict[str, Any] = definitions[name]
        return found

    def one_of(room: str) -> dict[str, Any]:
        choices = [references[settings, "validation"] for settings in kinds[room].values()]
        # An overlay does not have to repeat the kind of an entry.
        return {"type": "object", "if": {"required": [ROOMS[room].key]}, "then": {"oneOf": choices}}

    def or_null(schema: dict[str, Any]) -> dict[str, Any]:
        return {"anyOf": [schema, {"type": "null"}]}

    study = definition(StudySettings)["properties"]
    study["source"] = one_of("source") | {"description": study["source"]["description"]}
    for key, room in ENTRIES.items():
        entries = {"type": "object", "additionalProperties": or_null(one_of(room))}
        choices = [{"const": "default"}, entries, {"type": "null"}]
        study[key] = {"anyOf": choices, "description": study[key]["description"]}
    study["analyses"] = {
        "type": ["object", "null"],
        "additionalProperties": False,
        "properties": {
            name: or_null(references[settings, "validation"]) for name, settings in kinds["analysis"].items()
        },
    }
    run = definition(RunSettings)
    study_reference = or_null(references[StudySettings, "validation"])
    run["properties"]["studies"] = {"type": "object", "additionalProperties": study_reference}
    # An overlay has only parts of a config; missing keys are reported when the whole config is read.
    for one in definitions.values():
        one.pop("required", None)
    return _plain(
        {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Configuration of the workflow"}
        | references[RunSettings, "validation"]
        | {"$defs": definitions}
    )


def text() -> str:
    """Return the text of the schema file."""
    return json.dumps(config_schema(), indent=1, sort_keys=True) + "\n"


def _plain(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema with names of definitions that contain the kind."""
    shortened = json.dumps(schema)
    shortened = re.sub(
        r"scripts__((?:\w+?__)+)Settings\b", lambda found: found[1].removesuffix("__"), shortened
    )
    plain: dict[str, Any] = json.loads(shortened)
    return plain


if __name__ == "__main__":
    FILE.write_text(text())
