"""Which policy is robust when nobody knows which worldview is true.

No probabilities are put on worldviews. A policy's regret under a worldview is how much worse it
does than the best policy under that worldview; a robust policy has little of it everywhere.

Source: Savage 1951, JASA 46:55; Lempert, Popper and Bankes 2003 (robust decision making).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from wargame.statistics.result import (
    BoolArray,
    FloatArray,
    Result,
    decimals,
    interval,
    listed,
    percent,
    say,
)

SURE = 0.95
"""Those who could come first: together they do in so many redraws."""


@dataclass(frozen=True)
class PolicyRegret(Result):
    """One policy over all worldviews.

    values, regret: one for each worldview, not a number where the policy cannot be played;
    missing: these worldviews. What follows is of the others:
    maximum: its worst regret, under worldview `worst`; low, high: between which 95 % of redraws
    within the values' standard errors put it, widened to hold it: the worst of many regrets looks
    worse with more noise (None without standard errors);
    percentile90: the regret not exceeded in nine of ten worldviews;
    satisfied: the share of worldviews in which the value is good enough (None without a limit);
    wins: the share of redraws in which it has the smallest worst regret of those that can be
    played everywhere (None without standard errors).
    """

    NAMES = ("policy", "worst", "missing")

    policy: str
    values: tuple[float, ...]
    regret: tuple[float, ...]
    maximum: float
    worst: str
    percentile90: float
    satisfied: float | None
    wins: float | None
    missing: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None

    def points(self, lang: str = "en") -> str:
        """The worst regret in points, with its interval: `2.0 points (1.4 to 2.7)`."""
        places = 1
        if self.low is not None and self.high is not None and self.high > self.low:
            places = max(1, decimals(50 * (self.high - self.low)) - 1)
        worst = percent(self.maximum, places).removesuffix(" %")
        text = say(lang, en=f"{worst} points", ja=f"{worst}ポイント")
        if self.low is None or self.high is None or self.low == self.high:
            return text
        between = interval(self.low, self.high, lang, places).removesuffix(" %")
        return text + say(lang, en=f" ({between})", ja=f"（{between}）")


@dataclass(frozen=True)
class Regret(Result):
    """Policies in the order given, and who is best by each measure (all who tie).

    Only policies that can be played under every worldview are measured against each other; the
    rest keep the regret that they have elsewhere. alike: those whom noise could put first, the
    likeliest first; one where the runs tell who is, none without standard errors.
    """

    NAMES = ("outcome", "worldviews", "minimax", "best_percentile90", "most_satisfied", "alike")

    outcome: str
    worldviews: tuple[str, ...]
    policies: tuple[PolicyRegret, ...]
    minimax: tuple[str, ...]
    best_percentile90: tuple[str, ...]
    most_satisfied: tuple[str, ...]
    alike: tuple[str, ...] = ()

    def __getitem__(self, policy: str) -> PolicyRegret:
        return {row.policy: row for row in self.policies}[policy]

    def words(self, lang: str = "en") -> str:
        """Who is most robust, how bad it gets, whether noise could change that, who is left out."""
        colon = say(lang, en=": ", ja="：")
        lines = [f"{self.outcome}{colon}{self._first(lang)}"]
        if self.minimax and self.best_percentile90 != self.minimax:
            lines.append(
                say(
                    lang,
                    en=f"over nine of ten worldviews it is {listed(self.best_percentile90, lang)}",
                    ja=f"世界観の9割では{listed(self.best_percentile90, lang)}",
                )
            )
        if self.most_satisfied:
            lines.append(
                say(
                    lang,
                    en=f"good enough in most worldviews: {listed(self.most_satisfied, lang)}",
                    ja=f"最も多くの世界観で基準を満たす：{listed(self.most_satisfied, lang)}",
                )
            )
        return "\n".join([*lines, *(_apart(row, lang) for row in self.policies if row.missing)])

    def _first(self, lang: str) -> str:
        """Who has the smallest worst regret, or who may have it."""
        of = sum(not row.missing for row in self.policies)
        if not self.minimax:
            return say(
                lang,
                en="no policy was played under every worldview, so none is called the best",
                ja="すべての世界観で実行のある政策がなく、最良の政策は決められない",
            )
        among = ""
        if of < len(self.policies):
            among = say(
                lang,
                en=f"of the {of} policies that were played everywhere, ",
                ja=f"すべての世界観で実行のある政策{of}件のうち、",
            )
        best = self[self.minimax[0]]
        who, worst = listed(self.minimax, lang), best.points(lang)
        under = (
            say(lang, en=f"{worst} under {best.worst}", ja=f"{best.worst}の場合に{worst}")
            if best.maximum
            else say(lang, en=f"{worst} under every worldview", ja=f"どの世界観でも{worst}")
        )
        others = [self[name] for name in self.alike if name not in self.minimax]
        if others:
            names = listed([row.policy for row in others], lang)
            wins = [self[name] for name in (*self.minimax, *(row.policy for row in others))]
            shares = listed([percent(row.wins or 0, 0) for row in wins], lang)
            return among + say(
                lang,
                en=f"the smallest worst regret is seen for {who}, {under}; these runs do "
                f"not tell it apart from {names} (first in {shares} of redraws)",
                ja=f"最大後悔が最小に見えるのは{who}で、{under}。ただしこの実行回数では"
                f"{names}と区別できない（引き直しで首位となる割合：{shares}）",
            )
        if len(self.minimax) > 1:
            return among + say(
                lang,
                en=f"{who} share the smallest worst regret, {worst}",
                ja=f"{who}が同点で、最大後悔は最小の{worst}",
            )
        text = among + say(
            lang,
            en=f"{who} has the smallest worst regret, {under}",
            ja=f"最大後悔が最小なのは{who}で、{under}",
        )
        if best.wins is None:
            return text
        share = percent(best.wins, 0)
        return text + say(
            lang, en=f"; first in {share} of redraws", ja=f"。引き直しの{share}で首位"
        )


def _apart(row: PolicyRegret, lang: str) -> str:
    """What is said of a policy that cannot be played under every worldview."""
    where = listed(row.missing, lang)
    text = say(
        lang,
        en=f"{row.policy} was not played under {where} and is not compared there",
        ja=f"{row.policy}は{where}では実行がなく、そこでは比較しない",
    )
    if not row.worst:
        return text
    return text + say(
        lang,
        en=f"; under the others its worst regret is {row.points(lang)} under {row.worst}",
        ja=f"。ほかの世界観での最大後悔は{row.worst}の場合の{row.points(lang)}",
    )


def regret(
    values: ArrayLike,
    policies: Sequence[str],
    worldviews: Sequence[str],
    *,
    outcome: str = "",
    less_is_better: bool = True,
    good_enough: float | None = None,
    errors: ArrayLike | None = None,
    redraws: int = 2000,
    seed: int = 0,
) -> Regret:
    """The regret of each policy under each worldview.

    values: shares of the outcome, shape (policies, worldviews), not a number where a policy
    cannot be played under a worldview; the base belongs in it as a policy of its own. A regret is
    measured against the best policy that can be played there. less_is_better: KABOOM is to be
    avoided, Finland to be sought.
    good_enough: the limit a value must meet (at most, or at least) to satisfy.
    errors: standard errors of `values`, same shape; with them the values are redrawn
    (independent normal: shared luck makes differences firmer than that) to see how often each
    policy would come first.
    Raises ValueError for shapes that do not fit and for a worldview without any policy.
    """
    table = np.asarray(values, dtype=float)
    if table.shape != (len(policies), len(worldviews)) or not table.size:
        raise ValueError(
            f"{len(policies)} policies x {len(worldviews)} worldviews do not fit {table.shape}"
        )
    there = np.isfinite(table)
    if not there.any(axis=0).all():
        raise ValueError("a worldview has no policy that can be played under it")
    everywhere = there.all(axis=1)
    sign = 1.0 if less_is_better else -1.0
    # A last bit of floating point must not break a tie, so all is measured to 1e-12.
    lost = np.round(_regret(np.where(there, sign * table, np.inf)), 12)
    wins = low = high = None
    if errors is not None:
        spread = np.broadcast_to(np.where(there, errors, 0.0), table.shape)
        noise = np.random.default_rng(seed).standard_normal((redraws, *table.shape))
        drawn = _regret(np.where(there, sign * table + noise * spread, np.inf))
        worst = np.where(there, drawn, -np.inf).max(axis=2)
        low, high = np.quantile(worst, [0.025, 0.975], axis=0, method="inverted_cdf")
        first = np.where(everywhere, worst, np.inf).argmin(axis=1)
        wins = np.bincount(first, minlength=len(policies)) / redraws
    rows = tuple(
        _row(
            policy,
            worldviews,
            table[i],
            lost[i],
            None if good_enough is None else sign * table[i] <= sign * good_enough,
            None if wins is None else float(wins[i]),
            None if low is None else float(low[i]),
            None if high is None else float(high[i]),
        )
        for i, policy in enumerate(policies)
    )
    full = [row for row in rows if not row.missing]
    least = min((row.maximum for row in full), default=0.0)
    least90 = min((row.percentile90 for row in full), default=0.0)
    most = max((row.satisfied or 0.0 for row in full), default=0.0)
    return Regret(
        outcome=outcome,
        worldviews=tuple(worldviews),
        policies=rows,
        minimax=tuple(row.policy for row in full if row.maximum == least),
        best_percentile90=tuple(row.policy for row in full if row.percentile90 == least90),
        most_satisfied=tuple(row.policy for row in full if row.satisfied == most)
        if good_enough is not None
        else (),
        alike=tuple(_alike(full)),
    )


def share_error(shares: ArrayLike, n: ArrayLike) -> FloatArray:
    """Agresti and Coull's standard error of shares of n runs; any shape.

    Unlike sqrt(p(1 - p) / n) it is not 0 for a share of nothing: that is not known exactly.
    Source: Agresti and Coull 1998, American Statistician 52:119.
    """
    p, m = np.asarray(shares, dtype=float), np.asarray(n, dtype=float)
    near = (p * m + 2) / (m + 4)
    return np.asarray(np.sqrt(near * (1 - near) / (m + 4)))


def _row(
    policy: str,
    worldviews: Sequence[str],
    values: FloatArray,
    lost: FloatArray,
    satisfied: BoolArray | None,
    wins: float | None,
    low: float | None,
    high: float | None,
) -> PolicyRegret:
    """One policy; what cannot be played is left out of each of its measures."""
    there = np.isfinite(values)
    known, names = (
        lost[there],
        [name for name, is_there in zip(worldviews, there, strict=True) if is_there],
    )
    worst = float(known.max()) if names else math.nan
    return PolicyRegret(
        policy=policy,
        values=tuple(values.tolist()),
        regret=tuple(np.where(there, lost, np.nan).tolist()),
        maximum=worst,
        worst=names[int(known.argmax())] if names else "",
        # An observed worldview, not a number between two: "at most this in nine of ten".
        percentile90=float(np.quantile(known, 0.9, method="inverted_cdf")) if names else math.nan,
        satisfied=None if satisfied is None or not names else float(satisfied[there].mean()),
        wins=wins if there.all() else None,
        missing=tuple(np.array(worldviews, dtype=object)[~there].tolist()),
        low=None if low is None or not names else min(low, worst),
        high=None if high is None or not names else max(high, worst),
    )


def _alike(rows: Sequence[PolicyRegret]) -> Iterator[str]:
    """The fewest policies that together come first in nearly all redraws."""
    left = SURE
    for row in sorted(rows, key=lambda row: -(row.wins or 0.0)):
        if row.wins is None or left <= 0:
            return
        left -= row.wins
        yield row.policy


def _regret(cost: FloatArray) -> FloatArray:
    """Cost less the smallest cost of any policy; policies on the axis before the last."""
    lost: FloatArray = cost - cost.min(axis=-2, keepdims=True)
    return lost
