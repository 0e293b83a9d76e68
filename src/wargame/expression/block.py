"""Trees -> straight-line code over arrays of runs.

Many expressions become one `Block`: a list of operations, each of which takes values that stand
before it.  Every distinct subexpression is computed once, and whatever the bounds decide is
decided now.  The same operations are carried out here with NumPy, one whole array at a time, and
by the native machine (`wargame.backends`), with the same values: everything is whole-number
arithmetic.  A block is plain data; nothing in it is ever executed as Python.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
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


class Op(IntEnum):
    """What a step computes from the values x, y, z it names; p and q are conditions.

    The numbers are part of the meaning of a stored program: append, never renumber.
    """

    CELL = 0  # a row of the world's cells
    SIGHT = 1  # a row of what an actor sees
    TURN = 2
    CONSTANT = 3
    ADD = 4  # x + y
    SUB = 5  # x - y
    MUL = 6  # x * y
    DIV = 7  # x // y, rounded down, and 0 where y is 0
    MOD = 8  # x % y, with the sign of y, and 0 where y is 0
    MIN = 9
    MAX = 10
    NEG = 11  # -x
    ABS = 12  # |x|
    LT = 13  # x < y
    LE = 14
    GT = 15
    GE = 16
    EQ = 17
    NE = 18
    AND = 19  # p and q
    OR = 20  # p or q
    NOT = 21  # not p
    NUM = 22  # p as 1 or 0
    KEEP = 23  # y where p, else 0
    CHOOSE = 24  # y where p, else z


SIGNS = {
    **{"+": Op.ADD, "-": Op.SUB, "*": Op.MUL, "//": Op.DIV, "%": Op.MOD},
    **{"min": Op.MIN, "max": Op.MAX},
    **{"<": Op.LT, "<=": Op.LE, ">": Op.GT, ">=": Op.GE, "==": Op.EQ, "!=": Op.NE},
}


def _cell() -> None:
    """Stands for a row of the cells, `_sight` for one of the sights, `_turn` for the turn."""


def _sight() -> None: ...


def _turn() -> None: ...


_CALLS: dict[Op, Callable[..., Any]] = {
    Op.ADD: np.add,
    Op.SUB: np.subtract,
    Op.MUL: np.multiply,
    Op.DIV: np.floor_divide,
    Op.MOD: np.remainder,
    Op.MIN: np.minimum,
    Op.MAX: np.maximum,
    Op.NEG: np.negative,
    Op.ABS: np.absolute,
    Op.LT: np.less,
    Op.LE: np.less_equal,
    Op.GT: np.greater,
    Op.GE: np.greater_equal,
    Op.EQ: np.equal,
    Op.NE: np.not_equal,
    Op.AND: np.bitwise_and,
    Op.OR: np.bitwise_or,
    Op.NOT: np.logical_not,
    Op.KEEP: np.multiply,
    Op.CHOOSE: np.where,
    Op.CELL: _cell,
    Op.SIGHT: _sight,
    Op.TURN: _turn,
}


class Step(NamedTuple):
    """One operation; x, y and z are places of earlier steps, -1 where there is none.

    Of CELL and SIGHT x is the row, of CONSTANT the number itself.
    """

    op: Op
    x: int = -1
    y: int = -1
    z: int = -1


@dataclass(frozen=True)
class Block:
    """The code of many expressions: `block(c, s, turn)` -> their values in order.

    steps: what is computed. results: for each expression the place of a step and 0, or -1 and
    the number that it is in every run. bounds: the least and the greatest value of each step,
    whatever the cells are. dtype: ``int32`` or ``int64``, that of the cells.

    Called with c, the world's cells, rows x n; s, what one actor sees, rows x n, or None where
    no expression reads it; turn, a number. Each value is an array of length n of that dtype, or
    of bool for a condition; or without a dimension where it is the same in every run. An array
    may be a row of `c` itself, or stand for two equal expressions: do not write into it.
    """

    name: str
    dtype: str
    steps: tuple[Step, ...]
    results: tuple[tuple[int, int], ...]
    bounds: tuple[Interval, ...]
    _calls: tuple[tuple[Callable[..., Any], int, int, int], ...] = field(
        init=False, repr=False, compare=False
    )
    _divides: bool = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        calls = []
        for op, *operands in self.steps:
            if op is Op.NUM:
                calls.append((partial(np.asarray, dtype=self.dtype), *operands))
            elif op is Op.CONSTANT:
                calls.append((np.array(operands[0], self.dtype).copy, -1, -1, -1))
            else:
                calls.append((_CALLS[op], *operands))
        object.__setattr__(self, "_calls", tuple(calls))
        divides = any(step.op in (Op.DIV, Op.MOD) for step in self.steps)
        object.__setattr__(self, "_divides", divides)

    def __call__(self, c: Cells, s: Cells | None, turn: int) -> list[Any]:
        if self._divides:  # whole-number division by 0 gives 0 in NumPy, as it does in the language
            with np.errstate(divide="ignore"):
                return self._run(c, s, turn)
        return self._run(c, s, turn)

    def _run(self, c: Cells, s: Cells | None, turn: int) -> list[Any]:
        values: list[Any] = []
        keep = values.append
        for call, x, y, z in self._calls:
            if y < 0:
                if call is _cell:
                    keep(c[x])
                elif call is _sight:
                    keep(s[x])  # type: ignore[index]
                elif call is _turn:
                    keep(np.array(turn, self.dtype))
                else:
                    keep(call(values[x]) if x >= 0 else call())
            elif z < 0:
                keep(call(values[x], values[y]))
            else:
                keep(call(values[x], values[y], values[z]))
        return [values[place] if place >= 0 else number for place, number in self.results]

    def __reduce__(self) -> tuple[Any, ...]:
        return Block, (self.name, self.dtype, self.steps, self.results, self.bounds)

    def listing(self) -> list[str]:
        """The code for people: ``v2 = ADD v0 v1``, and what each expression comes to."""
        lines = []
        for place, (op, *operands) in enumerate(self.steps):
            taken = [f"v{it}" for it in operands if it >= 0]
            if op in _LEAVES:
                taken = [] if op is Op.TURN else [str(operands[0])]
            lines.append(" ".join((f"v{place} = {op.name}", *taken)))
        return [*lines, *(f"-> v{p}" if p >= 0 else f"-> {number}" for p, number in self.results)]


def tabulate(values: Sequence[Any], rows: int, n: int, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """The first `rows` values of a block as a table of its own, rows x n."""
    table = np.empty((rows, n), dtype=dtype)
    for row, value in zip(table, values, strict=False):
        row[...] = value
    return table


def compile_block(
    name: str,
    expressions: Sequence[tuple[Expression, Kind]],
    namespace: Namespace,
    dtype: type[np.signedinteger[Any]],
) -> Block:
    """One block for all `expressions`, each wanted as a number or as a condition.

    dtype: np.int32 or np.int64, that of the cells.  Raises SpecError for unknown names and for
    values that may not fit in dtype.
    """
    info = np.iinfo(dtype)
    writer = _Writer(Interval(int(info.min), int(info.max)))
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
                    f"{expression.text}: values may not fit in {np.dtype(dtype).name}",
                    expression.at,
                    "narrow the gauges' bounds, or divide before multiplying",
                )
            )
    if faults:
        raise SpecError(faults)
    return writer.block(name, np.dtype(dtype).name, results)


class _TooWide(Exception):
    """A value may leave the dtype."""


class _Value(NamedTuple):
    """A value in the code: the place of the step that computes it, -1 for a known number."""

    place: int
    bounds: Interval
    kind: Kind

    @property
    def known(self) -> bool:
        return self.place < 0


def _constant(value: int, kind: Kind = "int") -> _Value:
    return _Value(-1, Interval(value, value), kind)


class _Writer:
    """Writes steps one by one; a step that was written before is used again."""

    def __init__(self, limits: Interval) -> None:
        self.limits = limits
        self.steps: list[Step] = []
        self.bounds: list[Interval] = []
        self.places: dict[Step, int] = {}

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

    def block(self, name: str, dtype: str, results: Sequence[_Value]) -> Block:
        """What was written, without the steps that turned out not to be needed."""
        needed = {result.place for result in results}
        for place in range(len(self.steps) - 1, -1, -1):
            step = self.steps[place]
            if place in needed and step.op not in _LEAVES:
                needed.update(step[1:])
        kept = [place for place in range(len(self.steps)) if place in needed]
        moved = {-1: -1, **{old: new for new, old in enumerate(kept)}}
        steps = []
        for place in kept:
            op, *operands = self.steps[place]
            if op not in _LEAVES:
                operands = [moved[operand] for operand in operands]
            steps.append(Step(op, *operands))
        return Block(
            name=name,
            dtype=dtype,
            steps=tuple(steps),
            results=tuple(
                (-1, it.bounds.low) if it.known else (moved[it.place], 0) for it in results
            ),
            bounds=tuple(self.bounds[place] for place in kept),
        )

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
            return self.write(Step(Op.TURN), found)
        return self.write(Step(_ARRAYS[symbol.array], symbol.row), found)

    def number(self, value: _Value) -> _Value:
        """A condition as 0 or 1."""
        if value.kind == "int":
            return value
        if value.known:
            return _constant(value.bounds.low)
        return self.write(Step(Op.NUM, value.place), value.bounds)

    def truth(self, value: _Value) -> _Value:
        """A number as a condition: whether it is not 0."""
        if value.kind == "bool":
            return value
        return self.compare("!=", value, _constant(0))

    def minus(self, a: _Value) -> _Value:
        if a.known:
            return _constant(-a.bounds.low)
        return self.write(Step(Op.NEG, a.place), negate(a.bounds))

    def absolute(self, a: _Value) -> _Value:
        if a.bounds.low >= 0:
            return a
        if a.bounds.high <= 0:
            return self.minus(a)
        return self.write(Step(Op.ABS, a.place), absolute(a.bounds))

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
        return self.write(Step(SIGNS[sign], self.lift(a), self.lift(b)), found)

    def compare(self, sign: str, a: _Value, b: _Value) -> _Value:
        found = compare(sign, a.bounds, b.bounds)
        if found.constant:
            return _constant(found.low, "bool")
        first, _ = _ordered(a, b)
        if first is not a:
            a, b, sign = b, a, MIRRORED[sign]
        if b.known and (step := self.steps[a.place]).op is Op.NUM:
            condition = _Value(step.x, TRUTH, "bool")
            one = compare(sign, YES, b.bounds) == YES
            return condition if one else self.negation(condition)
        return self.write(Step(SIGNS[sign], self.lift(a), self.lift(b)), TRUTH, "bool")

    def negation(self, a: _Value) -> _Value:
        if a.known:
            return _constant(1 - a.bounds.low, "bool")
        return self.write(Step(Op.NOT, a.place), TRUTH, "bool")

    def logic(self, word: str, items: Sequence[_Value]) -> _Value:
        """Conditions joined by `and` or `or`."""
        decides = NO if word == "and" else YES
        if any(item.bounds == decides for item in items):
            return _constant(decides.low, "bool")
        open_items = list(dict.fromkeys(item for item in items if not item.known))
        if not open_items:
            return _constant(1 - decides.low, "bool")
        op = Op.AND if word == "and" else Op.OR
        first, *rest = open_items
        for item in rest:
            first = self.write(Step(op, first.place, item.place), TRUTH, "bool")
        return first

    def choice(self, condition: _Value, then: _Value, otherwise: _Value) -> _Value:
        if condition.known:
            return then if condition.bounds == YES else otherwise
        if then == otherwise:
            return then
        if {then.bounds, otherwise.bounds} == {YES, NO} and then.known and otherwise.known:
            return condition if then.bounds == YES else self.negation(condition)
        # A branch that is 0 needs no choice, the slowest of all operations.
        if otherwise.bounds == NO:
            return self.keep(condition, then)
        if then.bounds == NO:
            return self.keep(self.negation(condition), otherwise)
        kind: Kind = "bool"
        if (then.kind, otherwise.kind) != ("bool", "bool"):
            kind, then, otherwise = "int", self.number(then), self.number(otherwise)
        step = Step(Op.CHOOSE, condition.place, self.lift(then), self.lift(otherwise))
        return self.write(step, then.bounds.join(otherwise.bounds), kind)

    def keep(self, condition: _Value, value: _Value) -> _Value:
        """`value if condition else 0`."""
        if value.kind == "bool":
            return self.logic("and", [condition, value])
        if value.bounds == YES:
            return self.number(condition)
        return self.write(Step(Op.KEEP, condition.place, self.lift(value)), value.bounds.join(NO))

    # -------------------------------------------------------------------------------- steps

    def lift(self, value: _Value) -> int:
        """The place of `value` as an operand."""
        if not value.known:
            return value.place
        self.within(value)
        number = value.bounds.low
        if value.kind == "bool":
            return self.write(
                Step(Op.NE, self.lift(_constant(number)), self.lift(_constant(0))),
                value.bounds,
                "bool",
            ).place
        return self.write(Step(Op.CONSTANT, number), value.bounds).place

    def write(self, step: Step, found: Interval, kind: Kind = "int") -> _Value:
        """The value of a step: a new one, or the one that already computes it."""
        if step not in self.places:
            self.within(_Value(len(self.steps), found, kind))
            self.places[step] = len(self.steps)
            self.steps.append(step)
            self.bounds.append(found)
        return _Value(self.places[step], found, kind)

    def within(self, value: _Value) -> _Value:
        if not value.bounds.within(self.limits):
            raise _TooWide
        return value


_LEAVES = (Op.CELL, Op.SIGHT, Op.TURN, Op.CONSTANT)
_ARRAYS = {"c": Op.CELL, "s": Op.SIGHT}


def _ordered(a: _Value, b: _Value) -> tuple[_Value, _Value]:
    """The two sides of something that may be turned round, always in the same order."""
    return (a, b) if (a.known, a.place) <= (b.known, b.place) else (b, a)
