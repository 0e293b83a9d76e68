"""What can be known of an expression before any run: its names, its bounds, its truth.

Interval arithmetic over the bounds of the gauges.  Two readings of one tree:

- `interval` asks which values the result can take.  Conditions narrow what they speak of:
  in `x > 700 and x < 300` the second comparison is read knowing that x is above 700, so the
  whole is known to be 0 for ever.
- `widest` asks which values can occur on the way.  Array code computes both branches of a
  choice in every run, so here nothing is narrowed.

Every bound is safe: no value can lie outside.  It need not be tight, since a name that occurs
twice counts as two names (`x - x` reaches from -1000 to 1000), and so do the values of `x * 2`
count as all that lie between the ends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum
from functools import partial, reduce
from typing import Final, NamedTuple, Protocol

from wargame.errors import Fault, Mark, SpecError, nearest
from wargame.expression.tree import (
    Binary,
    Call,
    Choice,
    Compare,
    Expression,
    Logic,
    Minus,
    Name,
    Node,
    Not,
    Number,
    Query,
    Symbol,
    children,
    place,
    show,
    with_children,
)

# A name may stand for a whole tree (a derived gauge), and that for others.
MAX_WRITTEN_OUT: Final = 2_000
MAX_WRITTEN_DEPTH: Final = 100

Meaning = Symbol | int | Node | None


class Namespace(Protocol):
    """What the names in an expression stand for; filled in by whoever compiles a scenario.

    A meaning is a Symbol (found in an array), an int (the same in every run), a tree of nodes
    (written out in place, its own names read in the same namespace), or None: unknown.
    """

    def symbol(self, name: str) -> Meaning:
        """Of a gauge or `turn`; the latter is Symbol("turn", None, 1, horizon)."""

    def call(self, function: str, args: tuple[str, ...]) -> Meaning:
        """Of a question such as ("stage", ("usa", "russia"))."""

    def names(self) -> Iterable[str]:
        """Everything that may be written, for hints: "front.momentum", "stage(usa, russia)"."""


# --------------------------------------------------------------------------------- intervals


class Interval(NamedTuple):
    """All whole numbers from `low` to `high`, both included."""

    low: int
    high: int

    def __contains__(self, value: object) -> bool:
        return isinstance(value, int) and self.low <= value <= self.high

    @property
    def constant(self) -> bool:
        return self.low == self.high

    def join(self, other: Interval) -> Interval:
        """The smallest interval around both."""
        return Interval(min(self.low, other.low), max(self.high, other.high))

    def within(self, other: Interval) -> bool:
        return other.low <= self.low and self.high <= other.high


TRUTH: Final = Interval(0, 1)
NO: Final = Interval(0, 0)
YES: Final = Interval(1, 1)
INT64: Final = Interval(-(2**63), 2**63 - 1)


def _hull(values: Iterable[int]) -> Interval:
    found = tuple(values)
    return Interval(min(found), max(found))


def add(a: Interval, b: Interval) -> Interval:
    return Interval(a.low + b.low, a.high + b.high)


def subtract(a: Interval, b: Interval) -> Interval:
    return Interval(a.low - b.high, a.high - b.low)


def multiply(a: Interval, b: Interval) -> Interval:
    return _hull(x * y for x in a for y in b)


def _divisors(b: Interval) -> tuple[Interval | None, Interval | None]:
    """The negative and the positive part of a divisor."""
    below = Interval(b.low, min(b.high, -1)) if b.low < 0 else None
    above = Interval(max(b.low, 1), b.high) if b.high > 0 else None
    return below, above


def floor_divide(a: Interval, b: Interval) -> Interval:
    """For one sign of the divisor the quotient is monotone in each side: corners suffice."""
    parts = [part for part in _divisors(b) if part is not None]
    quotients = [x // y for x in a for part in parts for y in part]
    return _hull([*quotients, 0] if 0 in b else quotients)


def remainder(a: Interval, b: Interval) -> Interval:
    below, above = _divisors(b)
    parts = [NO] if 0 in b else []
    if above is not None:
        parts.append(_remainder(a, above))
    if below is not None:  # x % -y == -(-x % y)
        parts.append(negate(_remainder(negate(a), negate(below))))
    return _hull(x for part in parts for x in part)


def _remainder(a: Interval, b: Interval) -> Interval:
    """Of a positive divisor: below it, and unchanged where the left side is already below."""
    if b.constant and a.low // b.low == a.high // b.low:
        return Interval(a.low % b.low, a.high % b.low)
    if a.low >= 0:
        return a if a.high < b.low else Interval(0, min(a.high, b.high - 1))
    return Interval(0, b.high - 1)


def negate(a: Interval) -> Interval:
    return Interval(-a.high, -a.low)


def absolute(a: Interval) -> Interval:
    if 0 in a:
        return Interval(0, max(-a.low, a.high))
    return a if a.low > 0 else negate(a)


def minimum(a: Interval, b: Interval) -> Interval:
    return Interval(min(a.low, b.low), min(a.high, b.high))


def maximum(a: Interval, b: Interval) -> Interval:
    return Interval(max(a.low, b.low), max(a.high, b.high))


def clip(a: Interval, low: Interval, high: Interval) -> Interval:
    return maximum(low, minimum(a, high))


BINARY: Final[Mapping[str, Callable[[Interval, Interval], Interval]]] = {
    "+": add,
    "-": subtract,
    "*": multiply,
    "//": floor_divide,
    "%": remainder,
    "min": minimum,
    "max": maximum,
}
# What turns a comparison into its opposite, and what reads it from the right.
OPPOSITE: Final = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}
MIRRORED: Final = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}


def compare(sign: str, a: Interval, b: Interval) -> Interval:
    """Whether `a sign b` holds: YES, NO or TRUTH for either."""
    match sign:
        case "<":
            return YES if a.high < b.low else NO if a.low >= b.high else TRUTH
        case "<=":
            return YES if a.high <= b.low else NO if a.low > b.high else TRUTH
        case ">" | ">=":
            return compare(MIRRORED[sign], b, a)
        case "==":
            if a.high < b.low or b.high < a.low:
                return NO
            return YES if a.constant and a == b else TRUTH
        case _:
            return subtract(YES, compare("==", a, b))


# ------------------------------------------------------------------------- names -> symbols


def resolve(expression: Expression, namespace: Namespace) -> Node:
    """The tree with every name and question replaced by what it stands for.

    Raises SpecError with one Fault for each that is unknown, and when derived names written
    out grow beyond all measure (as they do when they read each other in a circle).
    """
    resolver = _Resolver(expression.at, expression.text, namespace)
    node = resolver.tree(expression.node, 1)
    if resolver.faults:
        raise SpecError(resolver.faults)
    return node


class _Resolver:
    def __init__(self, at: Mark | None, text: str, namespace: Namespace) -> None:
        self.at, self.text, self.namespace = at, text, namespace
        self.faults: list[Fault] = []
        self.written = 0

    def tree(self, node: Node, depth: int) -> Node:
        self.written += 1
        if self.written > MAX_WRITTEN_OUT or depth > MAX_WRITTEN_DEPTH:
            raise SpecError(
                [Fault(f"{self.text}: with its derived names written out it has no end", self.at)]
            )
        match node:
            case Name(text, column):
                return self.meaning(node, self.namespace.symbol(text), column, depth)
            case Query(function, args, column):
                return self.meaning(node, self.namespace.call(function, args), column, depth)
            case _:
                return with_children(node, [self.tree(n, depth + 1) for n in children(node)])

    def meaning(self, node: Name | Query, found: Meaning, column: int, depth: int) -> Node:
        if isinstance(found, Symbol):
            return found
        if isinstance(found, int):
            return Number(found)
        if found is not None:
            return self.tree(found, depth + 1)
        word = show(node)
        known = [name for name in self.namespace.names() if ("(" in name) == ("(" in word)]
        mark = place(self.at, self.text, column)
        self.faults.append(Fault(f"unknown name {word}", mark, nearest(word, known)))
        return Number(0)


# --------------------------------------------------------------------------------- narrowing

# What is known of symbols beyond their own bounds, where a condition holds; None: never holds.
Known = dict[Symbol, Interval]


def interval(expression: Expression, namespace: Namespace) -> Interval:
    """The bounds of the result.  Raises SpecError for unknown names."""
    return bounds(resolve(expression, namespace), {})


class Truth(Enum):
    """Whether a condition holds: in every run, in none, or (for all we know) in some."""

    ALWAYS = "always"
    NEVER = "never"
    SOMETIMES = "sometimes"


def truth(expression: Expression, namespace: Namespace) -> Truth:
    """Whether the expression is ever, always or sometimes other than 0."""
    found = interval(expression, namespace)
    if 0 not in found:
        return Truth.ALWAYS
    return Truth.NEVER if found == NO else Truth.SOMETIMES


def bounds(node: Node, known: Known) -> Interval:
    """The bounds of a resolved tree, given what is known where it is read."""
    match node:
        case Number(value):
            return Interval(value, value)
        case Symbol(_, _, low, high):
            return known.get(node, Interval(low, high))
        case Choice(condition, then, otherwise):
            holds, fails = split(condition, known)
            ways = [bounds(then, holds)] if holds is not None else []
            ways += [bounds(otherwise, fails)] if fails is not None else []
            return _hull(end for way in ways for end in way)
        case Not() | Compare() | Logic():
            holds, fails = split(node, known)
            return NO if holds is None else YES if fails is None else TRUTH
        case _:
            return step(node, [bounds(part, known) for part in children(node)])


def step(node: Node, parts: Sequence[Interval]) -> Interval:
    """The bounds of one node from those of its children, nothing narrowed."""
    match node:
        case Number(value):
            return Interval(value, value)
        case Symbol(_, _, low, high):
            return Interval(low, high)
        case Minus():
            return negate(parts[0])
        case Call("abs"):
            return absolute(parts[0])
        case Call("clip"):
            return clip(*parts)
        case Binary(name) | Call(name):
            return reduce(BINARY[name], parts)
        case Choice():
            return parts[0].join(parts[2])
        case _:
            return TRUTH


def split(node: Node, known: Known) -> tuple[Known | None, Known | None]:
    """What is known besides where `node` is true, and where it is false."""
    match node:
        case Not(operand):
            holds, fails = split(operand, known)
            return fails, holds
        case Logic("and", items):
            return _all([partial(split, item) for item in items], known)
        case Logic(_, items):  # a or b == not (not a and not b)
            return split(Not(Logic("and", tuple(map(Not, items)))), known)
        case Compare(first, signs, rest):
            # The sides are bounded once, not once for each comparison they stand in: nested
            # chains would double the work at every level.
            sides = [(item, bounds(item, known)) for item in (first, *rest)]
            pairs = zip(sides, signs, sides[1:], strict=False)
            return _all([partial(_split_pair, *pair) for pair in pairs], known)
        case Symbol():
            return _split_pair((node, bounds(node, known)), "!=", (Number(0), NO), known)
        case _:
            found = bounds(node, known)
            return (None if found == NO else known), (known if 0 in found else None)


def _all(
    conditions: list[Callable[[Known], tuple[Known | None, Known | None]]], known: Known
) -> tuple[Known | None, Known | None]:
    """All of the conditions: each is read where those before it hold."""
    where: Known | None = known
    failing: list[Known] = []
    for condition in conditions:
        if where is None:
            break
        where, fails = condition(where)
        if fails is not None:
            failing.append(fails)
    return where, _either(failing)


def _either(ways: list[Known]) -> Known | None:
    """What is known when one of several things is the case."""
    if not ways:
        return None
    first, *rest = ways
    return {
        symbol: _hull(end for way in ways for end in way[symbol])
        for symbol in first
        if all(symbol in way for way in rest)
    }


def _split_pair(
    left: tuple[Node, Interval], sign: str, right: tuple[Node, Interval], known: Known
) -> tuple[Known | None, Known | None]:
    """Of one comparison; each side is a node and its bounds."""
    return _assume(left, sign, right, known), _assume(left, OPPOSITE[sign], right, known)


def _assume(
    left: tuple[Node, Interval], sign: str, right: tuple[Node, Interval], known: Known
) -> Known | None:
    """What is known where `left sign right` holds; None where it cannot."""
    (a, a_bounds), (b, b_bounds) = left, right
    # A chain computes its sides once; what its first comparisons taught is in `known`.
    a_bounds = known.get(a, a_bounds) if isinstance(a, Symbol) else a_bounds
    b_bounds = known.get(b, b_bounds) if isinstance(b, Symbol) else b_bounds
    if a == b:
        return known if sign in ("<=", ">=", "==") else None
    a_narrow, b_narrow = (
        _narrow(a_bounds, sign, b_bounds),
        _narrow(b_bounds, MIRRORED[sign], a_bounds),
    )
    if a_narrow is None or b_narrow is None:
        return None
    learned = {}
    if isinstance(a, Symbol):
        learned[a] = a_narrow
    if isinstance(b, Symbol):
        learned[b] = b_narrow
    return {**known, **learned}


def _narrow(a: Interval, sign: str, b: Interval) -> Interval | None:
    """The part of `a` from which `a sign b` can hold."""
    low, high = a
    match sign:
        case "<":
            high = min(high, b.high - 1)
        case "<=":
            high = min(high, b.high)
        case ">":
            low = max(low, b.low + 1)
        case ">=":
            low = max(low, b.low)
        case "==":
            low, high = max(low, b.low), min(high, b.high)
        case _:
            if b.constant:
                low += low == b.low
                high -= high == b.low
    return Interval(low, high) if low <= high else None


# ---------------------------------------------------------------------------------- overflow


def widest(expression: Expression, namespace: Namespace) -> Interval:
    """Bounds of every value that occurs on the way, in either branch of every choice.

    Raises SpecError for unknown names.
    """
    return _widest(resolve(expression, namespace))[1]


def _widest(node: Node) -> tuple[Interval, Interval]:
    """Bounds of the value without narrowing, and of everything under it."""
    parts = [_widest(part) for part in children(node)]
    here = step(node, [value for value, _ in parts])
    around = here
    for _, part in parts:
        around = around.join(part)
    return here, around


def check(expression: Expression, namespace: Namespace) -> list[Fault]:
    """Every fault of an expression: unknown names, and values that may leave 64 bits."""
    try:
        found = widest(expression, namespace)
    except SpecError as error:
        return list(error.faults)
    if found.within(INT64):
        return []
    digits = len(str(max(-found.low, found.high)))
    return [
        Fault(
            f"{expression.text}: values may have {digits} digits, more than 64 bits hold",
            expression.at,
            "narrow the gauges' bounds, or divide before multiplying",
        )
    ]
