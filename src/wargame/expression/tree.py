"""The tree of an expression, its text, and its meaning for one run.

`evaluate` is the meaning of the language written out in Python's own integers; the array code
of `block` is tested against it.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from wargame.errors import Mark

MANY: Final = 1_000  # the limits of the reader are reached first
# How many values each arithmetic function takes: least and most.
FUNCTIONS: Final[Mapping[str, tuple[int, int]]] = {
    "min": (2, MANY),
    "max": (2, MANY),
    "abs": (1, 1),
    "clip": (3, 3),
}
# What each question about the world is asked of.
QUERIES: Final[Mapping[str, tuple[str, ...]]] = {
    "stage": ("actor", "actor"),
    "heat": ("actor", "actor"),
    "leverage": ("actor", "actor"),
    "played": ("actor", "move"),
    "turns_since": ("actor", "move"),
    "times": ("actor", "move"),
}
TURN: Final = "turn"


# --------------------------------------------------------------------------------- the tree


@dataclass(frozen=True, slots=True)
class Number:
    """A whole number, negative ones included."""

    value: int


@dataclass(frozen=True, slots=True)
class Name:
    """A gauge by its dotted name, or `turn`; `column` is where it stands in its text."""

    text: str
    column: int = field(default=0, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Query:
    """A question about the world: `stage(usa, russia)`, `played(russia, annex)`."""

    function: str
    args: tuple[str, ...]
    column: int = field(default=0, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Symbol:
    """Where a name is found when the engine runs, and the bounds of its value.

    array: name of an array argument ("c" the world's cells, "s" what an actor sees); its row
    `row` holds the value, one column a run.  Or "turn" with row None: a plain number.
    """

    array: str
    row: int | None
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Minus:
    operand: Node


@dataclass(frozen=True, slots=True)
class Not:
    operand: Node


@dataclass(frozen=True, slots=True)
class Binary:
    """`left operator right` with one of + - * // %."""

    operator: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Compare:
    """A comparison or a chain of them: `first operators[0] rest[0] operators[1] rest[1] ...`."""

    first: Node
    operators: tuple[str, ...]
    rest: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Logic:
    """Two or more items joined by one word, `and` or `or`."""

    word: str
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """`then if condition else otherwise`."""

    condition: Node
    then: Node
    otherwise: Node


@dataclass(frozen=True, slots=True)
class Call:
    """min, max, abs or clip of values."""

    function: str
    args: tuple[Node, ...]


Node = Number | Name | Query | Symbol | Minus | Not | Binary | Compare | Logic | Choice | Call


def children(node: Node) -> tuple[Node, ...]:
    """The nodes directly under `node`, in the order they are written."""
    match node:
        case Minus(operand) | Not(operand):
            return (operand,)
        case Binary(_, left, right):
            return (left, right)
        case Compare(first, _, rest):
            return (first, *rest)
        case Logic(_, items) | Call(_, items):
            return items
        case Choice(condition, then, otherwise):
            return (then, condition, otherwise)
        case _:
            return ()


def walk(node: Node) -> Iterator[Node]:
    """`node` and everything under it."""
    stack = [node]
    while stack:
        here = stack.pop()
        yield here
        stack.extend(reversed(children(here)))


def with_children(node: Node, parts: Sequence[Node]) -> Node:
    """The same kind of node over other children, given in the order of `children`."""
    match node:
        case Minus():
            return negative(parts[0])
        case Not():
            return Not(parts[0])
        case Binary(sign):
            return Binary(sign, parts[0], parts[1])
        case Compare(_, signs):
            return Compare(parts[0], signs, tuple(parts[1:]))
        case Logic(word):
            return Logic(word, tuple(parts))
        case Call(function):
            return Call(function, tuple(parts))
        case Choice():
            then, condition, otherwise = parts
            return Choice(condition, then, otherwise)
        case _:
            return node


def rebuild(node: Node, leaf: Callable[[Node], Node]) -> Node:
    """The same tree with every leaf replaced by what `leaf` makes of it."""
    parts = children(node)
    return with_children(node, [rebuild(part, leaf) for part in parts]) if parts else leaf(node)


def negative(node: Node) -> Node:
    """Minus `node`; a literal takes the sign into itself, so that `-5` is one number."""
    return Number(-node.value) if isinstance(node, Number) else Minus(node)


# --------------------------------------------------------------------------- tree -> text

# How tightly each kind of node holds together; a looser one inside needs parentheses.
_CHOICE, _OR, _AND, _NOT, _COMPARE, _SUM, _PRODUCT, _SIGN, _ATOM = range(9)


def _binding(node: Node) -> int:
    match node:
        case Choice():
            return _CHOICE
        case Logic(word, _):
            return _AND if word == "and" else _OR
        case Not():
            return _NOT
        case Compare():
            return _COMPARE
        case Binary(sign, _, _):
            return _SUM if sign in "+-" else _PRODUCT
        case Minus():
            return _SIGN
        case Number(value):
            return _SIGN if value < 0 else _ATOM
        case _:
            return _ATOM


def show(node: Node, binding: int = _CHOICE) -> str:
    """The text of a tree, with only the parentheses it needs; parsing it gives the tree back."""
    here = _binding(node)
    match node:
        case Number(value):
            text = str(value)
        case Name(text):
            pass
        case Query(function, names):
            text = f"{function}({', '.join(names)})"
        case Symbol(array, row, _, _):
            text = array if row is None else f"{array}[{row}]"
        case Minus(operand):
            text = "-" + show(operand, here)
        case Not(operand):
            text = "not " + show(operand, here)
        case Binary(sign, left, right):
            text = f"{show(left, here)} {sign} {show(right, here + 1)}"
        case Compare(first, signs, rest):
            text = show(first, here + 1)
            for sign, item in zip(signs, rest, strict=True):
                text += f" {sign} {show(item, here + 1)}"
        case Logic(word, items):
            text = f" {word} ".join(show(item, here + 1) for item in items)
        case Choice(condition, then, otherwise):
            text = f"{show(then, _OR)} if {show(condition, _OR)} else {show(otherwise, here)}"
        case Call(function, args):
            text = f"{function}({', '.join(map(show, args))})"
    return text if here >= binding else f"({text})"


def place(at: Mark | None, text: str, column: int) -> Mark:
    """Where character `column` (from 0) of `text` stands, when its first stands at `at`.

    Of a text of several lines only the beginning is known: YAML has taken its indentation away.
    """
    if at is None:
        return Mark("rule", 1, column + 1)
    return at if "\n" in text.strip() else replace(at, column=at.column + column)


# ------------------------------------------------------------------------------ Expression


@dataclass(frozen=True, slots=True)
class Expression:
    """One parsed expression.  Two are equal when their trees are.

    text: what the author wrote.  at: where its first character stands, if it came from a file.
    """

    node: Node
    text: str = field(compare=False)
    at: Mark | None = field(default=None, compare=False)

    def __str__(self) -> str:
        """Normalised text: parses back to an equal expression."""
        return show(self.node)

    def names(self) -> frozenset[str]:
        """The gauges it reads, `seen.` included as written; `turn` is not a gauge."""
        found = {node.text for node in walk(self.node) if isinstance(node, Name)}
        return frozenset(found - {TURN})

    def calls(self) -> frozenset[tuple[str, tuple[str, ...]]]:
        """The questions it asks of the world: ("stage", ("usa", "russia")) and the like."""
        return frozenset(
            (node.function, node.args) for node in walk(self.node) if isinstance(node, Query)
        )

    def substitute(self, actors: Mapping[str, str]) -> Expression:
        """Rename actors: {"self": "russia"} makes `self.readiness` into `russia.readiness`.

        In a dotted name the first part is the actor, or the second after `seen`; in a question
        the arguments that stand for actors.  A move that happens to be called so keeps its name.
        """

        def renamed(node: Node) -> Node:
            match node:
                case Name(text, column):
                    parts = text.split(".")
                    at = 1 if parts[0] == "seen" and len(parts) > 1 else 0
                    if len(parts) > at + 1:
                        parts[at] = actors.get(parts[at], parts[at])
                    return Name(".".join(parts), column)
                case Query(function, names, column):
                    kinds = QUERIES[function]
                    return Query(
                        function,
                        tuple(
                            actors.get(name, name) if kind == "actor" else name
                            for kind, name in zip(kinds, names, strict=True)
                        ),
                        column,
                    )
                case _:
                    return node

        return self._with(rebuild(self.node, renamed))

    def bind(self, meanings: Mapping[str, Node]) -> Expression:
        """Replace names by trees: {"last": Symbol(...)}.  Other names stay."""

        def bound(node: Node) -> Node:
            return meanings.get(node.text, node) if isinstance(node, Name) else node

        return self._with(rebuild(self.node, bound))

    def _with(self, node: Node) -> Expression:
        return self if node == self.node else replace(self, node=node, text=show(node))


# ---------------------------------------------------------------------------- one run alone


def floor_divide(left: int, right: int) -> int:
    """left // right, and 0 when right is 0."""
    return left // right if right else 0


def remainder(left: int, right: int) -> int:
    """left % right, and 0 when right is 0."""
    return left % right if right else 0


ARITHMETIC: Final[Mapping[str, Callable[[int, int], int]]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "//": floor_divide,
    "%": remainder,
}
COMPARISONS: Final[Mapping[str, Callable[[int, int], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}


def evaluate(expression: Expression, lookup: Callable[[str], int]) -> int:
    """The value in one run, in Python's own integers.

    lookup: from the normalised text of a name or a question ("front.momentum", "turn",
    "stage(usa, russia)") to its value.
    """
    return _value(expression.node, lookup)


def _value(node: Node, lookup: Callable[[str], int]) -> int:
    match node:
        case Number(value):
            return value
        case Minus(operand):
            return -_value(operand, lookup)
        case Not(operand):
            return int(not _value(operand, lookup))
        case Binary(sign, left, right):
            return ARITHMETIC[sign](_value(left, lookup), _value(right, lookup))
        case Compare(first, signs, rest):
            sides = [_value(item, lookup) for item in (first, *rest)]
            pairs = zip(sides, signs, sides[1:], strict=False)
            return int(all(COMPARISONS[sign](a, b) for a, sign, b in pairs))
        case Logic(word, items):
            truths = (bool(_value(item, lookup)) for item in items)
            return int(all(truths) if word == "and" else any(truths))
        case Choice(condition, then, otherwise):
            return _value(then if _value(condition, lookup) else otherwise, lookup)
        case Call(function, args):
            values = [_value(item, lookup) for item in args]
            match function:
                case "min":
                    return min(values)
                case "max":
                    return max(values)
                case "abs":
                    return abs(values[0])
                case _:
                    value, low, high = values
                    return max(low, min(value, high))
        case _:
            return lookup(show(node))
