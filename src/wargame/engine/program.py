"""A compiled scenario as plain whole-number tables: what every player of it reads.

A `Program` is one array of numbers of one width, and the words of its luck's names. It begins
with a head (`Head`), whose entries are sizes and places in the array; code is steps of
`STEP` numbers: an operation (`Code`), a register for its result, four operands. Registers hold
one number for each run: first the world's cells, then what no player keeps from turn to turn.
docs/machine.md says what each operation means; nothing in a program is ever executed as anything
but these operations, so one from a stranger can do no harm once `program_check` has passed it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from hashlib import sha256
from typing import Any

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.signedinteger[Any]]

FORMAT = 1
STEP = 6
SLOT = 10
"""Numbers of one slot of a book of effects."""

BOOK = 3
"""Numbers before the first slot of a book."""


class Code(IntEnum):
    """The operations of the machine: those of expressions (`Op`), then those of a turn.

    In a step d is the register of the result; a, b, x and y are operands. The numbers are part of
    the format: append, never renumber.
    """

    CELL = 0
    SIGHT = 1
    TURN = 2
    CONSTANT = 3
    ADD = 4
    SUB = 5
    MUL = 6
    DIV = 7
    MOD = 8
    MIN = 9
    MAX = 10
    NEG = 11
    ABS = 12
    LT = 13
    LE = 14
    GT = 15
    GE = 16
    EQ = 17
    NE = 18
    AND = 19
    OR = 20
    NOT = 21
    NUM = 22
    KEEP = 23
    CHOOSE = 24
    MOVE = 25  # a
    ADDI = 26  # a + the number b; so with the other operations that end with I
    RSUBI = 27  # the number b - a
    MULI = 28
    DIVI = 29  # b > 0, with factor x and shift y for 32 bits
    MODI = 30
    MINI = 31
    MAXI = 32
    LTI = 33
    LEI = 34
    GTI = 35
    GEI = 36
    EQI = 37
    NEI = 38
    KEEPI = 39  # the number b where a holds, else 0
    CLAMP = 40  # a within the numbers b and x
    SUM = 41  # max(0, the number a + amounts); b pairs (register, amount) follow
    TIMES = 42  # d times the number b where a holds
    OVER = 43  # a over the number b where d holds: the result is in a
    UNLESS = 44  # a, but 0 where b holds
    COOL = 45  # d, but 0 for b turns after the turn in a, which is 0 for never
    UNKNOWN = 46  # d drawn from the urn at a: label, values, cumulative weights, how many
    AT = 47  # the next b steps are left out in every turn but a
    HAPPEN = 48  # the slot d happens where b holds; everywhere if b is -1
    CHANCE = 49  # the event at a: chance, label, first slot, outcomes, their weights
    APPLY = 50  # the book of effects at a; then nothing happens any more
    SEE = 51  # the sight at a: register, cell, label, width, its register or -1, low, high
    URN = 52  # draws at a: first weight, moves, orders, what goes back, barred, label, order, first
    RESOLVE = 53  # the orders at a: first, how many, label, live odds, how many
    REMEMBER = 54  # who played what, of the orders at a: first, how many
    CLIMB = 55  # the ladder of the dyad at a: stage, heat, forced, peak
    REACH = 56  # d becomes the turn where b holds and d is 0
    HOLD = 57  # d counts the turns for which b holds; b holds where they are x or more
    END = 58  # the ending d where b holds and none was reached; x: at the horizon only
    SHIFT = 59  # a shifted right by b: over a power of two, rounded down
    SCALE = 60  # (a * b + b // 2) shifted right by x: over the number that b and x stand for
    CUT = 61  # a over the number that b and x stand for where d holds: the result is in a
    RECENT = 62  # whether a is a turn of at most b turns ago
    AGO = 63  # whether a is the turn b turns ago
    LONG = 64  # whether a is 0, which is never, or more than b turns ago


class Head(IntEnum):
    """The entries of the head; places are indices into the program's words."""

    FORMAT = 0  # `FORMAT`
    WIDTH = 1  # 32 or 64
    REGISTERS = 2  # how many
    CELLS = 3  # the first so many registers are the world's cells
    SCRATCH = 4  # registers from here on keep nothing from one step's phase to the next
    HORIZON = 5  # the last turn
    ACTORS = 6
    ORDERS = 7  # of each actor in a turn
    SLOTS = 8  # of the larger book; also the slot in which nothing happens
    START = 9  # place: a number for each cell
    LABELS = 10  # how many names of luck
    BEGIN = 11  # place: the code that begins a run, and its end
    BEGIN_END = 12
    OPEN = 13  # place: the code of the news of a turn
    OPEN_END = 14
    DECIDE = 15  # place: the code of what actors see, weigh and draw
    DECIDE_END = 16
    CLOSE = 17  # place: the code of the rest of a turn
    CLOSE_END = 18
    POOL = 19  # values that the slots of a book compute, at most
    SUCCESS = 20  # place: per mille, for each move of all actors, and one that stands for none
    WON = 21  # place: the slot of each move's success
    LOST = 22  # place: the slot of each move's failure
    LAST = 23  # place: the register that remembers each move's last turn
    COUNTED = 24  # place: the cell that counts each move, or -1
    NUMBERS = 25  # place: each move's index among its actor's, or -1
    PLAYED = 26  # how many entries these tables have
    UP = 27  # place: the ladder's resistance upwards, by stage
    DOWN = 28  # place: and downwards
    RELAPSE = 29  # heat that a dyad gains that was calmed by force alone
    KEPT = 30  # per mille of the heat that a turn keeps
    LIMIT = 31  # the greatest heat
    ENDINGS = 32  # how many
    HASHED = 33  # so many cells enter the rolling hash
    FIRST_FACTORS = 34  # place: multipliers of the hash's upper half
    SECOND_FACTORS = 35  # place: and of its lower half
    KEEPS = 36  # place: the cells kept of a run that has ended
    KEPT_ROWS = 37  # how many


@dataclass(frozen=True, eq=False)
class Program:
    """The tables of a scenario. words: int32 or int64. labels: the words of luck's names."""

    words: Words
    labels: npt.NDArray[np.uint64]

    def __getitem__(self, entry: int) -> int:
        """An entry of the head."""
        return int(self.words[entry])

    @cached_property
    def digest(self) -> str:
        """SHA-256 of everything in it, the same on every machine."""
        kind = self.words.dtype.newbyteorder("<")
        whole = sha256(self.words.astype(kind).tobytes())
        whole.update(self.labels.astype("<u8").tobytes())
        return whole.hexdigest()

    @property
    def kept(self) -> Words:
        """The cells that are kept of a run that has ended."""
        first = self[Head.KEEPS]
        return self.words[first : first + self[Head.KEPT_ROWS]]


# ------------------------------------------------------------------------ what operands are

# For each operation, what d, a, b, x and y are: a register that is written (>) or read (<), one
# that may be missing (?), a number (#), a slot (s), a table (t), nothing (.)
_PAIR, _ONE, _WITH = "><<..", "><...", "><#.."
OPERANDS: dict[Code, str] = {
    Code.TURN: ">....",
    Code.CONSTANT: ">.#..",
    **dict.fromkeys((Code.ADD, Code.SUB, Code.MUL, Code.DIV, Code.MOD, Code.MIN, Code.MAX), _PAIR),
    **dict.fromkeys((Code.LT, Code.LE, Code.GT, Code.GE, Code.EQ, Code.NE), _PAIR),
    **dict.fromkeys((Code.AND, Code.OR, Code.KEEP, Code.UNLESS), _PAIR),
    **dict.fromkeys((Code.NEG, Code.ABS, Code.NOT, Code.NUM, Code.MOVE), _ONE),
    Code.CHOOSE: "><<<.",
    **dict.fromkeys((Code.ADDI, Code.RSUBI, Code.MULI, Code.MINI, Code.MAXI, Code.KEEPI), _WITH),
    **dict.fromkeys((Code.LTI, Code.LEI, Code.GTI, Code.GEI, Code.EQI, Code.NEI), _WITH),
    **dict.fromkeys((Code.DIVI, Code.MODI), "><###"),
    Code.CLAMP: "><##.",
    Code.SUM: ">##..",
    Code.TIMES: "><#..",
    Code.OVER: "<>###",
    Code.COOL: "><#..",
    Code.SHIFT: "><#..",
    Code.SCALE: "><##.",
    Code.CUT: "<>##.",
    **dict.fromkeys((Code.RECENT, Code.AGO, Code.LONG), _WITH),
    Code.UNKNOWN: ">t...",
    Code.AT: ".##..",
    Code.HAPPEN: "s.?..",
    **dict.fromkeys((Code.CHANCE, Code.APPLY, Code.SEE, Code.URN), ".t..."),
    **dict.fromkeys((Code.RESOLVE, Code.REMEMBER, Code.CLIMB), ".t..."),
    Code.REACH: ">.<..",
    Code.HOLD: ">.>#.",
    Code.END: "#.?#.",
}


def steps(program: Program, first: int, end: int) -> Iterator[tuple[int, Code, tuple[int, ...]]]:
    """The steps between two places: where each stands, its operation, its operands and, for SUM,
    the pairs that follow it. Raises ValueError for what is no operation."""
    words = program.words
    while first < end:
        code = Code(int(words[first]))
        length = STEP + (2 * int(words[first + 3]) + STEP - 1) // STEP * STEP * (code is Code.SUM)
        yield first, code, tuple(words[first + 1 : min(first + length, end)].tolist())
        first += length


def listing(program: Program) -> Iterator[str]:
    """A program for people, line by line: its head, then its code."""
    for entry in Head:
        yield f"{entry.name.lower():15} {program[entry]}"
    for entry in (Head.BEGIN, Head.OPEN, Head.DECIDE, Head.CLOSE):
        yield f"\n{entry.name.lower()}:"
        for at, code, operands in steps(program, program[entry], program[Head(entry + 1)]):
            shown = [
                f"{'r' if kind in '<>?' and number >= 0 else ''}{number}"
                for kind, number in zip(OPERANDS[code], operands, strict=False)
                if kind != "."
            ]
            shown += [str(number) for number in operands[5:]]
            yield f"{at:7}  {code.name.lower():9} {' '.join(shown)}"
