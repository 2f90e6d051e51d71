"""Dependencies of a job besides its input files: code, pinned libraries and files of the user."""

from __future__ import annotations

import ast
import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

#: Packages of this project.
OWN = ("cabin_core", "scripts")
#: Packages whose name differs from that of the imported module.
DISTRIBUTIONS = {"sklearn": "scikit-learn", "xgboost": "xgboost-cpu", "yaml": "pyyaml"}


class Code:
    """The modules of a checkout, each parsed once, and their imports.

    Parameters
    ----------
    root : Path
        Folder of the packages ``cabin_core`` and ``scripts`` and of ``constraints.txt``.

    Notes
    -----
    Imports inside functions count; those for type checkers do not. A name that a package imports from one of
    its modules (``from cabin_core import CutLoss``) counts as that module. Python also runs the other modules
    of the package, but nothing of them is used.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._imports: dict[str, tuple[frozenset[str], frozenset[str]]] = {}
        self._closures: dict[str, frozenset[str]] = {}
        self._trees: dict[str, ast.Module] = {}
        self._bytes: dict[str, bytes] = {}
        self._pins = _pins(root / "constraints.txt")

    def file(self, module: str) -> Path | None:
        """Return the file of a module or package; None if there is none."""
        place = self.root.joinpath(*module.split("."))
        return next(
            (file for file in (place.with_suffix(".py"), place / "__init__.py") if file.is_file()), None
        )

    def closure(self, modules: Iterable[str]) -> frozenset[str]:
        """Return the given modules and all modules of this project that they import, by dotted name."""
        reached: set[str] = set()
        for module in modules:
            if module not in self._closures:
                self._closures[module] = self._reach(module)
            reached |= self._closures[module]
        return frozenset(reached)

    def libraries(self, modules: Iterable[str]) -> frozenset[str]:
        """Return what the closure of modules imports from outside, including the standard library."""
        return frozenset().union(*(self._of(module)[1] for module in self.closure(modules)))

    def digest(self, *modules: str) -> str:
        """Return a digest of the code in the closure of modules and of the pins of its libraries.

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
        """Return the modules of this project and the libraries that a module itself imports."""
        if module not in self._imports:
            own: set[str] = set()
            libraries: set[str] = set()
            # A package that only re-exports names has no dependencies: users of a name depend on its module.
            statements = [] if self._is_index(module) else _imports(self._tree(module))
            for statement in statements:
                for name in self._names(module, statement):
                    top = name.partition(".")[0]
                    if top in OWN:
                        own |= self._modules_of(name)
                    else:
                        libraries.add(top)
            if "pkgutil" in libraries:  # this package finds its modules by listing its folder
                own |= self._modules_inside(module)
            self._imports[module] = (frozenset(own), frozenset(libraries))
        return self._imports[module]

    def _names(self, module: str, statement: ast.Import | ast.ImportFrom) -> Iterator[str]:
        if isinstance(statement, ast.Import):
            for alias in statement.names:
                yield alias.name
                if alias.name in OWN:  # any of its modules can then be used
                    yield from self._handed_on(alias.name).values()
            return
        base = statement.module or ""
        if statement.level:
            package = module.split(".") if self._is_package(module) else module.split(".")[:-1]
            package = package[: len(package) - statement.level + 1]
            base = ".".join([*package, *filter(None, [statement.module])])
        yield from (f"{base}.{alias.name}" for alias in statement.names)

    def _modules_of(self, name: str) -> set[str]:
        """Return the modules for an imported name, which is a module or an object in one."""
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
        """Return whether this is a package whose own file only hands on names of its modules.

        It imports and lists them, or has a ``__getattr__`` that imports them when they are used.
        """
        body = self._tree(module).body
        return self._is_package(module) and (
            any(isinstance(node, ast.FunctionDef) and node.name == "__getattr__" for node in body)
            or all(
                isinstance(node, ast.ImportFrom | ast.Expr)
                or (isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__all__")
                for node in body
            )
        )

    def _handed_on(self, package: str) -> Mapping[str, str]:
        """Return the imports of a package's own file, by name; also those that only type checkers run."""
        return {
            alias.asname or alias.name: full
            for statement in _imports(self._tree(package), for_types=True)
            if isinstance(statement, ast.ImportFrom)
            for alias, full in zip(statement.names, self._names(package, statement), strict=True)
        }


def _imports(tree: ast.Module, *, for_types: bool = False) -> Iterator[ast.Import | ast.ImportFrom]:
    """Yield the imports of a module, also inside functions; those for type checkers only if asked for."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        elif isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING":
            waiting += [*node.orelse, *(node.body if for_types else [])]
        elif not isinstance(node, ast.expr):
            waiting += ast.iter_child_nodes(node)


def _pins(file: Path) -> dict[str, str]:
    """Return the lines of a file of pinned versions, by the name of the library."""
    lines = file.read_text().splitlines() if file.is_file() else []
    pinned = (line.partition("#")[0].strip() for line in lines)
    return {line.partition("==")[0].lower().replace("_", "-"): line for line in pinned if "==" in line}


@cache
def state_of(path: str | Path) -> str:
    """Return a state of a file that changes if it is replaced, also by a file with an older date."""
    file = Path(os.path.expanduser(path))
    try:
        status = file.stat()
    except OSError:
        return "absent"
    return f"{status.st_size} bytes, {status.st_mtime_ns}"
