"""How often each ending came: shares of model runs, with intervals that hold together.

Endings exclude one another, so their intervals are read side by side; each is widened until
*all* of them hold at once in 1 - alpha of batches. Runs that failed stay in the denominator:
they cluster in extreme states, and dropping them would hide exactly those. What they could
have been is shown as worst-case bounds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from wargame.errors import counted
from wargame.statistics.lazy import special
from wargame.statistics.result import (
    FloatArray,
    Result,
    brief,
    decimals,
    interval,
    percent,
    percent_bound,
    say,
    whole,
)

FAILED = "failed"


def critical(alpha: float, family: int = 1) -> float:
    """The normal quantile z at 1 - alpha / (2 family): two-sided, Bonferroni over `family`.

    Raises ValueError unless 0 < alpha < 1 and family >= 1.
    """
    if not 0 < alpha < 1:
        raise ValueError(f"alpha must lie between 0 and 1, not {alpha}")
    if family < 1:
        raise ValueError(f"a family has at least one member, not {family}")
    return -NormalDist().inv_cdf(alpha / (2 * family))


def share_interval(
    count: ArrayLike, n: ArrayLike, z: float | FloatArray
) -> tuple[FloatArray, FloatArray]:
    """The exact interval for count / n: beta quantiles at the tails that z cuts off; any shape.

    Low is the share at which `count` or more has a chance of P(Z > z), high the share at which
    `count` or fewer has. It covers the truth at least as often as promised at *every* n and share;
    K of them at critical(alpha, K) therefore hold together. Wilson's interval, hence Goodman's,
    does not: at K = 8 it misses an ending expected 0.1 times in the batch in 10 % of batches
    instead of 0.6 %, and at twenty cases still twice as often as promised. Averaged over shares
    both are about as wide. n = 0 gives (0, 1).

    Source: Clopper and Pearson 1934, Biometrika 26:404; the figures are from the tests.
    """
    k, m = np.broadcast_arrays(np.asarray(count, dtype=float), np.asarray(n, dtype=float))
    tail, inverse = special().ndtr(-z), special().betaincinv
    rest = m - k
    low = np.where(k > 0, inverse(np.maximum(k, 1), rest + 1, tail), 0.0)
    high = np.where(rest > 0, inverse(k + 1, np.maximum(rest, 1), 1 - tail), 1.0)
    return low, high


def never_seen(n: int, alpha: float = 0.05) -> float:
    """The largest share that n runs without one case leave possible: 1 - alpha^(1/n), about 3/n.

    The exact one-sided binomial bound (Clopper and Pearson 1934; the "rule of three").
    """
    return float(-np.expm1(np.log(alpha) / n)) if n > 0 else 1.0


@dataclass(frozen=True)
class Share(Result):
    """`count` of `n` model runs, as a share with its interval.

    `worst_low`, `worst_high`: the interval's ends if every failed run had gone against, or for.
    `at_most`: for a count of 0, the exact upper bound of `never_seen`, else None.
    """

    NAMES = ("name",)

    name: str
    count: int
    n: int
    share: float
    low: float
    high: float
    worst_low: float
    worst_high: float
    at_most: float | None = None

    @property
    def half_width(self) -> float:
        """Half the width of the interval."""
        return (self.high - self.low) / 2

    def brief(self, lang: str = "en") -> str:
        """The share and its interval alone: `3.1 % (2.8–3.5)`, or `none (at most 3.6 %)`."""
        return brief(self.share, self.low, self.high, lang, self.at_most)

    def words(self, lang: str = "en") -> str:
        """One sentence, for example `KABOOM: 3.1 % of 20,000 model runs (2.8 to 3.5 %)`."""
        runs = whole(self.n)
        if self.n == 0:
            return say(
                lang,
                en=f"{self.name}: no model run to judge by",
                ja=f"{self.name}：判断できるモデル実行がない",
            )
        if self.at_most is not None:
            bound = percent_bound(self.at_most, decimals(100 * self.at_most))
            text = say(
                lang,
                en=f"{self.name}: never in {counted(self.n, 'model run')} (so at most {bound})",
                ja=f"{self.name}：モデル実行{runs}回中一度もなし（多くとも{bound}）",
            )
        else:
            places = decimals(100 * self.half_width)
            share, between = (
                percent(self.share, places),
                interval(self.low, self.high, lang, places),
            )
            text = say(
                lang,
                en=f"{self.name}: {share} of {counted(self.n, 'model run')} ({between})",
                ja=f"{self.name}：モデル実行{runs}回の{share}（{between}）",
            )
        if (self.worst_low, self.worst_high) != (self.low, self.high):
            places = decimals(100 * self.half_width)
            worst = interval(self.worst_low, self.worst_high, lang, places)
            text += say(lang, en=f"; failed runs allow {worst}", ja=f"、失敗した実行次第で{worst}")
        return text


def listed(rows: Iterable[Share]) -> dict[str, dict[str, Any]]:
    """Shares by name, with their intervals, as the command line prints them."""
    fields = ("count", "share", "low", "high")
    return {row.name: {field: getattr(row, field) for field in fields} for row in rows}


@dataclass(frozen=True)
class Shares(Result):
    """Shares of one variant, in the order given; `failed` is the last row if any run failed."""

    rows: tuple[Share, ...]
    n: int
    failed: int
    alpha: float
    family: int

    def __iter__(self) -> Iterator[Share]:
        return iter(self.rows)

    def __getitem__(self, name: str) -> Share:
        return {row.name: row for row in self.rows}[name]

    def words(self, lang: str = "en") -> str:
        """One line for each share."""
        return "\n".join(row.words(lang) for row in self.rows)


def share(
    name: str,
    count: int,
    n: int,
    *,
    failed: int = 0,
    alpha: float = 0.05,
    family: int = 1,
) -> Share:
    """`count` of `n` runs, `failed` of which (inside n, outside count) have no outcome.

    Raises ValueError if the numbers cannot be counts.
    """
    if not (count >= 0 and failed >= 0 and count + failed <= n):
        raise ValueError(f"{name}: {count} seen and {failed} failed cannot be among {n} runs")
    z = critical(alpha, family)
    low, high = share_interval([count, count + failed], n, z)
    return Share(
        name=name,
        count=count,
        n=n,
        share=count / n if n else float("nan"),
        low=float(low[0]),
        high=float(high[0]),
        worst_low=float(low[0]),
        worst_high=float(high[1]),
        at_most=never_seen(n, alpha / family) if count == 0 and n > 0 else None,
    )


def shares(
    counts: Mapping[str, int],
    *,
    n: int | None = None,
    failed: int = 0,
    alpha: float = 0.05,
    family: int | None = None,
) -> Shares:
    """Shares of all endings of one variant, with simultaneous intervals.

    counts: runs by ending, endings never seen included with 0.
    n: all runs; left out, the counts and the failed add up to it (exclusive endings). Give it
        for milestones, which may overlap.
    family: how many intervals shall hold together; left out, all of `counts`.
    """
    total = sum(counts.values()) + failed if n is None else n
    members = max(1, len(counts)) if family is None else family
    rows = [
        share(name, count, total, failed=failed, alpha=alpha, family=members)
        for name, count in counts.items()
    ]
    if failed:
        rows.append(share(FAILED, failed, total, alpha=alpha, family=members))
    return Shares(rows=tuple(rows), n=total, failed=failed, alpha=alpha, family=members)
