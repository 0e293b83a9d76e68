"""A program is safe to play: every register, row, slot and place in it lies where it may.

A player in C checks nothing, so this is done once before it sees a program, whoever made it. What
is proven is that nothing outside its own tables is read or written, and that it ends; not that it
says anything sensible.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from wargame.engine.program import BOOK, FORMAT, OPERANDS, SLOT, STEP, Code, Head, Program, steps
from wargame.errors import WargameError

__all__ = ["ProgramError", "check_program"]

MOST_REGISTERS = 1 << 20
MOST_SLOTS = 1 << 16
PHASES = frozenset(code for code in Code if Code.UNKNOWN <= code <= Code.END)
"""What belongs to a turn and cannot stand in the code of a slot."""


_SHIFTED = {Code.SHIFT: 2, Code.SCALE: 3, Code.CUT: 3}
"""Which operand says how far."""


class ProgramError(WargameError):
    """A program that no machine may play."""


def check_program(program: Program) -> Program:
    """The program itself. Raises ProgramError if it could do harm."""
    try:
        _Check(program).whole()
    except (ValueError, IndexError, OverflowError) as error:
        raise ProgramError(f"this program cannot be played: {error}") from None
    return program


class _Check:
    def __init__(self, program: Program) -> None:
        self.program = program
        self.words = program.words
        self.size = int(program.words.size)
        if self.words.ndim != 1 or self.size < len(Head):
            raise ValueError("it has no head")
        self.registers = program[Head.REGISTERS]
        self.cells = program[Head.CELLS]
        self.slots = program[Head.SLOTS]
        self.orders = program[Head.ACTORS] * program[Head.ORDERS]
        self.played = program[Head.PLAYED]
        self.pool = program[Head.POOL]

    # ------------------------------------------------------------------------------- whole

    def whole(self) -> None:
        program, within = self.program, self.within
        width = {np.dtype(np.int32): 32, np.dtype(np.int64): 64}.get(self.words.dtype)
        if program[Head.FORMAT] != FORMAT or program[Head.WIDTH] != width:
            raise ValueError(f"it is not of format {FORMAT}, or not of the width that it says")
        within("registers", self.registers, 1, MOST_REGISTERS)
        within("cells", self.cells, 0, self.registers)
        within("scratch", program[Head.SCRATCH], self.cells, self.registers)
        within("horizon", program[Head.HORIZON], 1, 10**6)
        within("actors", program[Head.ACTORS], 0, 4096)
        within("orders", program[Head.ORDERS], 1, 64)
        within("slots", self.slots, 0, MOST_SLOTS)
        within("pool", self.pool, 0, MOST_REGISTERS)
        within("played", self.played, 0, MOST_REGISTERS)
        within("labels", program[Head.LABELS], 0, int(program.labels.size))
        within("hashed", program[Head.HASHED], 0, self.cells)
        within("limit of heat", program[Head.LIMIT], 0, 2**20)
        within("relapse", program[Head.RELAPSE], 0, 2**20)
        within("heat kept", program[Head.KEPT], 0, 1000)
        self.table(Head.START, self.cells)
        for entry in (Head.WON, Head.LOST):
            self.all_within(entry, self.table(Head(entry), self.played), 0, self.slots)
        self.all_within(Head.SUCCESS, self.table(Head.SUCCESS, self.played), -(2**30), 2**30)
        last = self.table(Head.LAST, self.played)
        self.all_within(Head.LAST, last, 0, self.registers - 1)
        counted = self.table(Head.COUNTED, self.played)
        self.all_within(Head.COUNTED, counted, -1, self.registers - 1)
        self.table(Head.NUMBERS, self.played)
        for entry in (Head.UP, Head.DOWN):
            self.all_within(entry, self.table(entry, 10), -(2**20), 2**20)
        for entry in (Head.FIRST_FACTORS, Head.SECOND_FACTORS):
            self.table(entry, program[Head.HASHED] + self.orders)
        self.all_within(
            Head.KEEPS, self.table(Head.KEEPS, program[Head.KEPT_ROWS]), 0, self.registers - 1
        )
        for entry in (Head.BEGIN, Head.OPEN, Head.DECIDE, Head.CLOSE):
            self.drawn: set[int] = set()
            self.code(program[entry], program[Head(entry + 1)])
            if entry is Head.DECIDE and len(self.drawn) < self.orders:
                raise ValueError("some orders are drawn by nobody")

    def within(self, what: str, number: int, low: int, high: int) -> int:
        if not low <= number <= high:
            raise ValueError(f"{what} {number} is not within {low} and {high}")
        return number

    def all_within(self, entry: Head, table: Sequence[int], low: int, high: int) -> None:
        for number in table:
            self.within(entry.name.lower(), number, low, high)

    def table(self, entry: Head | int, length: int) -> list[int]:
        """A table at an entry of the head."""
        return self.at(self.program[entry], length)

    def at(self, place: int, length: int) -> list[int]:
        self.within("a table's length", length, 0, self.size)
        self.within("a table", place, 0, self.size - length)
        return [int(number) for number in self.words[place : place + length]]

    # -------------------------------------------------------------------------------- code

    def register(self, number: int) -> int:
        return self.within("register", number, 0, self.registers - 1)

    def label(self, number: int, count: int = 1) -> None:
        self.within("label", number, 0, self.program[Head.LABELS] - count)

    def code(self, first: int, end: int, of_a_turn: bool = True) -> None:
        self.within("code", first, 0, self.size)
        self.within("code's end", end, first, self.size)
        if (end - first) % STEP:
            raise ValueError(f"code at {first} is no whole number of steps")
        places = {end}
        jumps = []
        for at, code, operands in steps(self.program, first, end):
            places.add(at)
            if code not in OPERANDS or (code in PHASES and not of_a_turn):
                raise ValueError(f"{code.name} cannot stand at {at}")
            for kind, number in zip(OPERANDS[code], operands, strict=False):
                if kind in "<>" or (kind == "?" and number != -1):
                    self.register(number)
                elif kind == "s":
                    self.within("slot", number, 0, self.slots - 1)
            if code is Code.SUM:
                self.sum(operands)
            elif code is Code.AT:
                jumps.append(at + STEP * (1 + self.within("steps", operands[2], 0, self.size)))
            elif code in (Code.DIVI, Code.MODI, Code.OVER):
                self.divisor(*operands[2:5])
            elif code in _SHIFTED:
                self.within("shift", operands[_SHIFTED[code]], 0, self.program[Head.WIDTH] - 1)
            elif "t" in OPERANDS[code]:
                getattr(self, code.name.lower())(operands[1])
        if not places.issuperset(jumps):
            raise ValueError(f"code at {first} leads to where no step begins")

    def sum(self, operands: Sequence[int]) -> None:
        count = self.within("a sum's pairs", operands[2], 0, (len(operands) - 5) // 2)
        for register in operands[5 : 5 + 2 * count : 2]:
            self.register(register)

    def divisor(self, divisor: int, factor: int, shift: int) -> None:
        self.within("divisor", divisor, 1, 2**63 - 1)
        if self.program[Head.WIDTH] == 32:
            self.within("shift", shift, 0, 63)

    # ------------------------------------------------------------------------------ phases

    def unknown(self, place: int) -> None:
        label, values, edges, count = self.at(place, 4)
        self.label(label)
        self.within("values", count, 1, self.size)
        self.at(values, count)
        numbers = self.at(edges, count)
        self.within("an urn", numbers[-1], 1, 2**31 - 1)
        if sorted(numbers) != numbers:
            raise ValueError(f"the edges at {edges} do not rise")

    def chance(self, place: int) -> None:
        chance, label, slot, outcomes, weights = self.at(place, 5)
        self.register(chance)
        self.label(label)
        self.within("outcomes", outcomes, 0, self.slots)
        self.within("slot", slot, 0, self.slots - max(1, outcomes))
        table = self.at(weights, 2 * outcomes)
        for register in table[::2]:
            if register >= 0:
                self.register(register)

    def apply(self, place: int) -> None:
        slots, rows, clamps = self.at(place, BOOK)
        self.within("slots of a book", slots, 0, self.slots)
        for row in self.at(clamps, 3 * self.within("rows", rows, 0, self.size))[::3]:
            self.register(row)
        values = 0
        for k in range(slots):
            values += self.slot(self.at(place + BOOK + SLOT * k, SLOT))
        self.within("values of a book", values, 0, self.pool)

    def slot(self, entries: Sequence[int]) -> int:
        adds, n_adds, sets, n_sets, code, end, live, n_live, reads, n_reads = entries
        for place, count in ((adds, n_adds), (sets, n_sets)):
            for row in self.at(place, 2 * self.within("effects", count, 0, self.size))[::2]:
                self.register(row)
        self.code(code, end, of_a_turn=False)
        values = self.at(live, 3 * self.within("values", n_live, 0, self.size))
        for k in range(0, len(values), 3):
            self.register(values[k])
            self.register(values[k + 1])
            self.within("whether a value is set", values[k + 2], 0, 1)
        for row in self.at(reads, self.within("rows read", n_reads, 0, self.size)):
            self.register(row)
        self.within("scratch", self.program[Head.SCRATCH] + n_reads, 0, self.registers)
        return n_live

    def see(self, place: int) -> None:
        to, cell, label, _, width, _, _ = self.at(place, 7)
        self.register(to)
        self.register(cell)
        self.label(label)
        if width >= 0:
            self.register(width)

    def urn(self, place: int) -> None:
        weight, moves, orders, _, places, label, order = self.at(place, 7)
        self.within("moves", moves, 0, self.registers)
        self.within("weights", weight, 0, self.registers - moves)
        self.drawn.update(range(order, order + self.these_orders(order, orders)))
        self.label(label, orders)
        for entry in self.at(places, moves + 1):
            self.within("a move", entry, 0, self.played - 1)

    def resolve(self, place: int) -> None:
        order, orders, label, live, count, none = self.at(place, 6)
        self.within("none", none, 0, self.played - 1)
        self.these_orders(order, orders)
        self.label(label, orders)
        table = self.at(live, 2 * self.within("live odds", count, 0, self.size))
        for register in table[1::2]:
            self.register(register)

    def remember(self, place: int) -> None:
        order, orders, _ = self.at(place, 3)
        self.these_orders(order, orders)

    def these_orders(self, first: int, count: int) -> int:
        self.within("an order", first, 0, self.orders - count)
        return self.within("orders", count, 1, self.orders)

    def climb(self, place: int) -> None:
        for register in self.at(place, 4):
            self.register(register)
