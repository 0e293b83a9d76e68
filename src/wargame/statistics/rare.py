"""Rare endings: independent splitting replicates put together into one estimate.

Splitting climbs to a rare ending by stages. At each stage the runs that reached it are cloned, so
the next stage starts with enough of them again; the product of the shares that go on estimates the
whole way. One replicate's clones are relatives and say nothing about its own error. So the error
comes from independent replicates, and only from them.

Source: Kahn and Harris 1951; Garvels 2000, The splitting method in rare event simulation.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from wargame.errors import counted
from wargame.statistics.lazy import special, stats
from wargame.statistics.result import Result, one_in, say, whole
from wargame.statistics.shares import never_seen


@dataclass(frozen=True)
class RareShare(Result):
    """A rare share from R independent replicates.

    levels: mean over the replicates that tried it of each stage's share of runs that go on;
    se: standard error of `share`; low, high: interval on the log scale;
    crude_runs: plain runs with the same standard error, None if no replicate arrived.
    """

    NAMES = ("name",)

    name: str
    share: float
    se: float
    low: float
    high: float
    alpha: float
    replicates: int
    arrived: int
    levels: tuple[float, ...]
    crude_runs: float | None

    def agrees(self, count: int, n: int, alpha: float = 0.05) -> bool:
        """Whether plain runs, `count` of n, are compatible with this estimate.

        They are if some share inside the interval would not be rejected by the exact binomial
        test; the one closest to count / n decides.
        """
        nearest = min(max(count / n, self.low), self.high)
        return bool(stats().binomtest(count, n, nearest).pvalue > alpha)

    def words(self, lang: str = "en") -> str:
        """One sentence, with the share also as a fraction."""
        if self.arrived == 0:
            return say(
                lang,
                en=f"{self.name}: not reached by any of {self.replicates} replicates "
                f"(below {self.high:.1e})",
                ja=f"{self.name}：独立な{self.replicates}回の反復で一度も到達せず"
                f"（{self.high:.1e}未満）",
            )
        text = say(
            lang,
            en=f"{self.name}: {self.share:.2g} of model runs, {one_in(self.share, lang)} "
            f"({self.low:.2g} to {self.high:.2g}, {self.replicates} replicates)",
            ja=f"{self.name}：モデル実行の{self.share:.2g}、{one_in(self.share, lang)}"
            f"（{self.low:.2g}～{self.high:.2g}、独立な反復{self.replicates}回）",
        )
        if self.crude_runs is None:
            return text
        runs = int(float(f"{self.crude_runs:.1e}"))
        return text + say(
            lang,
            en=f"; worth {counted(runs, 'plain run')}",
            ja=f"。通常の実行{whole(runs)}回に相当",
        )


def combine_replicates(
    name: str, hits: ArrayLike, effort: ArrayLike, *, alpha: float = 0.05
) -> RareShare:
    """Put independent splitting replicates together.

    hits: runs that reached the next stage, shape (replicates, stages), the last stage being the
    ending itself; effort: runs started at each stage, a number or the same shape. A replicate
    that dies out has hits 0 from there on (its later effort may be 0) and counts as share 0:
    leaving it out would bias the estimate upwards.

    A replicate's estimate is the product over stages of hits/effort, and unbiased; their mean m
    has SE = sd / sqrt(R). The interval is m exp(± t SE/m), t from Student with R - 1 degrees: it
    cannot fall below 0, and fits estimates spread over powers of ten better than m ± t SE.

    If no replicate arrives, `high` is the share that reaches the deepest stage with any hits times
    the never-seen bound for R tries there: as if all clones of a replicate shared one fate, which
    is the cautious extreme.

    Raises ValueError for fewer than two replicates, or hits beyond the effort.
    """
    reached = np.asarray(hits, dtype=float)
    if reached.ndim != 2 or reached.shape[0] < 2 or reached.shape[1] < 1:
        raise ValueError(f"{name}: needs two replicates or more, and a stage")
    tried = np.broadcast_to(np.asarray(effort, dtype=float), reached.shape)
    if (reached > tried).any() or (reached < 0).any():
        raise ValueError(f"{name}: a stage has more hits than runs")
    onward = np.divide(reached, tried, out=np.zeros(reached.shape), where=tried > 0)
    chain = np.cumprod(onward, axis=1)
    estimates = chain[:, -1]
    replicates = len(estimates)
    mean = float(estimates.mean())
    se = float(estimates.std(ddof=1) / math.sqrt(replicates))
    if mean > 0:
        spread = float(special().stdtrit(replicates - 1, 1 - alpha / 2)) * se / mean
        low, high = mean * math.exp(-spread), min(1.0, mean * math.exp(spread))
    else:
        deepest = [float(share) for share in chain.mean(axis=0) if share > 0]
        low, high = 0.0, (deepest[-1] if deepest else 1.0) * never_seen(replicates, alpha)
    levels = onward.sum(axis=0) / np.maximum(1, (tried > 0).sum(axis=0))
    return RareShare(
        name=name,
        share=mean,
        se=se,
        low=low,
        high=high,
        alpha=alpha,
        replicates=replicates,
        arrived=int((estimates > 0).sum()),
        levels=tuple(levels.tolist()),
        crude_runs=mean * (1 - mean) / se**2 if mean > 0 and se > 0 else None,
    )
