"""Looking while the batch still runs, without fooling oneself.

A p-value of 0.05 looked at 50 times is false 33 times in 100. An e-value and a confidence sequence
keep their promise at every look together, so a batch may be stopped the moment it is convincing.
The price is about twice the width.

Both rest on one idea: bet on the data with odds averaged over all possible shares. If the bettor's
claim is wrong the winnings are a martingale, and by Ville's inequality they ever reach 1/alpha
with probability at most alpha. Source: Ville 1939; Robbins 1970, Ann. Math. Statist. 41:1397.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from wargame.errors import counted
from wargame.statistics.lazy import special
from wargame.statistics.pairs import YES, Pairs
from wargame.statistics.planning import runs_for_half_width
from wargame.statistics.result import (
    FloatArray,
    Result,
    about,
    decimals,
    interval,
    percent,
    say,
    whole,
)
from wargame.statistics.shares import critical, share_interval

BISECTIONS = 64
LEAST_RUNS = 400


def log_e_value(gained: ArrayLike, lost: ArrayLike) -> FloatArray:
    """The natural logarithm of the e-value against "a discordant pair goes either way evenly".

    E = 2^(b+c) B(b+1, c+1), the likelihood averaged over all odds against even odds; arrays of
    any shape. Reject as soon as E >= 1/alpha, at any look.
    """
    b, c = np.asarray(gained, dtype=float), np.asarray(lost, dtype=float)
    found: FloatArray = (b + c) * math.log(2) + special().betaln(b + 1, c + 1)
    return found


def confidence_sequence(
    count: ArrayLike, n: ArrayLike, alpha: float = 0.05
) -> tuple[FloatArray, FloatArray]:
    """An interval for a share that holds at all looks together; arrays of any shape.

    All p with B(k+1, n-k+1) / (p^k (1-p)^(n-k)) < 1/alpha. n = 0 gives (0, 1).
    """
    k, m = np.broadcast_arrays(np.asarray(count, dtype=float), np.asarray(n, dtype=float))
    floor = special().betaln(k + 1, m - k + 1) + math.log(alpha)
    centre = k / np.maximum(m, 1)

    def edge(outer: FloatArray) -> FloatArray:
        inside, outside = centre, outer
        for _ in range(BISECTIONS):
            p = (inside + outside) / 2
            kept = special().xlogy(k, p) + special().xlog1py(m - k, -p) > floor
            inside, outside = np.where(kept, p, inside), np.where(kept, outside, p)
        return outside

    low = np.where(k > 0, edge(np.zeros_like(centre)), 0.0)
    high = np.where(k < m, edge(np.ones_like(centre)), 1.0)
    return low, high


def difference_sequence(
    gained: ArrayLike, lost: ArrayLike, n: ArrayLike, alpha: float = 0.05
) -> tuple[FloatArray, FloatArray]:
    """An interval for (gained - lost) / n that holds at all looks together.

    The difference of two confidence sequences at alpha/2 each, for the two kinds of discordant
    pair: if both hold, so does it.
    """
    up_low, up_high = confidence_sequence(gained, n, alpha / 2)
    down_low, down_high = confidence_sequence(lost, n, alpha / 2)
    return up_low - down_high, up_high - down_low


@dataclass(frozen=True)
class LookRow(Result):
    """One outcome as it stands: share under the variant, difference from the base, evidence.

    All intervals hold for every outcome and every look together. `resolved`: e-value >= 1/alpha.
    """

    NAMES = ("name",)

    name: str
    share: float
    low: float
    high: float
    difference: float
    difference_low: float
    difference_high: float
    log_e: float
    resolved: bool

    def words(self, lang: str = "en") -> str:
        """One line: share, interval, and whether it has moved."""
        places = decimals(50 * (self.high - self.low))
        between = interval(self.low, self.high, lang, places)
        text = say(
            lang,
            en=f"{self.name}: {percent(self.share, places)} so far ({between})",
            ja=f"{self.name}：これまで{percent(self.share, places)}（{between}）",
        )
        if not self.resolved:
            return text
        return text + (
            say(lang, en=", moved up", ja="、上昇")
            if self.difference > 0
            else say(lang, en=", moved down", ja="、低下")
        )


@dataclass(frozen=True)
class Look(Result):
    """A batch in progress: one variant against the base, in a form that may be peeked at."""

    NAMES = ("base", "variant")

    base: str
    variant: str
    n: int
    alpha: float
    rows: tuple[LookRow, ...]

    def words(self, lang: str = "en") -> str:
        """One line for each outcome."""
        return "\n".join(row.words(lang) for row in self.rows)


def look(pairs: Pairs, alpha: float = 0.05) -> Look:
    """How things stand for every ending and milestone; conditional outcomes are left out.

    alpha is shared evenly among the outcomes. Failed runs count as not having the outcome.
    """
    names = [name for name in pairs.names if "|" not in name]
    tables = np.array([pairs.table(name) for name in names])
    level, n = alpha / max(1, len(names)), pairs.n
    count, both = tables[:, :, YES].sum(axis=1), tables[:, YES, YES]
    gained, lost = count - both, tables[:, YES].sum(axis=1) - both
    low, high = confidence_sequence(count, n, level)
    down, up = difference_sequence(gained, lost, n, level)
    log_e = log_e_value(gained, lost)
    return Look(
        base=pairs.base,
        variant=pairs.variant,
        n=n,
        alpha=alpha,
        rows=tuple(
            LookRow(
                name=name,
                share=float(count[i] / n) if n else math.nan,
                low=float(low[i]),
                high=float(high[i]),
                difference=float((gained[i] - lost[i]) / n) if n else math.nan,
                difference_low=float(down[i]),
                difference_high=float(up[i]),
                log_e=float(log_e[i]),
                resolved=bool(log_e[i] >= -math.log(level)),
            )
            for i, name in enumerate(names)
        ),
    )


@dataclass(frozen=True)
class Stop(Result):
    """Whether all variants are precise enough to stop together, and if not, who is widest.

    half_width: the widest interval's, of ending `name` under `variant`; more: further runs of
    every variant until it is narrow enough.
    """

    NAMES = ("variant", "name")

    reached: bool
    n: int
    target: float
    half_width: float
    variant: str
    name: str
    more: int

    def words(self, lang: str = "en") -> str:
        """One sentence."""
        places = decimals(100 * self.target)
        wide, goal = percent(self.half_width, places), percent(self.target, places)
        where = say(lang, en=", ", ja="、").join((self.name, self.variant))
        text = say(
            lang,
            en=f"widest interval ±{wide} ({where}), asked for ±{goal}",
            ja=f"最も広い区間は±{wide}（{where}）、目標は±{goal}",
        )
        if self.reached:
            return text
        more = about(self.more)
        return text + say(
            lang,
            en=f": about {counted(more, 'more run')} of each",
            ja=f"：各変種あと約{whole(more)}回",
        )


def stop_on_precision(
    counts: Mapping[str, Mapping[str, int]],
    n: int,
    target: float,
    *,
    alpha: float = 0.05,
    least: int = LEAST_RUNS,
) -> Stop:
    """Stop when every simultaneous interval is at most ± `target`, for all variants at once.

    counts: runs by ending, for each variant; n: runs of each variant, failed ones included. All
    variants stop at the same runs, or their pairing is lost. Never before `least` runs: an early
    interval around 0 is narrow by luck. Width, unlike significance, may be checked after every
    chunk: the exact interval keeps its coverage then, Wald's does not.
    Raises ValueError if there is nothing to look at.
    """
    keys = [(variant, name) for variant, named in counts.items() for name in named]
    if not keys or n <= 0:
        raise ValueError("no runs to judge precision by")
    family = max(len(named) for named in counts.values())
    seen = np.array([counts[variant][name] for variant, name in keys])
    low, high = share_interval(seen, n, critical(alpha, family))
    half = (high - low) / 2
    widest = int(half.argmax())
    needed = runs_for_half_width(target, float(seen[widest]) / n, alpha=alpha, family=family)
    reached = n >= least and float(half[widest]) <= target
    return Stop(
        reached=reached,
        n=n,
        target=target,
        half_width=float(half[widest]),
        variant=keys[widest][0],
        name=keys[widest][1],
        more=0 if reached else max(needed, least, n + 1) - n,
    )
