"""What a job's results depend on besides its input files: code, pinned libraries, a user's files."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

#: Packages of this project.
OWN = ("cabin_core", "scripts")
#: Libraries whose package has another name than what is imported.
DISTRIBUTIONS = {"sklearn": "scikit-learn", "xgboost": "xgboost-cpu", "yaml": "pyyaml"}


class Code:
    """The modules of a checkout, each parsed once, and what they import.

    Parameters
    ----------
    root : Path
        Folder of the packages ``cabin_core`` and ``scripts`` and of ``constraints.txt``.

    Notes
    -----
    Imports inside of functions count, those that only type checkers see do not. A name that a package takes
    from one of its modules (``from cabin_core import CutLoss``) stands for that module: importing it runs the
    others too, but nothing of theirs is used.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._imports: dict[str, tuple[frozenset[str], frozenset[str]]] = {}
        self._closures: dict[str, frozenset[str]] = {}
        self._trees: dict[str, ast.Module] = {}
        self._bytes: dict[str, bytes] = {}
        self._pins = _pins(root / "constraints.txt")

    def file(self, module: str) -> Path | None:
        """Return the file of a module or package, None where there is none."""
        place = self.root.joinpath(*module.split("."))
        return next(
            (file for file in (place.with_suffix(".py"), place / "__init__.py") if file.is_file()), None
        )

    def closure(self, modules: Iterable[str]) -> frozenset[str]:
        """Return modules of this project and all of them that they need, each by its dotted name."""
        reached: set[str] = set()
        for module in modules:
            if module not in self._closures:
                self._closures[module] = self._reach(module)
            reached |= self._closures[module]
        return frozenset(reached)

    def libraries(self, modules: Iterable[str]) -> frozenset[str]:
        """Return what the closure of modules imports from elsewhere, the standard library included."""
        return frozenset().union(*(self._of(module)[1] for module in self.closure(modules)))

    def digest(self, *modules: str) -> str:
        """Return a digest of the code of the closure of modules and of the pins of the libraries it imports.

        Raises
        ------
        FileNotFoundError
            If there is no such module.
        """
        state = hashlib.sha256()
        for module in sorted(self.closure(modules)):
            state.update(module.encode() + b"\0" + self._content(module))
        for library in sorted(self.libraries(modules)):
            name = DISTRIBUTIONS.get(library, library).lower().replace("_", "-")
            state.update(self._pins.get(name, "").encode() + b"\0")
        return state.hexdigest()[:16]

    def _reach(self, module: str) -> frozenset[str]:
        reached: set[str] = set()
        waiting = [module]
        while waiting:
            at = waiting.pop()
            if at not in reached:
                reached.add(at)
                waiting += self._of(at)[0]
        return frozenset(reached)

    def _content(self, module: str) -> bytes:
        if module not in self._bytes:
            file = self.file(module)
            if file is None:
                raise FileNotFoundError(f"no module {module} below {self.root}")
            self._bytes[module] = file.read_bytes()
        return self._bytes[module]

    def _tree(self, module: str) -> ast.Module:
        if module not in self._trees:
            self._trees[module] = ast.parse(self._content(module))
        return self._trees[module]

    def _of(self, module: str) -> tuple[frozenset[str], frozenset[str]]:
        """Return the modules of this project and the libraries that a module imports itself."""
        if module not in self._imports:
            own: set[str] = set()
            libraries: set[str] = set()
            # A package that only hands on names needs nothing: who imports one depends on that name's module.
            statements = [] if self._is_index(module) else _imports(self._tree(module))
            for statement in statements:
                for name in self._names(module, statement):
                    top = name.partition(".")[0]
                    if top in OWN:
                        own |= self._modules_of(name)
                    else:
                        libraries.add(top)
            if "pkgutil" in libraries:  # a package that finds its modules in its folder
                own |= self._modules_inside(module)
            self._imports[module] = (frozenset(own), frozenset(libraries))
        return self._imports[module]

    def _names(self, module: str, statement: ast.Import | ast.ImportFrom) -> Iterator[str]:
        if isinstance(statement, ast.Import):
            for alias in statement.names:
                yield alias.name
                if alias.name in OWN:  # anything may then be used of it
                    yield from self._handed_on(alias.name).values()
            return
        base = statement.module or ""
        if statement.level:
            package = module.split(".") if self._is_package(module) else module.split(".")[:-1]
            package = package[: len(package) - statement.level + 1]
            base = ".".join([*package, *filter(None, [statement.module])])
        yield from (f"{base}.{alias.name}" for alias in statement.names)

    def _modules_of(self, name: str) -> set[str]:
        """Return the modules that an imported name, of a module or of something in it, stands for."""
        if self.file(name) is not None:
            modules = {name}
        else:
            holder, _, attribute = name.rpartition(".")
            if not holder or self.file(holder) is None:
                return set()
            handed_on = self._handed_on(holder).get(attribute) if self._is_package(holder) else None
            modules = {holder} if handed_on is None else {holder} | self._modules_of(handed_on)
        parents = {name.rsplit(".", level)[0] for level in range(1, name.count(".") + 1)}
        return modules | {parent for parent in parents if self.file(parent) is not None}

    def _modules_inside(self, package: str) -> set[str]:
        folder = self.root.joinpath(*package.split("."))
        return {f"{package}.{file.stem}" for file in folder.glob("*.py") if file.stem != "__init__"}

    def _is_package(self, module: str) -> bool:
        file = self.file(module)
        return file is not None and file.name == "__init__.py"

    def _is_index(self, module: str) -> bool:
        """Return whether this is a package whose own file does nothing but import names and list them."""
        return self._is_package(module) and all(
            isinstance(node, ast.ImportFrom | ast.Expr)
            or (isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__all__")
            for node in self._tree(module).body
        )

    def _handed_on(self, package: str) -> Mapping[str, str]:
        """Return, by name, what a package's own file imports."""
        return {
            alias.asname or alias.name: full
            for statement in _imports(self._tree(package))
            if isinstance(statement, ast.ImportFrom)
            for alias, full in zip(statement.names, self._names(package, statement), strict=True)
        }


def _imports(tree: ast.Module) -> Iterator[ast.Import | ast.ImportFrom]:
    """Yield the imports of a module, at its top or inside of functions, but for those of type checkers."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        elif isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING":
            waiting += node.orelse
        elif not isinstance(node, ast.expr):
            waiting += ast.iter_child_nodes(node)


def _pins(file: Path) -> dict[str, str]:
    """Return the lines of a file of pins by the name of the library."""
    lines = file.read_text().splitlines() if file.is_file() else []
    pinned = (line.partition("#")[0].strip() for line in lines)
    return {line.partition("==")[0].lower().replace("_", "-"): line for line in pinned if "==" in line}


@cache
def state_of(path: str | Path) -> str:
    """Return what changes where a file is replaced by another of its name, be it with an older date."""
    file = Path(path).expanduser()
    try:
        status = file.stat()
    except OSError:
        return "absent"
    return f"{status.st_size} bytes, {status.st_mtime_ns}"
