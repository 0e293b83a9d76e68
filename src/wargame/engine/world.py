"""The world of many runs at once, as one value.

Everything that a run remembers is a whole number in one table, *cells x runs*: gauges,
unknowns, the ladder of each dyad, who played what and when, and how long each ending has held.
A `World` is never changed in place; copying, forking and hashing are one line each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

import numpy as np
import numpy.typing as npt

Cells = npt.NDArray[np.signedinteger[Any]]
Ints = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]

RUNNING = -1  # the ending of a run that goes on
_GOLDEN = 0x9E3779B97F4A7C15  # the increment of SplitMix64 (Steele, Lea, Flood 2014)


@dataclass(frozen=True)
class World:
    """The state of `n` runs after `turn` turns.

    cells: whole numbers, rows x n; `names` maps a cell's name to its row.
    state_rows: the first so many rows are state; the rest is derived from them.
    runs: run numbers, n. ending: index of the ending reached, or -1, n. ended: its turn, n.
    trail: a rolling 64-bit hash of all turns so far, n; it proves that two runs went alike.
    """

    names: Mapping[str, int]
    state_rows: int
    cells: Cells
    runs: Ints
    turn: int
    ending: Ints
    ended: Ints
    trail: Words

    @property
    def n(self) -> int:
        """How many runs there are."""
        return int(self.cells.shape[1])

    def __getitem__(self, name: str) -> Cells:
        """The cell `name` of every run, n. Raises KeyError for a name that does not exist."""
        found: Cells = self.cells[self.names[name]]
        return found

    @property
    def running(self) -> npt.NDArray[np.bool_]:
        """Which runs go on, n."""
        flags: npt.NDArray[np.bool_] = self.ending == RUNNING
        return flags

    def take(self, rows: npt.ArrayLike, runs: npt.ArrayLike | None = None) -> World:
        """The runs at the positions `rows`, in that order and as often as asked.

        With `runs` they get new run numbers: the way to fan one world out into many futures.
        """
        rows = np.asarray(rows)
        return replace(
            self,
            cells=np.ascontiguousarray(self.cells[:, rows]),
            runs=self.runs[rows] if runs is None else np.asarray(runs, dtype=np.int64),
            ending=self.ending[rows],
            ended=self.ended[rows],
            trail=self.trail[rows],
        )

    def digest(self, column: int = 0) -> str:
        """SHA-256 of one run's canonical bytes: its state as little-endian 64-bit numbers."""
        state = self.cells[: self.state_rows, column].astype("<i8")
        header = np.array([self.turn, self.ending[column], self.ended[column]], dtype="<i8")
        return sha256(header.tobytes() + state.tobytes()).hexdigest()


def coefficients(count: int) -> npt.NDArray[np.uint32]:
    """Odd 32-bit multipliers for two sums over so many rows, 2 x count (SplitMix64 of the row)."""
    z = np.arange(1, count + 1, dtype=np.uint64) * np.uint64(_GOLDEN)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z = z ^ (z >> np.uint64(31))
    return np.stack([z >> np.uint64(32), z & np.uint64(2**32 - 1)]).astype(np.uint32) | np.uint32(1)


def roll(
    trail: Words,
    tables: Sequence[npt.NDArray[np.signedinteger[Any]]],
    multipliers: npt.NDArray[np.uint32],
) -> Words:
    """The rolling hash after one more turn, whose numbers are the rows of `tables`, rows x n.

    Two weighted sums modulo 2**32 make one word; numbers count modulo 2**32, which tells all
    apart that a world can hold. The hash catches accidents, not forgers.
    """
    sums = np.zeros((2, trail.size), dtype=np.uint32)
    first = 0
    for table in tables:
        numbers = table.view(np.uint32) if table.dtype == np.int32 else table.astype(np.uint32)
        last = first + len(numbers)
        for total, factors in zip(sums, multipliers[:, first:last], strict=True):
            total += np.einsum("r,rn->n", factors, numbers)
        first = last
    word = (sums[0].astype(np.uint64) << np.uint64(32)) | sums[1]
    mixed: Words = trail * np.uint64(_GOLDEN) + word
    return mixed ^ (mixed >> np.uint64(29))
