"""Text of an expression to a tree that holds nothing but what is allowed."""

from __future__ import annotations

import ast
import keyword
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from .expression_functions import FUNCTIONS
from .names import closest_name

MOST_CHARACTERS = 2000
MOST_LEVELS = 100
#: Least likeness of a name that may be the one that was meant.
LIKENESS = 0.6

# A text or a name in backticks is one piece; what else is found here alone has no place in an expression.
_PIECES = re.compile(r"""(?P<text>"[^"\\]*"|'[^'\\]*')|`(?P<name>[^`]*)`|(?P<other>[^ -\[\]-_a-~]|["'#])""")
#: First of the letters that stand for names in backticks, none of which an expression has otherwise.
_FIRST_LETTER = 0x4E00

_HINTS = {
    r"&&|\|\|": "write and, or",
    r"!(?!=)": "write not",
    r"(?<![=<>!])=(?!=)": "equality is ==",
    r"\?": "write where(condition, value, other value)",
    r"\$": "write sum(x), min(x), max(x) or len(x)",
    r"(?<![\w.])\d+[A-Za-z_]": "a name that begins with a digit stands in backticks",
}

_REFUSED: dict[type[ast.AST], str] = {
    ast.Lambda: "a lambda is not allowed",
    ast.ListComp: "a comprehension is not allowed",
    ast.SetComp: "a comprehension is not allowed",
    ast.DictComp: "a comprehension is not allowed",
    ast.GeneratorExp: "a comprehension is not allowed",
    ast.NamedExpr: "nothing can be assigned",
    ast.JoinedStr: "an f-string is not allowed",
    ast.IfExp: "write where(condition, value, other value)",
    ast.Slice: "a slice is not allowed: take an index or a mask",
    ast.Starred: "* before an argument is not allowed",
    ast.Tuple: "a comma separates arguments of functions only",
    ast.List: "an index or a mask follows a name, a call or parentheses",
    ast.BitXor: "^ is not allowed: a power is **",
    ast.LShift: "<< is not allowed",
    ast.RShift: ">> is not allowed: a bit is tested by & and its value, as in (flags & 4) != 0",
    ast.MatMult: "@ is not allowed",
    ast.In: "`in` is not allowed: write x == 1 or x == 2",
    ast.NotIn: "`not in` is not allowed: write x != 1 and x != 2",
    ast.Is: "`is` is not allowed: equality is ==",
    ast.IsNot: "`is not` is not allowed: write !=",
}

_OPERATORS = (
    *(ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow, ast.UAdd, ast.USub),
    *(ast.And, ast.Or, ast.Not, ast.BitAnd, ast.BitOr, ast.Invert),
    *(ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE),
)
_EXPRESSIONS = (
    *(ast.Constant, ast.Name, ast.Load, ast.Call, ast.Subscript),
    *(ast.UnaryOp, ast.BinOp, ast.BoolOp, ast.Compare),
)


@dataclass(frozen=True)
class Syntax:
    """A parsed expression.

    Parameters
    ----------
    text : str
        The expression in one line.
    code : str
        The same with names in backticks replaced by identifiers of the same length.
    quoted : dict of str
        Names by these identifiers.
    tree : ast.expr
        Holds nothing but what is allowed.
    """

    text: str
    code: str
    quoted: Mapping[str, str]
    tree: ast.expr

    @classmethod
    def parse(cls, text: str) -> Syntax:
        """Parse a text.

        Raises
        ------
        ValueError
            If it is no expression or holds what is not allowed.
        """
        text = " ".join(text.splitlines()).replace("\t", " ").strip()
        if not text:
            raise ValueError("the expression is empty")
        if len(text) > MOST_CHARACTERS:
            raise ValueError(f"{len(text)} characters are too many, at most {MOST_CHARACTERS} are taken")
        code, quoted = _without_backticks(text)
        try:
            tree = ast.parse(code, mode="eval").body
        except SyntaxError as error:
            raise ValueError(_syntax_fault(error, code)) from None
        except (RecursionError, MemoryError):
            raise ValueError(_TOO_DEEP) from None
        syntax = cls(text, code, quoted, tree)
        for node, parent in _walk(tree):
            syntax._check(node, parent)
        return syntax

    def source(self, node: ast.AST) -> str:
        """Return the part of the text of a node, shortened if it is long."""
        start, end = self._span(node)
        return shortened(self.text[start:end], 100)

    def name(self, node: ast.Name) -> str:
        """Return the name of a branch."""
        return self.quoted.get(node.id, node.id)

    def names(self) -> tuple[str, ...]:
        """Return the names of branches in the order in which they appear."""
        nodes = [
            node
            for node, parent in _walk(self.tree)
            if isinstance(node, ast.Name) and not (isinstance(parent, ast.Call) and parent.func is node)
        ]
        return tuple(
            dict.fromkeys(self.name(node) for node in sorted(nodes, key=lambda node: node.col_offset))
        )

    def _span(self, node: ast.AST) -> tuple[int, int]:
        # Offsets of ast are in bytes.
        line = self.code.encode()
        start, end = (len(line[:offset].decode()) for offset in (node.col_offset, node.end_col_offset))  # type: ignore[attr-defined]
        return start, end

    def _check(self, node: ast.AST, parent: ast.AST | None) -> None:
        """Raise ValueError if a node is not allowed."""
        if isinstance(node, ast.Attribute):
            raise ValueError(self._attribute_fault(node))
        if not isinstance(node, _OPERATORS + _EXPRESSIONS):
            what = _REFUSED.get(type(node), f"{type(node).__name__.lower()} is not allowed")
            raise ValueError(self._fault(node, what) if isinstance(node, ast.expr) else what)
        if isinstance(node, ast.Name) and not node.id.isascii() and node.id not in self.quoted:
            raise ValueError("something is missing beside a name in backticks, such as an operator")
        if isinstance(node, ast.Constant):
            self._check_constant(node, parent)
        if isinstance(node, ast.Call):
            self._check_call(node)
        if isinstance(node, ast.Compare):
            for part in (node.left, *node.comparators):
                self._check_part(part)

    def _check_constant(self, node: ast.Constant, parent: ast.AST | None) -> None:
        if isinstance(node.value, str):
            if not isinstance(parent, ast.Compare):
                raise ValueError(f"{self.source(node)} is a text: it can only be compared by == or !=")
        elif not isinstance(node.value, bool | int | float):
            raise ValueError(f"{self.source(node)} is neither a number nor a text")
        elif not np.isfinite(_as_float(node.value)):
            raise ValueError(f"{self.source(node)} is too large a number")

    def _check_call(self, node: ast.Call) -> None:
        if isinstance(node.func, ast.Attribute):
            method = node.func.attr
            hint = f": write {method}(x)" if method in FUNCTIONS else ""
            raise ValueError(self._fault(node, f"attributes are not allowed{hint}"))
        if not isinstance(node.func, ast.Name) or node.func.id in self.quoted:
            raise ValueError(f"{self.source(node.func)} is not a function")
        name = node.func.id
        if name not in FUNCTIONS:
            close = closest_name(name, FUNCTIONS, least=LIKENESS)
            meant = f"the closest is {close}" if close else f"there are {', '.join(FUNCTIONS)}"
            raise ValueError(f"unknown function {name}: {meant}")
        function = FUNCTIONS[name]
        if node.keywords:
            raise ValueError(self._fault(node, f"arguments have no names: {name}({function.arguments})"))
        if len(node.args) not in function.numbers:
            raise ValueError(
                f"{self.source(node)} has {len(node.args)} argument{'s'[: len(node.args) != 1]}: "
                f"it is {name}({function.arguments})"
            )

    def _check_part(self, part: ast.expr) -> None:
        """Raise ValueError if a part of a comparison is an ``&`` that was meant to join comparisons."""
        if isinstance(part, ast.BinOp) and isinstance(part.op, ast.BitAnd | ast.BitOr):
            start, end = self._span(part)
            before, after = self.code[:start].rstrip(), self.code[end:].lstrip()
            if not (before.endswith("(") and after.startswith(")")):
                raise ValueError(
                    f"& and | bind closer than comparisons, here as ({self.source(part)}): "
                    "put each comparison in parentheses, or write and, or"
                )

    def _attribute_fault(self, node: ast.Attribute) -> str:
        start, end = self._span(node)
        name = self.text[start:end]
        if len(name) < 100 and re.fullmatch(r"[A-Za-z_][\w.]*", name):
            return f"a name with a dot stands in backticks: `{name}`"
        return self._fault(node, "attributes are not allowed")

    def _fault(self, node: ast.AST, what: str) -> str:
        """Return what is wrong with a node, after its text unless that is all of the expression."""
        source = self.source(node)
        return what if source == self.text else f"{source}: {what}"


_TOO_DEEP = (
    f"it is nested too deeply, at most {MOST_LEVELS} levels are taken: give parts of it names of their own"
)


def _walk(tree: ast.AST) -> Iterator[tuple[ast.AST, ast.AST | None]]:
    """Yield the nodes of a tree and their parents, without recursion."""
    level: list[tuple[ast.AST, ast.AST | None]] = [(tree, None)]
    for _ in range(MOST_LEVELS):
        yield from level
        level = [(child, node) for node, _ in level for child in ast.iter_child_nodes(node)]
    if level:
        raise ValueError(_TOO_DEEP)


def _without_backticks(text: str) -> tuple[str, dict[str, str]]:
    letters: dict[str, str] = {}
    quoted: dict[str, str] = {}

    def replace(piece: re.Match[str]) -> str:
        if piece["text"]:
            return piece[0]
        if piece["other"]:
            at = piece.start() + 1
            if piece[0] in "\"'`":
                raise ValueError(f"a {piece[0]} without its end at character {at}")
            raise ValueError(
                f"the character {piece[0]!r} at {at} has no place here: odd names stand in backticks"
            )
        name = piece["name"]
        if not name:
            raise ValueError(f"an empty name in backticks at character {piece.start() + 1}")
        letter = letters.setdefault(name, chr(_FIRST_LETTER + len(letters)))
        # Of the same length, so that positions are those of the text.
        identifier = letter + "_" * (len(piece[0]) - 1)
        quoted[identifier] = name
        return identifier

    return _PIECES.sub(replace, text), quoted


def _syntax_fault(error: SyntaxError, code: str) -> str:
    bare = _PIECES.sub(lambda piece: " " * len(piece[0]), code)
    hints = [hint for pattern, hint in _HINTS.items() if re.search(pattern, bare)]
    words = [word for word in re.findall(r"\w+", bare) if keyword.iskeyword(word)]
    words = [word for word in words if word not in ("and", "or", "not", "True", "False", "None")]
    if words:
        hints.append(f"{words[0]} is a word of Python, a branch of this name stands in backticks")
    message = str(error.msg).partition(". ")[0] if hints else str(error.msg)
    position = f"at character {error.offset}" if error.offset else "at the end"
    return f"{message} {position}{''.join(f': {hint}' for hint in hints[:1])}"


def _as_float(number: float) -> float:
    try:
        return float(number)
    except OverflowError:
        return np.inf


def shortened(text: str, most: int) -> str:
    """Return a text of which the middle is left out if it has more characters than ``most``."""
    return text if len(text) <= most else f"{text[: most // 2]} ... {text[-most // 3 :]}"
