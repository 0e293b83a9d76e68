"""How good forecasts were: proper scores, skill against a rival, and whether stated odds came true.

A score is proper when nobody can better it by stating other odds than he believes. Both here are
losses, 0 at best: the logarithmic score in *bits* (4 bits: as surprising as four heads in a row)
and Brier's, summed over all options. Sources: Good 1952; Brier 1950; Gneiting and Raftery 2007.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from wargame.statistics.result import FloatArray, Result, say
from wargame.statistics.shares import critical, share_interval

Standing = Literal["ahead", "level", "behind"]

REDRAWS = 4000
BLOCK = 2  # weeks that are drawn together: what is done in one is felt in the next
EDGES = (0.0, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 1.0)


def bits(chance: ArrayLike) -> FloatArray:
    """The logarithmic score: the surprise, in bits, at what was given this chance."""
    with np.errstate(divide="ignore"):
        found: FloatArray = np.abs(np.log2(np.asarray(chance, dtype=float)))
    return found


def brier(stated: ArrayLike, happened: ArrayLike) -> float:
    """Brier's score of one forecast: squared errors, summed over the options.

    stated: the chance of each option. happened: 1 for those that came, 0 for the others.
    """
    errors = np.asarray(stated, dtype=float) - np.asarray(happened, dtype=float)
    return float((errors**2).sum())


@dataclass(frozen=True)
class Skill(Result):
    """How much less one forecaster lost than a rival, over the same weeks.

    gain: loss spared in each forecast, with its interval. skill: the share of the rival's whole
    loss that was spared; 1 is perfect, 0 no better, below 0 worse.
    """

    gain: float
    low: float
    high: float
    skill: float
    skill_low: float
    skill_high: float
    weeks: int
    confidence: float

    @property
    def standing(self) -> Standing:
        """ahead or behind where the interval of the gain leaves zero out."""
        return "ahead" if self.low > 0 else "behind" if self.high < 0 else "level"

    def words(self, lang: str = "en") -> str:
        """The skill with its interval, short: '+23 % (-4 to +41)'."""
        low, high = f"{100 * self.skill_low:+.0f}", f"{100 * self.skill_high:+.0f}"
        return (
            f"{100 * self.skill:+.0f} % ({say(lang, en=f'{low} to {high}', ja=f'{low}～{high}')})"
        )


def skill(
    losses: ArrayLike,
    rival: ArrayLike,
    *,
    block: int = BLOCK,
    confidence: float = 0.95,
    redraws: int = REDRAWS,
    seed: int = 1,
) -> Skill:
    """Compare two forecasters who forecast the same, weeks x forecasts each.

    The interval is a paired bootstrap: whole weeks are drawn again, with all that was forecast
    in them, in runs of `block` weeks that may go round the end. The same seed gives the same
    interval. Raises ValueError for tables that differ in shape or are empty.

    Source: Politis and Romano 1992 (circular block bootstrap).
    """
    mine, other = np.asarray(losses, dtype=float), np.asarray(rival, dtype=float)
    if mine.shape != other.shape or mine.ndim != 2 or not mine.size:
        raise ValueError("two tables of losses, weeks x forecasts, of one shape are compared")
    weeks, forecasts = mine.shape
    own, others = mine.sum(axis=1), other.sum(axis=1)
    length = min(block, weeks)
    starts = np.random.default_rng(seed).integers(weeks, size=(redraws, -(-weeks // length)))
    drawn = (starts[:, :, None] + np.arange(length)) % weeks
    drawn = drawn.reshape(redraws, -1)[:, :weeks]
    sums, rivals = own[drawn].sum(axis=1), others[drawn].sum(axis=1)
    tails = [(1 - confidence) / 2, (1 + confidence) / 2]
    low, high = np.quantile((rivals - sums) / (weeks * forecasts), tails)
    skill_low, skill_high = np.quantile(_spared(sums, rivals), tails)
    return Skill(
        gain=float((others.sum() - own.sum()) / (weeks * forecasts)),
        low=float(low),
        high=float(high),
        skill=float(_spared(own.sum(), others.sum())),
        skill_low=float(skill_low),
        skill_high=float(skill_high),
        weeks=weeks,
        confidence=confidence,
    )


def _spared(mine: ArrayLike, other: ArrayLike) -> FloatArray:
    """1 - mine / other; nothing can be spared of a rival's loss of 0."""
    own, others = np.asarray(mine, dtype=float), np.asarray(other, dtype=float)
    ratio = np.divide(own, others, out=np.where(own > 0, np.inf, 1.0), where=others > 0)
    spared: FloatArray = 1 - ratio
    return spared


@dataclass(frozen=True)
class Bin(Result):
    """Forecasts whose stated chance lay in low..high: what was stated, and how many came true.

    stated: mean of the stated chances. share: how many came true, between share_low and share_high.
    """

    low: float
    high: float
    count: int
    stated: float
    came: int
    share: float
    share_low: float
    share_high: float

    @property
    def agrees(self) -> bool:
        """Whether the interval holds what was stated."""
        return self.share_low <= self.stated <= self.share_high


def reliability(
    stated: ArrayLike,
    happened: ArrayLike,
    edges: Sequence[float] = EDGES,
    confidence: float = 0.95,
) -> tuple[Bin, ...]:
    """Stated chances sorted into bins, beside how often what they spoke of came; empty bins left
    out. A chance on an edge counts to the bin above it; the last bin holds its upper edge.

    The intervals take forecasts as independent. Those of one week are not quite.
    """
    odds, came = np.asarray(stated, dtype=float).ravel(), np.asarray(happened, dtype=bool).ravel()
    place = np.clip(np.searchsorted(edges, odds, side="right") - 1, 0, len(edges) - 2)
    found = []
    for i, (low, high) in enumerate(pairwise(edges)):
        own = place == i
        n, k = int(own.sum()), int(came[own].sum())
        if n:
            ends = share_interval(k, n, critical(1 - confidence))
            share_low, share_high = (float(end) for end in ends)
            mean = float(odds[own].mean())
            found.append(Bin(low, high, n, mean, k, k / n, share_low, share_high))
    return tuple(found)
