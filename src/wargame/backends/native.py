"""The native machine: machine.c, called with ctypes where it has been compiled.

It lets go of Python's lock while it plays, keeps nothing between calls and may be called from
many threads at once.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from wargame.backends.levels import machine
from wargame.engine.program import Head, Program

Ints = npt.NDArray[np.int64]
Cells = npt.NDArray[np.signedinteger[Any]]
Words = npt.NDArray[np.uint64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Played:
    """Whole runs, n of them, in the order that they were given in.

    ending: index into the endings. ended: the turn. trail: the rolling hash. kept: rows that the
    program keeps, kept rows x n. played: how often each move was made, moves of all actors, with
    one more each that stands for none, x turns.
    """

    ending: Ints
    ended: Ints
    trail: Words
    kept: Cells
    played: Ints


def begin(program: Program, key: Sequence[int], runs: Ints) -> Cells:
    """The worlds before the first turn, cells x n, with the runs' unknowns drawn."""
    cells = np.empty((program[Head.CELLS], runs.size), dtype=program.words.dtype)
    _call("begin", program, key, runs, cells)
    return cells


def news(program: Program, key: Sequence[int], runs: Ints, turn: int, cells: Cells) -> Flags:
    """The news of a turn: changes `cells`; what happened, slots x n."""
    happened = np.zeros((program[Head.SLOTS], runs.size), dtype=np.bool_)
    _call("news", program, key, runs, ctypes.c_int64(turn), cells, happened)
    return happened


def close(
    program: Program,
    key: Sequence[int],
    runs: Ints,
    turn: int,
    cells: Cells,
    orders: Cells,
    verdicts: npt.NDArray[np.int8] | None,
    trail: Words,
) -> tuple[Flags, Ints]:
    """The rest of a turn: which orders succeed, orders x n, and each run's ending, n, or -1.

    Changes `cells`, `trail` and `orders`: places in the program's tables of moves, orders x n,
    -1 for those that the rules draw. verdicts: an umpire's, orders x n; -1 leaves it to luck.
    """
    done = np.zeros(orders.shape, dtype=np.bool_)
    ending = np.empty(runs.size, dtype=np.int64)
    turns = ctypes.c_int64(turn)
    _call("close", program, key, runs, turns, cells, orders, verdicts, done, ending, trail)
    return done, ending


def play(
    program: Program,
    key: Sequence[int],
    runs: Ints,
    turn: int = 0,
    cells: Cells | None = None,
    trail: Words | None = None,
) -> Played:
    """Play whole runs to their ends.

    key: the words of the seed. runs: their numbers, n. cells, trail: the worlds after `turn`
    turns, cells x n and n, of runs that all go on; runs begin where there are none. Raises
    MemoryError.
    """
    n = runs.size
    kept = np.empty((n, program[Head.KEPT_ROWS]), dtype=program.words.dtype)
    played = np.zeros((program[Head.PLAYED], program[Head.HORIZON]), dtype=np.int64)
    ending, ended = np.empty((2, n), dtype=np.int64)
    trail = np.zeros(n, dtype=np.uint64) if trail is None else trail.copy()
    turns = ctypes.c_int64(turn)
    _call("play", program, key, runs, turns, cells, ending, ended, trail, kept, played)
    return Played(ending, ended, trail, kept.T, played)


def _call(function: str, program: Program, key: Sequence[int], runs: Ints, *rest: Any) -> None:
    """Call the library. Arrays go as they lie in memory, so they must lie in one piece."""
    failed = getattr(machine().loaded, f"{function}_{program[Head.WIDTH]}")(
        _at(program.words),
        _at(program.labels),
        _at(np.array(key, dtype=np.uint64)),
        _at(runs),
        ctypes.c_int64(runs.size),
        *(_at(it) if isinstance(it, np.ndarray) else it for it in rest),
    )
    if failed:
        raise MemoryError("the machine found no memory")


def _at(array: npt.NDArray[Any]) -> Any:
    if not array.flags.c_contiguous:
        raise ValueError("the machine needs arrays in one piece")
    return array.ctypes.data_as(ctypes.c_void_p)
