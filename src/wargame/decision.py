"""How an actor that follows its rules decides: an urn of whole-number weights.

Every legal move has a base weight; the rules that fire add, multiply or forbid; one draw picks:

    weight = max(0, base + sum of adds) * product of times // product of overs

and 0 where a rule forbids the move, its ``when`` does not hold or it cools down. A pupil can
follow it with paper and pencil, and `Weighing` keeps what is needed to show it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from wargame.draws import Luck, below, spread
from wargame.expression import Block

Cells = npt.NDArray[np.signedinteger[Any]]
Floats = npt.NDArray[np.floating[Any]]
Ints = npt.NDArray[np.int64]

NO_MOVE = -1
SMALL = 64  # up to so many runs the number of calls decides, not the arithmetic


@dataclass(frozen=True)
class Sight:
    """One gauge that an actor sees through noise: `width` is the largest error."""

    name: str
    row: int
    width: int | None  # None: result of the mind's `widths` block, in order
    label: str


@dataclass(frozen=True)
class Mind:
    """One actor's rules, compiled. Indices: m a move, r a rule, k a result of `block`."""

    actor: str
    moves: tuple[str, ...]
    rules: tuple[str, ...]
    hold: int  # index of the move `hold`, which goes back into the urn; -1 if there is none
    labels: tuple[str, ...]  # the name of the luck of each of the turn's orders
    sights: tuple[Sight, ...]
    widths: Block | None
    low: Ints  # bounds of the sights
    high: Ints
    block: Block  # conditions of rules, then whatever else is not constant
    base: Floats  # M x 1
    adds: Floats  # M x R
    live_base: tuple[tuple[int, int], ...]  # (m, k)
    live_adds: tuple[tuple[int, int, int], ...]  # (m, r, k)
    times: tuple[tuple[int, int, int], ...]  # (m, r, factor)
    overs: tuple[tuple[int, int, int], ...]  # (m, r, divisor)
    forbids: tuple[tuple[int, int], ...]  # (m, r)
    whens: tuple[tuple[int, int], ...]  # (m, k)
    cooldowns: tuple[tuple[int, int, int], ...]  # (m, row of the last turn played, turns)
    barred: npt.NDArray[np.bool_]  # M + 1: a policy forbids the move; the last is "no move"


@dataclass(frozen=True)
class Weighing:
    """What an actor weighed: weights (M x n), which rules fired (R x n), legality (M x n)."""

    weights: Floats
    fired: Floats
    legal: npt.NDArray[np.bool_]
    results: Sequence[Any]


def perceive(mind: Mind, cells: Cells, turn: int, luck: Luck) -> Cells:
    """What the actor sees of the gauges that it sees through noise, sights x n, clamped."""
    seen = np.empty((len(mind.sights), cells.shape[1]), dtype=cells.dtype)
    widths = mind.widths(cells, None, turn) if mind.widths is not None else ()
    live = 0
    for index, sight in enumerate(mind.sights):
        width: Any = sight.width
        if width is None:
            width, live = np.maximum(widths[live], 0), live + 1
        guess = cells[sight.row] + spread(luck.words(sight.label, turn), width)
        seen[index] = np.minimum(np.maximum(guess, mind.low[index]), mind.high[index])
    return seen


def weigh(mind: Mind, cells: Cells, seen: Cells, turn: int) -> Weighing:
    """The weights of every move of the actor, in every run."""
    n = cells.shape[1]
    results = mind.block(cells, seen, turn)
    fired = np.empty((len(mind.rules), n), dtype=mind.adds.dtype)
    for r in range(len(mind.rules)):
        fired[r] = results[r]
    weights = mind.adds @ fired
    weights += mind.base
    for m, k in mind.live_base:
        weights[m] += results[k]
    for m, r, k in mind.live_adds:
        weights[m] += fired[r] * results[k]
    np.maximum(weights, 0, out=weights)
    for m, r, factor in mind.times:
        weights[m] *= 1 + fired[r] * (factor - 1)
    for m, r, divisor in mind.overs:
        weights[m] = np.floor(weights[m] / (1 + fired[r] * (divisor - 1)))
    legal = allowed(mind, cells, turn, results)
    for m, r in mind.forbids:
        weights[m] *= 1 - fired[r]
    weights *= legal
    legal[mind.barred[:-1]] = False
    return Weighing(weights, fired, legal, results)


def allowed(mind: Mind, cells: Cells, turn: int, results: Sequence[Any]) -> npt.NDArray[np.bool_]:
    """Which moves may be made at all, M x n: its ``when`` holds and it does not cool down."""
    legal = np.ones((len(mind.moves), cells.shape[1]), dtype=np.bool_)
    for m, k in mind.whens:
        legal[m] = results[k]
    for m, row, turns in mind.cooldowns:
        last = cells[row]
        legal[m] &= (last == 0) | (turn - last > turns)
    return legal


def choose(mind: Mind, weights: Floats, luck: Luck, turn: int) -> Ints:
    """One draw for each order of the turn, orders x n: the index of a move, or -1.

    A move that was drawn does not go back into the urn, except `hold`. A move that a policy
    forbids keeps its slips in the urn, and whoever draws one does nothing: so a policy makes no
    other move likelier by arithmetic, and two policies differ only where it matters.
    """
    n = weights.shape[1]
    orders = np.empty((len(mind.labels), n), dtype=np.int64)
    for k, label in enumerate(mind.labels):
        if k:
            weights = weights.copy()
            before = orders[k - 1]
            drawn = np.flatnonzero((before != mind.hold) & (before != NO_MOVE))
            weights[before[drawn], drawn] = 0
        orders[k] = draw(weights, luck.words(label, turn))
    orders[mind.barred[orders]] = NO_MOVE
    return orders


def draw(weights: Floats, words: npt.NDArray[np.uint64]) -> Ints:
    """The index that each run's word picks from its urn (weights M x n), or -1 if it is empty."""
    if weights.shape[0] == 0:
        return np.full(weights.shape[1], NO_MOVE, dtype=np.int64)
    if weights.shape[1] <= SMALL:
        edges = np.add.accumulate(weights, axis=0)
    else:  # accumulate is slow along the short axis of a wide table
        edges = weights.copy()
        for m in range(1, len(edges)):
            edges[m] += edges[m - 1]
    ticket = below(words, edges[-1])
    index = (edges <= ticket).sum(axis=0)
    return np.where(edges[-1] > 0, index, NO_MOVE)
