"""What happens to the world in a phase: many effects, applied together.

A *slot* is something that may happen in a phase: an outcome of a chance event, an inject, a
move that succeeds. Whether it happens is one row of zeros and ones over the runs. All slots of
a phase read the world as the phase found it; sets come before adds, of two sets of one cell
the later slot counts, and the results are clamped once to the cells' bounds.

Constant additions, which are most of them, are one exact matrix product: whole numbers held
in floats are exact below 2**24 (float32) or 2**53 (float64), and the compiler proves the bound.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from wargame.expression import Block

Cells = npt.NDArray[np.signedinteger[Any]]
Floats = npt.NDArray[np.floating[Any]]
FLOAT32_EXACT = 2**24


@dataclass(frozen=True)
class Slot:
    """One thing that may happen, with its effects on cells named by row.

    `adds` and `sets` are constants; `live_adds` and `live_sets` name a result of `block`, which
    is evaluated only when the slot happens in some run.
    """

    name: str
    adds: tuple[tuple[int, int], ...] = ()
    sets: tuple[tuple[int, int], ...] = ()
    live_adds: tuple[tuple[int, int], ...] = ()
    live_sets: tuple[tuple[int, int], ...] = ()
    block: Block | None = None

    def rows(self) -> set[int]:
        """The rows that this slot can change."""
        return {
            row
            for part in (self.adds, self.sets, self.live_adds, self.live_sets)
            for row, _ in part
        }


@dataclass(frozen=True)
class EffectBook:
    """All the slots of a phase, lowered to a matrix and a short list of live effects.

    `low` and `high` are given as the bounds of every cell, and kept for the changed ones as
    columns (rows x 1) of the cells' own type, so that nothing is widened in the inner loop.
    """

    slots: tuple[Slot, ...]
    low: npt.NDArray[Any]
    high: npt.NDArray[Any]
    dtype: type[np.signedinteger[Any]]
    rows: npt.NDArray[np.intp] = field(init=False)
    place: dict[int, int] = field(init=False)
    matrix: Floats = field(init=False)
    live: tuple[int, ...] = field(init=False)
    setting: tuple[int, ...] = field(init=False)

    def __post_init__(self) -> None:
        rows = sorted(set().union(*(slot.rows() for slot in self.slots)) if self.slots else set())
        place = {row: index for index, row in enumerate(rows)}
        matrix = np.zeros((len(rows), len(self.slots)))
        for column, slot in enumerate(self.slots):
            for row, amount in slot.adds:
                matrix[place[row], column] += amount
        largest = np.abs(matrix).sum(axis=1).max(initial=0)
        kind = np.float32 if largest < FLOAT32_EXACT else np.float64

        def assign(name: str, value: object) -> None:
            object.__setattr__(self, name, value)

        assign("rows", np.array(rows, dtype=np.intp))
        assign("place", place)
        assign("low", np.asarray(self.low)[rows, None].astype(self.dtype))
        assign("high", np.asarray(self.high)[rows, None].astype(self.dtype))
        assign("matrix", matrix.astype(kind))
        assign(
            "live",
            tuple(i for i, slot in enumerate(self.slots) if slot.live_adds or slot.live_sets),
        )
        assign(
            "setting", tuple(i for i, slot in enumerate(self.slots) if slot.sets or slot.live_sets)
        )

    def happening(self, runs: int) -> Floats:
        """An empty table of what happens, slots x runs, for the phase to fill with 0 and 1."""
        return np.zeros((len(self.slots), runs), dtype=self.matrix.dtype)

    def apply(self, cells: Cells, happens: Floats, turn: int) -> None:
        """Do everything in `happens` (slots x runs) to `cells` (rows x runs), in place.

        All values are computed before the first cell is written, so every effect reads the
        world as the phase found it.
        """
        if not self.rows.size or not happens.any():
            return
        values: dict[int, Sequence[Any]] = {}
        for index in self.live:
            block = self.slots[index].block
            if block is not None and happens[index].any():
                values[index] = block(cells, None, turn)
        changed = cells[self.rows]
        for index in self.setting:
            where = happens[index] != 0
            for row, amount in self.slots[index].sets:
                changed[self.place[row]][where] = amount
            if index in values:
                for row, k in self.slots[index].live_sets:
                    place = self.place[row]
                    changed[place] = np.where(where, values[index][k], changed[place])
        changed += (self.matrix @ happens).astype(cells.dtype)
        for index, results in values.items():
            where = happens[index].astype(cells.dtype)
            for row, k in self.slots[index].live_adds:
                changed[self.place[row]] += results[k] * where
        np.maximum(changed, self.low, out=changed)
        np.minimum(changed, self.high, out=changed)
        cells[self.rows] = changed
