"""A compiled scenario -> its program: plain tables that every player reads.

The steps of each block find their registers, constants become immediate operands, and what
`turn` does in its phases becomes code: what begins a run, the news of a turn, what actors weigh
and draw, and what then follows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from wargame.engine import ladder
from wargame.engine.decision import Mind, Sights
from wargame.engine.effects import EffectBook, Slot
from wargame.engine.program import FORMAT, STEP, Code, Head, Program
from wargame.engine.program_check import check_program
from wargame.engine.randomness import word_of
from wargame.engine.scenario import Scenario
from wargame.expression import Block, Interval
from wargame.expression.block import Op, Step

NONE = -1
WHOLE = -1  # a mask of all bits: an amount that is taken as it is
MOST_32 = 2**31

_IMMEDIATE = {
    Op.ADD: Code.ADDI,
    Op.MUL: Code.MULI,
    Op.MIN: Code.MINI,
    Op.MAX: Code.MAXI,
    Op.LT: Code.LTI,
    Op.LE: Code.LEI,
    Op.GT: Code.GTI,
    Op.GE: Code.GEI,
    Op.EQ: Code.EQI,
    Op.NE: Code.NEI,
    Op.KEEP: Code.KEEPI,
}
"""What stands for an operation whose second operand is a constant."""

Place = Callable[[int], int]


def lower(scenario: Scenario) -> Program:
    """The program of a scenario. The same scenario gives the same program on every machine."""
    return _Lowering(scenario).program()


def lower_offers(scenario: Scenario) -> Program:
    """The program that says which moves may be made, for who has no `orders.Desk`: a page.

    Its cells are the scenario's and then one for each move of each actor. Its news, played on a
    world in which orders are due, set these to -1 where a move may be made and to 0 where not.
    """
    return _Offers(scenario).program()


def program_of(scenario: Scenario) -> Program:
    """The program of a scenario, lowered when it is first asked for and kept with it."""
    kept = vars(scenario)
    if _KEPT not in kept:
        kept[_KEPT] = check_program(lower(scenario))
    program: Program = kept[_KEPT]
    return program


_KEPT = "_program"


class _Lowering:
    def __init__(self, scenario: Scenario, more: int = 0) -> None:
        self.scenario = scenario
        self.words = [0] * len(Head)
        self.labels: dict[str, int] = {}
        rows, minds = len(scenario.rows) + more, scenario.minds
        # registers: cells, one that nobody reads, an actor's sights, its weights, scratch
        self.nowhere = rows
        self.sights = rows + 1
        self.weights = self.sights + max((len(mind.read.names) for mind in minds), default=0)
        self.scratch = self.weights + max((len(mind.moves) for mind in minds), default=0)
        self.top = self.scratch
        self.pool = 0

    def program(self) -> Program:
        scenario, put = self.scenario, self.put
        orders = scenario.orders
        ledger = scenario.ledger
        slots = max(len(scenario.news.slots), len(scenario.moves.slots))
        idle = np.array([not slot.rows for slot in scenario.moves.slots] + [True])
        keeps = [
            *range(scenario.reached_row, scenario.reached_row + len(scenario.milestones)),
            *range(scenario.dyad_rows["peak"], scenario.dyad_rows["peak"] + scenario.dyad_count),
            *(unknown.row for unknown in scenario.unknowns),
        ]
        multipliers = scenario.multipliers.astype(np.int64)
        if scenario.dtype is np.int32:
            multipliers = scenario.multipliers.view(np.int32).astype(np.int64)
        head = {
            Head.ACTORS: len(scenario.minds),
            Head.ORDERS: orders,
            Head.SLOTS: slots,
            Head.START: put(scenario.start.tolist()),
            Head.SUCCESS: put(ledger.success.tolist()),
            Head.WON: put(np.where(idle[ledger.won], slots, ledger.won).tolist()),
            Head.LOST: put(np.where(idle[ledger.lost], slots, ledger.lost).tolist()),
            Head.LAST: put(np.where(ledger.last < 0, self.nowhere, ledger.last).tolist()),
            Head.COUNTED: put(ledger.times.tolist()),
            Head.NUMBERS: put(
                [m for mind in scenario.minds for m in (*range(len(mind.moves)), NONE)]
            ),
            Head.PLAYED: ledger.success.size,
            Head.UP: put(ladder.UP.tolist()),
            Head.DOWN: put(ladder.DOWN.tolist()),
            Head.RELAPSE: ladder.RELAPSE,
            Head.KEPT: 1000 - ladder.DECAY,
            Head.LIMIT: ladder.HEAT_LIMIT,
            Head.ENDINGS: len(scenario.endings),
            Head.HASHED: scenario.hashed_rows,
            Head.FIRST_FACTORS: put(multipliers[0].tolist()),
            Head.SECOND_FACTORS: put(multipliers[1].tolist()),
            Head.KEEPS: put(keeps),
            Head.KEPT_ROWS: len(keeps),
        }
        sections = {
            Head.BEGIN: self.begin(),
            Head.OPEN: self.open(),
            Head.DECIDE: self.decide(),
            Head.CLOSE: self.close(),
        }
        return self.finished(head, sections)

    def finished(self, head: dict[Head, int], sections: dict[Head, list[int]]) -> Program:
        """The program of these sections, its head completed."""
        scenario = self.scenario
        for entry, code in sections.items():
            head[entry] = self.put(code)
            head[Head(entry + 1)] = head[entry] + len(code)
        head |= {
            Head.FORMAT: FORMAT,
            Head.WIDTH: 32 if scenario.dtype is np.int32 else 64,
            Head.REGISTERS: self.top,
            Head.CELLS: self.nowhere,
            Head.SCRATCH: self.scratch,
            Head.HORIZON: scenario.horizon,
            Head.LABELS: len(self.labels),
            Head.POOL: self.pool,
        }
        for entry, number in head.items():
            self.words[entry] = number
        return Program(
            words=np.array(self.words, dtype=scenario.dtype),
            labels=np.array([word_of(label) for label in self.labels], dtype=np.uint64),
        )

    # ------------------------------------------------------------------------------ tables

    def put(self, numbers: Iterable[int]) -> int:
        """Append a table; where it begins."""
        at = len(self.words)
        self.words += map(int, numbers)
        return at

    def label(self, name: str) -> int:
        """The number of a name of luck."""
        return self.labels.setdefault(name, len(self.labels))

    # ------------------------------------------------------------------------------ phases

    def begin(self) -> list[int]:
        asm = _Assembler(self)
        for unknown in self.scenario.unknowns:
            table = [
                self.label(unknown.label),
                self.put(unknown.values.tolist()),
                self.put(unknown.edges.tolist()),
                len(unknown.edges),
            ]
            asm.step(Code.UNKNOWN, unknown.row, self.put(table))
        self.derive(asm, "all")
        return asm.code

    def open(self) -> list[int]:
        scenario = self.scenario
        asm = _Assembler(self)
        for turn, injects in sorted(scenario.injects.items()):
            for inject in injects:
                inner = _Assembler(self)
                condition = NONE
                if inject.when is not None:
                    (condition,) = inner.masks(inner.run(inject.when))
                inner.step(Code.HAPPEN, inject.slot, 0, condition)
                asm.step(Code.AT, 0, turn, len(inner.code) // STEP)
                asm.code += inner.code
        values = asm.run(scenario.event_block)
        chances = asm.numbers(values[: len(scenario.events)])
        for event, chance in zip(scenario.events, chances, strict=True):
            weights = []
            for constant, k in event.weights:
                weights += (
                    [NONE, constant] if constant is not None else [*asm.numbers([values[k]]), 0]
                )
            table = [
                chance,
                self.label(event.label),
                event.slots[0],
                len(event.weights),
                self.put(weights),
            ]
            asm.step(Code.CHANCE, 0, self.put(table))
        asm.step(Code.APPLY, 0, self.book(scenario.news))
        self.derive(asm, "news")
        return asm.code

    def decide(self) -> list[int]:
        scenario = self.scenario
        asm = _Assembler(self)
        for index, mind in enumerate(scenario.minds):
            asm.free()
            self.see(asm, mind.read)
            self.weigh(asm, mind)
            moves = len(mind.moves)
            first = int(scenario.ledger.first[index * scenario.orders, 0])
            table = [
                self.weights,
                moves,
                scenario.orders,
                mind.hold,
                self.put(first + (moves if barred else m) for m, barred in enumerate(mind.barred)),
                *self.consecutive(mind.labels),
                index * scenario.orders,
            ]
            asm.step(Code.URN, 0, self.put(table))
        return asm.code

    def see(self, asm: _Assembler, sights: Sights) -> None:
        live = dict(sights.live)
        values = asm.run(sights.block)
        for k, row in enumerate(sights.rows.tolist()):
            width = asm.numbers([values[live[k]]])[0] if k in live else NONE
            low, high = int(sights.low[k, 0]), int(sights.high[k, 0])
            table = [
                self.sights + k,
                row,
                self.label(sights.labels[k]),
                int(sights.widths[k, 0]),
                width,
                low,
                high,
            ]
            asm.step(Code.SEE, 0, self.put(table))

    def weigh(self, asm: _Assembler, mind: Mind) -> None:
        values = asm.run(mind.block)
        fires = asm.masks(values[: len(mind.rules)])
        for m in range(len(mind.moves)):
            weight, most = self.weights + m, int(mind.base[m, 0])  # the greatest it can be
            terms: list[int] = []
            for r in np.flatnonzero(mind.adds[m]).tolist():
                amount = int(mind.adds[m, r])
                if r < len(mind.rules):
                    terms += [fires[r], amount]
                    most += max(0, amount)
                else:
                    terms += [*asm.numbers([values[r]]), WHOLE]
                    place, number = mind.block.results[r]
                    most += max(0, mind.block.bounds[place].high if place >= 0 else number)
            asm.step(Code.SUM, weight, int(mind.base[m, 0]), len(terms) // 2)
            asm.code += [*terms, *[0] * (-len(terms) % STEP)]
            for _, r, factor in (it for it in mind.times if it[0] == m):
                asm.step(Code.TIMES, weight, fires[r], factor)
                most *= max(1, factor)
            for _, r, divisor in (it for it in mind.overs if it[0] == m):
                if found := scale(divisor, Interval(0, most), self.scenario.dtype):
                    asm.step(Code.CUT, fires[r], weight, *found)
                else:
                    asm.step(Code.OVER, fires[r], weight, divisor, *asm.reciprocal(divisor))
            for _, r in (it for it in mind.forbids if it[0] == m):
                asm.step(Code.UNLESS, weight, weight, fires[r])
            for _, k in (it for it in mind.whens if it[0] == m):
                asm.step(Code.KEEP, weight, asm.masks([values[k]])[0], weight)
            for k in np.flatnonzero(mind.cooling == m).tolist():
                asm.step(Code.COOL, weight, int(mind.played[k]), int(mind.pause[k, 0]))

    def close(self) -> list[int]:
        scenario = self.scenario
        asm = _Assembler(self)
        for index, plan in enumerate(scenario.plans):
            asm.free()
            first = int(scenario.ledger.first[index * scenario.orders, 0])
            live: list[int] = []
            if plan.live_success:
                values = asm.run(plan.success_block)
                for m, k in plan.live_success:
                    live += [first + m, *asm.numbers([values[k]])]
            label, *_ = self.consecutive(plan.labels)
            table = [
                index * scenario.orders,
                scenario.orders,
                label,
                self.put(live),
                len(live) // 2,
                first + plan.success.size - 1,
            ]
            asm.step(Code.RESOLVE, 0, self.put(table))
        asm.free()
        asm.step(Code.APPLY, 0, self.book(scenario.moves))
        for index, plan in enumerate(scenario.plans):
            counted = int((plan.times >= 0).any())
            table = [index * scenario.orders, scenario.orders, counted]
            asm.step(Code.REMEMBER, 0, self.put(table))
        self.derive(asm, "moves")
        for dyad in range(scenario.dyad_count):
            table = [scenario.dyad_rows[k] + dyad for k in ("stage", "heat", "forced", "peak")]
            asm.step(Code.CLIMB, 0, self.put(table))
        if scenario.dyad_count:
            self.derive(asm, "ladder")
        if scenario.drift_rows.size:
            self.drift(asm)
        self.judge(asm)
        return asm.code

    def drift(self, asm: _Assembler) -> None:
        low, high = (side[:, 0].tolist() for side in self.scenario.drift_bounds)
        rows = self.scenario.drift_rows.tolist()
        values = asm.fresh(asm.numbers(asm.run(self.scenario.drift_block)))
        for value, row, least, most in zip(values, rows, low, high, strict=True):
            asm.step(Code.CLAMP, row, value, least, most)
        asm.free()
        self.derive(asm, "drift")

    def judge(self, asm: _Assembler) -> None:
        scenario = self.scenario
        holds = asm.masks(asm.run(scenario.judge_block))
        goals = len(scenario.milestones)
        for k, condition in enumerate(holds[:goals]):
            asm.step(Code.REACH, scenario.reached_row + k, 0, condition)
        for k, (rule, condition) in enumerate(zip(scenario.endings, holds[goals:], strict=True)):
            if rule.held_row is not None:
                (condition,) = asm.copies([condition])
                asm.step(Code.HOLD, rule.held_row, 0, condition, rule.turns)
            asm.step(Code.END, k, 0, condition, int(rule.at_horizon))
        asm.step(Code.END, len(scenario.endings), 0, NONE, 1)

    def derive(self, asm: _Assembler, phase: str) -> None:
        for rows, block in self.scenario.derived[phase]:
            asm.free()
            values = asm.fresh(asm.numbers(asm.run(block)))
            for row, value in zip(rows, values, strict=True):
                asm.step(Code.MOVE, row, value)
        asm.free()

    def consecutive(self, labels: Sequence[str]) -> list[int]:
        """The number of the first of some names that follow on each other."""
        numbers = [self.label(label) for label in labels]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
        return numbers[:1]

    # ----------------------------------------------------------------------------- effects

    def book(self, book: EffectBook) -> int:
        """The table of a book of effects."""
        slots = [number for slot in book.slots for number in self.slot(slot)]
        low, high = (side[book.rows].tolist() for side in (book.low, book.high))
        clamps = [n for it in zip(book.rows.tolist(), low, high, strict=True) for n in it]
        self.pool = max(self.pool, sum(len(s.live_adds) + len(s.live_sets) for s in book.slots))
        return self.put([len(book.slots), len(book.rows), self.put(clamps), *slots])

    def slot(self, slot: Slot) -> list[int]:
        reads = slot.reads.tolist()
        inner = _Assembler(
            self, cells=lambda row: self.scratch + row, base=self.scratch + len(reads)
        )
        live: list[int] = []
        if slot.block is not None:
            values = inner.run(slot.block)
            for sets, pairs in enumerate((slot.live_adds, slot.live_sets)):
                for row, k in pairs:
                    live += [*inner.numbers([values[k]]), row, sets]
        code = self.put(inner.code)
        return [
            self.put(number for pair in slot.adds for number in pair),
            len(slot.adds),
            self.put(number for pair in slot.sets for number in pair),
            len(slot.sets),
            code,
            code + len(inner.code),
            self.put(live),
            len(live) // 3,
            self.put(reads),
            len(reads),
        ]


class _Offers(_Lowering):
    """Lowers what may be ordered, in place of a turn."""

    def __init__(self, scenario: Scenario) -> None:
        super().__init__(scenario, more=sum(len(mind.moves) for mind in scenario.minds))

    def program(self) -> Program:
        nothing = self.put([0] * max(self.nowhere, 10))  # a start and a ladder, which nobody reads
        head = {Head.ORDERS: 1, Head.START: nothing, Head.UP: nothing, Head.DOWN: nothing}
        return self.finished(head, {Head.BEGIN: [], Head.OPEN: self.open()})

    def open(self) -> list[int]:
        asm = _Assembler(self)
        first = len(self.scenario.rows)
        for mind in self.scenario.minds:
            asm.free()
            self.see(asm, mind.read)
            for m, barred in enumerate(mind.barred[:-1].tolist()):
                asm.step(Code.CONSTANT, first + m, 0, 0 if barred else WHOLE)
            results = tuple(mind.block.results[k] for _, k in mind.whens)
            holds = asm.masks(asm.run(replace(mind.block, results=results)))
            for (m, _), condition in zip(mind.whens, holds, strict=True):
                asm.step(Code.KEEP, first + m, condition, first + m)
            for k, m in enumerate(mind.cooling.tolist()):
                asm.step(Code.COOL, first + m, int(mind.played[k]), int(mind.pause[k, 0]))
            first += len(mind.moves)
        return asm.code


Value = tuple[int, int, bool]  # a register and 0, or -1 and the number; whether it is a mask


class _Assembler:
    """Writes code; registers above its base are used again once nobody needs their values."""

    def __init__(
        self, lowering: _Lowering, cells: Place = lambda row: row, base: int | None = None
    ) -> None:
        self.lowering = lowering
        self.cells = cells
        self.code: list[int] = []
        self.base = lowering.scratch if base is None else base
        self.next = self.base
        self.spare: list[int] = []

    def step(self, code: Code, d: int = 0, a: int = 0, b: int = 0, x: int = 0, y: int = 0) -> None:
        self.code += [code, d, a, b, x, y]

    def free(self) -> None:
        """Nobody needs any value of before."""
        self.next, self.spare = self.base, []

    def register(self) -> int:
        if self.spare:
            return self.spare.pop()
        self.next += 1
        self.lowering.top = max(self.lowering.top, self.next)
        return self.next - 1

    # ------------------------------------------------------------------------------ values

    def numbers(self, values: Sequence[Value]) -> list[int]:
        """Registers that hold these values as numbers."""
        return [self._number(*value) for value in values]

    def masks(self, values: Sequence[Value]) -> list[int]:
        """Registers that hold these values as masks: all bits where a condition holds."""
        return [self._mask(*value) for value in values]

    def fresh(self, registers: Sequence[int]) -> list[int]:
        """The same values, none in a cell: what is written next must not change another."""
        return [r if r >= self.base else self.copies([r])[0] for r in registers]

    def copies(self, registers: Sequence[int]) -> list[int]:
        found = []
        for register in registers:
            found.append(self.register())
            self.step(Code.MOVE, found[-1], register)
        return found

    def constant(self, number: int) -> int:
        register = self.register()
        self.step(Code.CONSTANT, register, 0, number)
        return register

    def reciprocal(self, divisor: int) -> tuple[int, int]:
        """Factor and shift by which 31 bits are divided exactly (Granlund, Montgomery 1994)."""
        if self.lowering.scenario.dtype is not np.int32:
            return 0, 0
        shift = 31 + (divisor - 1).bit_length()
        factor = -(-(1 << shift) // divisor)
        return (factor if factor < MOST_32 else factor - 2 * MOST_32), shift

    def _number(self, register: int, number: int, mask: bool) -> int:
        if register == NONE:
            return self.constant(number)
        if not mask:
            return register
        found = self.register()
        self.step(Code.NUM, found, register)
        return found

    def _mask(self, register: int, number: int, mask: bool) -> int:
        if register == NONE:
            return self.constant(-int(number != 0))
        if mask:
            return register
        found = self.register()
        self.step(Code.NEI, found, register, 0)
        return found

    # -------------------------------------------------------------------------------- code

    def run(self, block: Block) -> list[Value]:
        """The code of a block; its results, whose registers are kept until `free`."""
        self._constants: dict[int, int] = {}
        reads = [_reads(block, place) for place in range(len(block.steps))]
        wanted = {place for place, _ in block.results if place >= 0}
        last: dict[int, int] = {}  # where each value that is needed is read for the last time
        for place in range(len(block.steps) - 1, -1, -1):
            if place in wanted or place in last:
                for operand in reads[place]:
                    last.setdefault(operand, place)
        here: list[int] = []
        for place in range(len(block.steps)):
            needed = place in wanted or place in last
            here.append(self._step(block, here, place) if needed else NONE)
            # What a step reads for the last time makes room, but only after it has written.
            for operand in reads[place] if needed else ():
                free = here[operand] >= self.base and block.steps[operand].op is not Op.CONSTANT
                if last[operand] == place and operand not in wanted and free:
                    self.spare.append(here[operand])
        masks = [step.op in _MASKS or _masks(block, step) for step in block.steps]
        return [
            (NONE, number, False) if place < 0 else (here[place], 0, masks[place])
            for place, number in block.results
        ]

    def _step(self, block: Block, here: list[int], place: int) -> int:
        op, x, y, z = block.steps[place]
        since = _since(block, place)
        if since is not None:
            code, cell, turns = since
            d = self.register()
            self.step(code, d, here[cell], turns)
            return d
        if op is Op.CELL:
            return self.cells(x)
        if op is Op.SIGHT:
            return self.lowering.sights + x
        if op is Op.CONSTANT:
            return NONE  # an immediate operand, or else put into a register by who needs it
        steps = block.steps

        def known(operand: int) -> int | None:
            return steps[operand].x if steps[operand].op is Op.CONSTANT else None

        def register(operand: int) -> int:
            number = known(operand)
            if number is None:
                return here[operand]
            if operand not in self._constants:
                self._constants[operand] = self.constant(number)
            return self._constants[operand]

        number = known(y) if y >= 0 else None
        first = known(x) if x >= 0 else None
        if number is not None and op in _IMMEDIATE and first is None:
            a = register(x)
            d = self.register()
            self.step(_IMMEDIATE[op], d, a, number)
        elif op is Op.SUB and number is not None:
            a = register(x)
            d = self.register()
            self.step(Code.ADDI, d, a, -number)
        elif op is Op.SUB and first is not None:
            b = register(y)
            d = self.register()
            self.step(Code.RSUBI, d, b, first)
        elif op is Op.DIV and number is not None and number > 0:
            a = register(x)
            d = self.register()
            if number & (number - 1) == 0:
                self.step(Code.SHIFT, d, a, number.bit_length() - 1)
            elif found := scale(number, block.bounds[x], self.lowering.scenario.dtype):
                self.step(Code.SCALE, d, a, *found)
            else:
                self.step(Code.DIVI, d, a, number, *self.reciprocal(number))
        elif op is Op.MOD and number is not None and number > 0:
            a = register(x)
            d = self.register()
            self.step(Code.MODI, d, a, number, *self.reciprocal(number))
        else:
            operands = [register(it) for it in (x, y, z) if it >= 0]
            d = self.register()
            self.step(Code(op), d, *operands)
        return d


def scale(
    divisor: int, bounds: Interval, dtype: type[np.signedinteger[Any]]
) -> tuple[int, int] | None:
    """Factor f and shift s such that (x * f + f // 2) >> s is x // divisor for all x within
    bounds, without leaving the type; None where there are none.

    With f * divisor = 2**s + e and x = q * divisor + r the sum is q * 2**s + (q * e + r * f +
    f // 2), and what stands in brackets must lie in 0 .. 2**s - 1 for all q and r.
    """
    most = max(-bounds.low, bounds.high, 0)
    quotient = most // divisor + 1
    width = np.iinfo(dtype).bits
    for shift in range(width - 1):
        factor = -(-(1 << shift) // divisor)
        error = factor * divisor - (1 << shift)
        if most * factor + factor // 2 >= 1 << width - 1:
            return None
        if 2 * (quotient + 1) * error < factor - 1:
            return factor, shift
    return None


def _reads(block: Block, place: int) -> set[int]:
    """The places of the values that a step needs."""
    step, since = block.steps[place], _since(block, place)
    if since is not None:
        return {since[1]}
    return set() if step.op in _LEAVES else {it for it in step[1:] if it >= 0}


def _since(block: Block, place: int) -> tuple[Code, int, int] | None:
    """How long ago something was: an operation, the place of the cell that says when, the turns.

    The reader writes ``turns_since(x) <= k`` as ``x != 0 and turn - x <= k``.
    """
    steps = block.steps
    op, x, y, _ = steps[place]
    found = _SINCE.get((op, steps[x].op, steps[y].op)) if op in (Op.AND, Op.OR) else None
    if found is None:
        return None
    (_, cell, zero, _), (_, ago, turns, _) = steps[x], steps[y]
    known = steps[zero] == Step(Op.CONSTANT, 0) and steps[turns].op is Op.CONSTANT
    if not known or steps[ago].op is not Op.SUB or block.bounds[cell].low < 0:
        return None
    if steps[steps[ago].x].op is not Op.TURN or steps[ago].y != cell:
        return None
    return found, cell, steps[turns].x


_SINCE = {
    (Op.AND, Op.NE, Op.LE): Code.RECENT,
    (Op.AND, Op.NE, Op.EQ): Code.AGO,
    (Op.OR, Op.EQ, Op.GT): Code.LONG,
}
_LEAVES = (Op.CELL, Op.SIGHT, Op.TURN, Op.CONSTANT)
_MASKS = (Op.LT, Op.LE, Op.GT, Op.GE, Op.EQ, Op.NE, Op.AND, Op.OR, Op.NOT)


def _masks(block: Block, step: Any) -> bool:
    """Whether a choice is one between conditions."""
    if step.op is not Op.CHOOSE:
        return False
    branch = block.steps[step.y]
    return branch.op in _MASKS or _masks(block, branch)
