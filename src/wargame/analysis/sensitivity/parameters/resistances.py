"""The ladder's own numbers: what each stage resists, up and down, how fast heat is forgotten.

They are part of the program and not of a scenario, and the same in every run. Where one is
turned, a scenario's turn is given two steps more, in its lists of what is computed anew: before
the ladder acts, heat is put aside, so that it finds none and nothing moves; afterwards the same
rule is applied to what was put aside, with the numbers that each run has.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from wargame.analysis.sensitivity.parameters.parameter import HEAT, PER_MILLE, Bench, of, relative
from wargame.content.spec import Expr, GaugeSpec, Spec, Text
from wargame.engine import ladder
from wargame.engine.scenario import DYAD_CELLS, Scenario
from wargame.errors import Mark
from wargame.expression import (
    Block,
    Choice,
    Compare,
    Expression,
    Meaning,
    Node,
    Number,
    Symbol,
    compile_block,
    parse,
)
from wargame.expression import Kind as ExpressionKind

THE_LADDER = {"en": "The ladder", "ja": "段階の梯子"}
FILE = "src/wargame/engine/ladder.py"

# `ladder.climb`, written in the language of rules
LIMIT = ladder.HEAT_LIMIT
PRESSURE = f"clip(dyad.heat + dyad.forced * ladder.relapse, -{LIMIT}, {LIMIT})"
RISES, FALLS = "dyad.pressure >= ladder.up", "dyad.pressure <= -ladder.down"
KEPT = "abs(dyad.pressure) * (1000 - ladder.decay) // 1000"
LEFT = f"0 if ({RISES}) or ({FALLS}) else (-({KEPT}) if dyad.pressure < 0 else {KEPT})"
STAGE = f"dyad.stage + ({RISES}) - ({FALLS})"
PEAK = f"max(dyad.peak, {STAGE})"


class Table(NamedTuple):
    """A table or a number of `ladder.py`, as something written that says what it rests on."""

    at: Mark
    source: Text = Text(en="Glasl 1982; sizes are an assumption")

    @classmethod
    def of(cls, name: str) -> Table:
        """Under its name there."""
        return cls(Mark(FILE, line_of(name), 1))


def line_of(name: str) -> int:
    """The line of `ladder.py` on which a table stands."""
    lines = inspect.getsource(ladder).splitlines()
    return next(i for i, text in enumerate(lines, 1) if re.match(rf"{name}\b", text))


def add(bench: Bench, spec: Spec) -> None:
    """The levers of the ladder, if there is a dyad to stand on it."""
    if not spec.scenario.dyads:
        return
    any_kept = False
    for stage in range(ladder.LOWEST, ladder.HIGHEST + 1):
        for name, table, step in (("UP", ladder.UP, 1), ("DOWN", ladder.DOWN, -1)):
            usual, to = int(table[stage]), stage + step
            if usual > LIMIT:
                continue  # the ends of the ladder, beyond which there is no stage
            title = of(
                THE_LADDER, f"resistance, stage {stage} to {to}", f"第{stage}→{to}段階の抵抗"
            )
            kept = bench.add(
                "ladder",
                name,
                title,
                Table.of(name),
                relative(usual, 1, LIMIT),
                usual=usual,
                unit=HEAT,
                part=f"{stage} → {to}",
                cell=_cell(name, stage),
            )
            any_kept = any_kept or kept is not None
    for name, usual, unit, en, ja in (
        ("DECAY", ladder.DECAY, PER_MILLE, "heat forgotten in a turn", "1ターンに忘れられる熱"),
        ("RELAPSE", ladder.RELAPSE, HEAT, "heat after a calm by force", "力で鎮めた後の熱"),
    ):
        kept = bench.add(
            "ladder",
            name,
            of(THE_LADDER, en, ja),
            Table.of(name),
            relative(usual, 0, 1000),
            usual=usual,
            unit=unit,
            cell=_cell(name),
        )
        any_kept = any_kept or kept is not None
    if any_kept:
        aside = GaugeSpec(start=Expr("0"), min=-LIMIT, max=LIMIT)
        bench.hidden |= {_aside(dyad): aside for dyad in spec.scenario.dyads}


def laid(scenario: Scenario) -> Scenario:
    """The scenario, compiled, with the ladder's levers acting; itself if none is there."""
    dyads = scenario.header.dyads
    if not any(_aside(dyad) in scenario.rows for dyad in dyads):
        return scenario
    rows, cells = scenario.rows, _Cells(scenario)
    before: list[tuple[int, Node]] = []
    after: list[tuple[int, Node]] = []
    for dyad in dyads:
        own = {kind: cells.symbol(f"{kind}({dyad})") for kind in DYAD_CELLS}
        # In this order: heat is put aside before it is taken away.
        before += [(rows[_aside(dyad)], own["heat"]), (rows[f"heat({dyad})"], Number(0))]
        known: dict[str, Node] = {f"dyad.{kind}": symbol for kind, symbol in own.items()}
        known["dyad.heat"] = cells.symbol(_aside(dyad))
        known["ladder.decay"] = cells.number("DECAY", ladder.DECAY)
        known["ladder.relapse"] = cells.number("RELAPSE", ladder.RELAPSE)
        known["ladder.up"] = _by_stage(cells, own["stage"], "UP", ladder.UP.tolist())
        known["ladder.down"] = _by_stage(cells, own["stage"], "DOWN", ladder.DOWN.tolist())
        known["dyad.pressure"] = _tree(PRESSURE, known)
        after += [
            (rows[f"{kind}({dyad})"], _tree(text, known))
            for kind, text in (("stage", STAGE), ("heat", LEFT), ("peak", PEAK))
        ]
    layers = dict(scenario.derived)
    layers["moves"] = (*layers["moves"], cells.layer("before the ladder", before))
    layers["ladder"] = (cells.layer("the ladder", after), *layers["ladder"])
    return replace(scenario, derived=layers)


def _cell(name: str, stage: int = 0) -> str:
    return f"lever.ladder.{name.lower()}" + (f".n{stage}" if stage else "")


def _aside(dyad: str) -> str:
    return f"lever.aside.{dyad}"


def _tree(text: str, known: Mapping[str, Node]) -> Node:
    return parse(text).bind(known).node


def _by_stage(cells: _Cells, stage: Node, name: str, table: list[int]) -> Node:
    """What the stage that a dyad stands at resists: one choice after another."""
    found = cells.number(name, table[ladder.HIGHEST], ladder.HIGHEST)
    for number in range(ladder.HIGHEST - 1, ladder.LOWEST - 1, -1):
        here = Compare(stage, ("==",), (Number(number),))
        found = Choice(here, cells.number(name, table[number], number), found)
    return found


class _Cells:
    """The cells of a scenario under their own names, for expressions that no author writes."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario

    def names(self) -> Iterable[str]:
        return self.scenario.rows

    def symbol(self, name: str) -> Symbol:
        row = self.scenario.rows[name]
        return Symbol("c", row, int(self.scenario.low[row]), int(self.scenario.high[row]))

    def call(self, function: str, args: tuple[str, ...]) -> Meaning:
        return self.symbol(f"{function}({', '.join(args)})")

    def number(self, name: str, value: int, stage: int = 0) -> Node:
        """One of the ladder's numbers: its lever's cell, if it has one here."""
        cell = _cell(name, stage)
        return self.symbol(cell) if cell in self.scenario.rows else Number(value)

    def layer(
        self, name: str, changes: Sequence[tuple[int, Node]]
    ) -> tuple[tuple[int, ...], Block]:
        """Rows, and the function for their new values."""
        written: list[tuple[Expression, ExpressionKind]] = [
            (Expression(node, name), "int") for _, node in changes
        ]
        block = compile_block(name, written, self, self.scenario.dtype)
        return tuple(row for row, _ in changes), block
