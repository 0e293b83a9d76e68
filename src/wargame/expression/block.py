"""Trees -> one generated NumPy function.

Many expressions become one function of straight-line array code, `Block`.  Every distinct
subexpression is computed once, whatever the bounds decide is decided now, and what depends on
`turn` alone stays a plain number.  The same code runs one column (a seminar) and a hundred
thousand (a batch), with the same values: everything is whole-number arithmetic.

At one column the number of NumPy calls decides the speed.  Constants are arrays without
dimensions, `k700 = array(700, int32)`: NumPy combines them with an array in half the time that
it takes for a Python number, and they never widen the result.

Running generated source is safe here because no text of an author is in it: it is put together
from the templates below, row numbers, whole numbers and names made up in this module.  It runs
without Python's builtins, with the few NumPy functions it needs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial, reduce
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from wargame.errors import Fault, SpecError
from wargame.expression.bounds import (
    BINARY,
    MIRRORED,
    NO,
    OPPOSITE,
    TRUTH,
    YES,
    Interval,
    Namespace,
    absolute,
    bounds,
    compare,
    negate,
    resolve,
)
from wargame.expression.tree import (
    COMPARISONS,
    Binary,
    Call,
    Choice,
    Compare,
    Expression,
    Logic,
    Minus,
    Node,
    Not,
    Number,
    Symbol,
)

Cells = npt.NDArray[np.signedinteger[Any]]
Kind = Literal["int", "bool"]


@dataclass(frozen=True)
class Block:
    """A generated function for many expressions: `block(c, s, turn)` -> their values in order.

    c: the world's cells, rows x n, of the dtype it was compiled for.  s: what one actor sees,
    rows x n, or None where no expression reads it.  turn: a plain number.

    Each value is an array of length n, of that dtype for "int" and of bool for "bool"; or a
    plain number (a bool counts as one) where it is the same in every run.  An array may be a row
    of `c` itself, or stand for two equal expressions: do not write into it.
    """

    name: str
    source: str
    _run: Callable[[Cells, Cells | None, int], list[Any]] = field(
        init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        names: dict[str, Any] = {"__builtins__": {}, **_VOCABULARY}
        exec(compile(self.source, f"<block {self.name}>", "exec"), names)
        object.__setattr__(self, "_run", names[_function_name(self.name)])

    def __call__(self, c: Cells, s: Cells | None, turn: int) -> list[Any]:
        return self._run(c, s, turn)

    def __reduce__(self) -> tuple[type[Block], tuple[str, str]]:
        """A block travels to another process as its source."""
        return Block, (self.name, self.source)


def tabulate(values: Sequence[Any], rows: int, n: int, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """The first `rows` values of a block as a table of its own, rows x n."""
    table = np.empty((rows, n), dtype=dtype)
    for row, value in zip(table, values, strict=False):
        row[...] = value
    return table


_VOCABULARY = {
    "absolute": np.absolute,
    "array": np.array,
    "bool_": np.bool_,
    "errstate": np.errstate,
    "int32": np.int32,
    "int64": np.int64,
    "maximum": np.maximum,
    "minimum": np.minimum,
    "where": np.where,
}


def compile_block(
    name: str,
    expressions: Sequence[tuple[Expression, Kind]],
    namespace: Namespace,
    dtype: type[np.signedinteger[Any]],
) -> Block:
    """One function for all `expressions`, each wanted as a number or as a condition.

    dtype: np.int32 or np.int64, that of the cells.  Raises SpecError for unknown names and for
    values that may not fit in dtype.
    """
    writer = _Writer(np.dtype(dtype).name, Interval(*_limits(dtype)))
    faults: list[Fault] = []
    results = []
    for expression, kind in expressions:
        try:
            results.append(writer.result(resolve(expression, namespace), kind))
        except SpecError as error:
            faults += error.faults
        except _TooWide:
            faults.append(
                Fault(
                    f"{expression.text}: values may not fit in {writer.dtype}",
                    expression.at,
                    "narrow the gauges' bounds, or divide before multiplying",
                )
            )
    if faults:
        raise SpecError(faults)
    return Block(name, writer.source(_function_name(name), results))


def _limits(dtype: type[np.signedinteger[Any]]) -> tuple[int, int]:
    info = np.iinfo(dtype)
    return int(info.min), int(info.max)


def _function_name(name: str) -> str:
    return "block_" + re.sub(r"\W", "_", name, flags=re.ASCII)


class _TooWide(Exception):
    """A value may leave the dtype."""


class _Value(NamedTuple):
    """A value in the generated function, by the text that stands for it.

    place: "constant" (known now), "scalar" (a Python number, known from `turn`) or "array".
    """

    text: str
    bounds: Interval
    kind: Kind
    place: Literal["constant", "scalar", "array"]

    @property
    def known(self) -> bool:
        return self.place == "constant"


def _constant(value: int, kind: Kind = "int") -> _Value:
    return _Value(str(value), Interval(value, value), kind, "constant")


class _Line(NamedTuple):
    name: str
    code: str
    uses: tuple[str, ...]


class _Writer:
    """Writes one function, line by line; a line that was written before is used again."""

    def __init__(self, dtype: str, limits: Interval) -> None:
        self.dtype = dtype
        self.limits = limits
        self.lines: list[_Line] = []
        self.constants: dict[str, str] = {}
        self.written: dict[str, _Value] = {}
        self.dividing: set[str] = set()  # lines in which a divisor may be 0

    # ------------------------------------------------------------------------ what is asked

    def result(self, node: Node, kind: Kind) -> _Value:
        found = bounds(node, {})
        if kind == "bool":
            found = NO if found == NO else TRUTH if 0 in found else YES
        if found.low == found.high:
            self.value(node)  # for its overflow
            return _constant(found.low)
        value = self.value(node)
        return self.truth(value) if kind == "bool" else self.number(value)

    def source(self, function: str, results: Sequence[_Value]) -> str:
        """The whole text, without the lines that turned out not to be needed."""
        needed = {result.text for result in results}
        kept = []
        for line in reversed(self.lines):
            if line.name in needed:
                needed.update(line.uses)
                kept.append(line)
        kept.reverse()
        body = []
        for line, done in zip(kept, self.last_uses(kept, results), strict=True):
            body.append(f"{line.name} = {line.code}")
            if done:
                body.append(f"del {', '.join(done)}")
        body.append(f"return [{', '.join(result.text for result in results)}]")
        if any(line.name in self.dividing for line in kept):
            # Whole-number division by 0 gives 0 in NumPy, as it does in the rule language.
            body = ["with errstate(divide='ignore'):", *(f"    {line}" for line in body)]
        head = [f"{k} = {code}" for k, code in sorted(self.constants.items()) if k in needed]
        return "\n".join(
            [*head, f"def {function}(c, s, turn):", *(f"    {line}" for line in body), ""]
        )

    def last_uses(self, kept: Sequence[_Line], results: Sequence[_Value]) -> list[list[str]]:
        """For each line, the computed values that are not needed after it.

        Given back at once, their memory is still in the cache when the next line writes to it.
        """
        waiting = {line.name for line in kept if line.uses} - {it.text for it in results}
        done: list[list[str]] = []
        for line in reversed(kept):
            done.append([use for use in dict.fromkeys(line.uses) if use in waiting])
            waiting.difference_update(line.uses)
        return done[::-1]

    # ------------------------------------------------------------------------- tree -> value

    def value(self, node: Node) -> _Value:
        match node:
            case Number(value):
                return _constant(value)
            case Symbol():
                return self.symbol(node)
            case Minus(operand):
                return self.minus(self.integer(operand))
            case Not(Compare(first, (sign,), rest)):
                return self.value(Compare(first, (OPPOSITE[sign],), rest))
            case Not(operand):
                return self.negation(self.condition(operand))
            case Binary(sign, left, right):
                return self.arithmetic(sign, self.integer(left), self.integer(right))
            case Compare(Choice(condition, Number(known), other), (sign,), (Number(limit),)):
                # A comparison with one branch already decided needs no choice, the slowest of
                # all operations; `turns_since(...) <= 4` is of this form.
                open_part = Compare(other, (sign,), (Number(limit),))
                if COMPARISONS[sign](known, limit):
                    return self.value(Logic("or", (condition, open_part)))
                return self.value(Logic("and", (Not(condition), open_part)))
            case Compare(first, signs, rest):
                sides = [self.integer(item) for item in (first, *rest)]
                pairs = zip(signs, sides, sides[1:], strict=False)
                return self.logic("and", [self.compare(*pair) for pair in pairs])
            case Logic(word, items):
                return self.logic(word, [self.condition(item) for item in items])
            case Choice(condition, then, otherwise):
                return self.choice(
                    self.condition(condition), self.value(then), self.value(otherwise)
                )
            case Call("abs", (operand,)):
                return self.absolute(self.integer(operand))
            case Call("clip", args):
                x, low, high = (self.integer(item) for item in args)
                return self.arithmetic("max", low, self.arithmetic("min", x, high))
            case Call(function, args):
                return reduce(partial(self.arithmetic, function), map(self.integer, args))
            case _:
                raise TypeError(f"not resolved: {node}")

    def integer(self, node: Node) -> _Value:
        return self.number(self.value(node))

    def condition(self, node: Node) -> _Value:
        return self.truth(self.value(node))

    # --------------------------------------------------------------------------- operations

    def symbol(self, symbol: Symbol) -> _Value:
        found = Interval(symbol.low, symbol.high)
        if found.constant:
            return _constant(symbol.low)
        if symbol.row is None:
            return _Value(symbol.array, found, "int", "scalar")
        return self.write(
            f"{symbol.array}[{symbol.row}]",
            found,
            "int",
            "array",
            (),
            name=f"{symbol.array}{symbol.row}",
        )

    def number(self, value: _Value) -> _Value:
        """A condition as 0 or 1."""
        if value.kind == "int":
            return value
        if value.known:
            return _constant(value.bounds.low)
        if value.place == "scalar":
            return self.write(f"+{value.text}", value.bounds, "int", "scalar", (value,))
        code = f"{value.text}.astype({self.dtype})"
        return self.write(code, value.bounds, "int", "array", (value,))

    def truth(self, value: _Value) -> _Value:
        """A number as a condition: whether it is not 0."""
        if value.kind == "bool":
            return value
        return self.compare("!=", value, _constant(0))

    def minus(self, a: _Value) -> _Value:
        if a.known:
            return _constant(-a.bounds.low)
        return self.write(f"-{a.text}", negate(a.bounds), "int", a.place, (a,))

    def absolute(self, a: _Value) -> _Value:
        if a.bounds.low >= 0:
            return a
        if a.bounds.high <= 0:
            return self.minus(a)
        found = absolute(a.bounds)
        if a.place == "scalar":
            return self.write(
                f"{a.text} if {a.text} >= 0 else -{a.text}", found, "int", "scalar", (a,)
            )
        return self.write(f"absolute({a.text})", found, "int", "array", (a,))

    def arithmetic(self, sign: str, a: _Value, b: _Value) -> _Value:
        """`a sign b` for + - * // %, and min and max."""
        found = BINARY[sign](a.bounds, b.bounds)
        if found.constant:
            return self.within(_constant(found.low))
        match sign:
            case "+" if b.bounds == NO:
                return a
            case "+" if a.bounds == NO:
                return b
            case "-" if b.bounds == NO:
                return a
            case "-" if a.bounds == NO:
                return self.minus(b)
            case "*" | "//" if b.bounds == YES:
                return a
            case "*" if a.bounds == YES:
                return b
            case "%" if a.bounds.low >= 0 and a.bounds.high < b.bounds.low:
                return a
            case "min" if a.bounds.high <= b.bounds.low:
                return a
            case "min" if b.bounds.high <= a.bounds.low:
                return b
            case "max" if a.bounds.low >= b.bounds.high:
                return a
            case "max" if b.bounds.low >= a.bounds.high:
                return b
        if sign in ("+", "*", "min", "max"):
            a, b = _ordered(a, b)
        if "array" in (a.place, b.place):
            x, y = self.lift(a), self.lift(b)
            code = f"{sign}imum({x}, {y})" if sign in ("min", "max") else f"{x} {sign} {y}"
            value = self.write(code, found, "int", "array", (x, y))
            if sign in ("//", "%") and 0 in b.bounds:
                self.dividing.add(value.text)
            return value
        x, y = a.text, b.text
        if sign in ("min", "max"):
            code = f"{x} if {x} {'<' if sign == 'min' else '>'} {y} else {y}"
        elif sign in ("//", "%"):
            code = f"{x} {sign} {y} if {y} else 0"
        else:
            code = f"{x} {sign} {y}"
        return self.write(code, found, "int", "scalar", (a, b))

    def compare(self, sign: str, a: _Value, b: _Value) -> _Value:
        found = compare(sign, a.bounds, b.bounds)
        if found.constant:
            return _constant(found.low, "bool")
        first, _ = _ordered(a, b)
        if first is not a:
            a, b, sign = b, a, MIRRORED[sign]
        if "array" in (a.place, b.place):
            x, y = self.lift(a), self.lift(b)
            return self.write(f"{x} {sign} {y}", TRUTH, "bool", "array", (x, y))
        return self.write(f"{a.text} {sign} {b.text}", TRUTH, "bool", "scalar", (a, b))

    def negation(self, a: _Value) -> _Value:
        if a.known:
            return _constant(1 - a.bounds.low, "bool")
        code = f"~{a.text}" if a.place == "array" else f"not {a.text}"
        return self.write(code, TRUTH, "bool", a.place, (a,))

    def logic(self, word: str, items: Sequence[_Value]) -> _Value:
        """Conditions joined by `and` or `or`."""
        decides = NO if word == "and" else YES
        if any(item.bounds == decides for item in items):
            return _constant(decides.low, "bool")
        open_items = list(dict.fromkeys(item for item in items if not item.known))
        if not open_items:
            return _constant(1 - decides.low, "bool")
        sign = "&" if word == "and" else "|"
        first, *rest = open_items
        for item in rest:
            if "array" in (first.place, item.place):
                x, y = self.lift(first), self.lift(item)
                first = self.write(f"{x} {sign} {y}", TRUTH, "bool", "array", (x, y))
            else:
                code = f"{first.text} {sign} {item.text}"
                first = self.write(code, TRUTH, "bool", "scalar", (first, item))
        return first

    def choice(self, condition: _Value, then: _Value, otherwise: _Value) -> _Value:
        if condition.known:
            return then if condition.bounds == YES else otherwise
        if then == otherwise:
            return then
        if {then.bounds, otherwise.bounds} == {YES, NO} and then.known and otherwise.known:
            return condition if then.bounds == YES else self.negation(condition)
        # A branch that is 0 needs no choice but a product, which is faster.
        if otherwise.bounds == NO:
            return self.keep(condition, then)
        if then.bounds == NO:
            return self.keep(self.negation(condition), otherwise)
        kind: Kind = "bool"
        if (then.kind, otherwise.kind) != ("bool", "bool"):
            kind, then, otherwise = "int", self.number(then), self.number(otherwise)
        found = then.bounds.join(otherwise.bounds)
        parts = (condition, then, otherwise)
        places = [part.place for part in parts]
        if "array" not in places:
            code = f"{then.text} if {condition.text} else {otherwise.text}"
            return self.write(code, found, kind, "scalar", parts)
        if condition.place == "scalar" and places[1:] == ["array", "array"]:
            code = f"{then.text} if {condition.text} else {otherwise.text}"
            return self.write(code, found, kind, "array", parts)
        lifted = [self.lift(part) for part in parts]
        return self.write(f"where({', '.join(lifted)})", found, kind, "array", lifted)

    def keep(self, condition: _Value, value: _Value) -> _Value:
        """`value if condition else 0`."""
        if value.kind == "bool":
            return self.logic("and", [condition, value])
        return self.arithmetic("*", self.number(condition), value)

    # -------------------------------------------------------------------------------- lines

    def lift(self, value: _Value) -> str:
        """The name of `value` as an operand of array code."""
        if value.place == "array":
            return value.text
        dtype = "bool_" if value.kind == "bool" else self.dtype
        if value.place == "scalar":
            code = f"array({value.text}, {dtype})"
            return self.write(code, value.bounds, value.kind, "array", (value,)).text
        self.within(value)
        number = value.bounds.low
        if value.kind == "bool":
            name = "yes" if number else "no"
        else:
            name = f"k{number}" if number >= 0 else f"minus{-number}"
        self.constants[name] = f"array({number}, {dtype})"
        return name

    def write(
        self,
        code: str,
        found: Interval,
        kind: Kind,
        place: Literal["constant", "scalar", "array"],
        uses: Sequence[_Value | str],
        name: str = "",
    ) -> _Value:
        """The value of `code`: a new line, or the one that already computes it."""
        if code not in self.written:
            value = _Value(name or f"v{len(self.written)}", found, kind, place)
            self.within(value)
            texts = tuple(use if isinstance(use, str) else use.text for use in uses)
            self.lines.append(_Line(value.text, code, texts))
            self.written[code] = value
        return self.written[code]

    def within(self, value: _Value) -> _Value:
        if not value.bounds.within(self.limits):
            raise _TooWide
        return value


def _ordered(a: _Value, b: _Value) -> tuple[_Value, _Value]:
    """The two sides of something that may be turned round, always in the same order."""
    return (a, b) if (a.known, a.text) <= (b.known, b.text) else (b, a)
