"""The forms of exported cuts, by name."""

from __future__ import annotations

from pathlib import Path

from ..kinds import module_of, modules, not_known
from .language import NotInForm
from .working_point import WorkingPoint

#: Forms of files by their ending, where none is named.
_ENDINGS = {".h": "cpp", ".hpp": "cpp", ".yaml": "yaml", ".yml": "yaml", ".json": "yaml"}


def forms() -> list[str]:
    """Return the names of all forms."""
    return list(modules("form"))


def check_form(name: str) -> str:
    """Return the name of a form; raise ValueError if there is none of it."""
    if name not in modules("form"):
        raise ValueError(not_known("form", name, modules("form")))
    return name


def form_of_file(path: Path | None) -> str:
    """Return the form of a file by its ending; ``yaml`` for any other."""
    return "yaml" if path is None else _ENDINGS.get(path.suffix, "yaml")


def file_of(form: str) -> str:
    """Return the name of the file of a form."""
    name: str = module_of("form", form).Settings.file
    return name


def write_form(form: str, point: WorkingPoint) -> str:
    """Return the text of a form.

    Raises
    ------
    ValueError
        In one line with the expression that the form has no words for.
    """
    try:
        text: str = module_of("form", form).write(point)
        return text
    except NotInForm as fault:
        others = ", ".join(name for name in forms() if name != form)
        raise ValueError(f"{form} has no words for {fault}: take another form, {others}") from None
