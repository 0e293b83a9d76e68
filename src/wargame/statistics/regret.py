"""Which policy is robust when nobody knows which worldview is true.

No probabilities are put on worldviews. A policy's regret under a worldview is how much worse it
does than the best policy under that worldview; a robust policy has little of it everywhere.

Source: Savage 1951, JASA 46:55; Lempert, Popper and Bankes 2003 (robust decision making).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from wargame.statistics.result import FloatArray, Result, listed, percent, say


@dataclass(frozen=True)
class PolicyRegret(Result):
    """One policy over all worldviews.

    values, regret: one for each worldview; maximum: its worst regret, under worldview `worst`;
    percentile90: the regret not exceeded in nine of ten worldviews;
    satisfied: the share of worldviews in which the value is good enough (None without a limit);
    wins: the share of redraws, within the values' standard errors, in which it has the smallest
    worst regret (None without standard errors).
    """

    NAMES = ("policy", "worst")

    policy: str
    values: tuple[float, ...]
    regret: tuple[float, ...]
    maximum: float
    worst: str
    percentile90: float
    satisfied: float | None
    wins: float | None


@dataclass(frozen=True)
class Regret(Result):
    """Policies in the order given, and who is best by each measure (all who tie)."""

    NAMES = ("outcome", "worldviews", "minimax", "best_percentile90", "most_satisfied")

    outcome: str
    worldviews: tuple[str, ...]
    policies: tuple[PolicyRegret, ...]
    minimax: tuple[str, ...]
    best_percentile90: tuple[str, ...]
    most_satisfied: tuple[str, ...]

    def __getitem__(self, policy: str) -> PolicyRegret:
        for row in self.policies:
            if row.policy == policy:
                return row
        raise KeyError(policy)

    def words(self, lang: str = "en") -> str:
        """Who is most robust, how bad it gets, and whether noise could change that."""
        best, *ties = (self[policy] for policy in self.minimax)
        worst, who = percent(best.maximum).removesuffix(" %"), listed(self.minimax, lang)
        if ties:
            first = say(
                lang,
                en=f"the smallest worst regret, {worst} points, is shared by {who}",
                ja=f"最大後悔が最小（{worst}ポイント）なのは同点で{who}",
            )
        else:
            first = say(
                lang,
                en=f"{who} has the smallest worst regret, {worst} points (under {best.worst})",
                ja=f"最大後悔が最小なのは{who}、{worst}ポイント（{best.worst}の場合）",
            )
        lines = [self.outcome + say(lang, en=": ", ja="：") + first]
        if self.best_percentile90 != self.minimax:
            lines.append(
                say(
                    lang,
                    en=f"over nine of ten worldviews it is {listed(self.best_percentile90, lang)}",
                    ja=f"世界観の9割では{listed(self.best_percentile90, lang)}",
                )
            )
        if best.satisfied is not None:
            lines.append(
                say(
                    lang,
                    en=f"good enough in most worldviews: {listed(self.most_satisfied, lang)}",
                    ja=f"最も多くの世界観で基準を満たす：{listed(self.most_satisfied, lang)}",
                )
            )
        shares = [
            (row.policy, percent(row.wins, 0)) for row in (best, *ties) if row.wins is not None
        ]
        if shares:
            en = listed([f"{policy} first in {share}" for policy, share in shares], "en")
            ja = listed([f"{share}で{policy}が首位" for policy, share in shares], "ja")
            lines.append(
                say(
                    lang,
                    en=f"sampling noise leaves {en} of redraws",
                    ja=f"標本誤差の範囲で引き直しても{ja}",
                )
            )
        return "\n".join(lines)


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

    values: shares of the outcome, shape (policies, worldviews); the base belongs in it as a
    policy of its own. less_is_better: KABOOM is to be avoided, Finland to be sought.
    good_enough: the limit a value must meet (at most, or at least) to satisfy.
    errors: standard errors of `values`, same shape; with them the values are redrawn
    (independent normal) to see how often each policy would come first.
    Raises ValueError for shapes that do not fit.
    """
    table = np.asarray(values, dtype=float)
    if table.shape != (len(policies), len(worldviews)) or not table.size:
        raise ValueError(
            f"{len(policies)} policies x {len(worldviews)} worldviews do not fit {table.shape}"
        )
    sign = 1.0 if less_is_better else -1.0
    # A last bit of floating point must not break a tie, so all is measured to 1e-12.
    lost = np.round(_regret(sign * table), 12)
    maximum = lost.max(axis=1)
    # An observed worldview, not a number between two: "at most this in nine of ten".
    percentile90 = np.quantile(lost, 0.9, axis=1, method="inverted_cdf")
    satisfied = None if good_enough is None else (sign * table <= sign * good_enough).mean(axis=1)
    wins = None
    if errors is not None:
        spread = np.broadcast_to(np.asarray(errors, dtype=float), table.shape)
        noise = np.random.default_rng(seed).standard_normal((redraws, *table.shape))
        first = _regret(sign * table + noise * spread).max(axis=2).argmin(axis=1)
        wins = np.bincount(first, minlength=len(policies)) / redraws
    rows = tuple(
        PolicyRegret(
            policy=policy,
            values=tuple(table[i].tolist()),
            regret=tuple(lost[i].tolist()),
            maximum=float(maximum[i]),
            worst=worldviews[int(lost[i].argmax())],
            percentile90=float(percentile90[i]),
            satisfied=None if satisfied is None else float(satisfied[i]),
            wins=None if wins is None else float(wins[i]),
        )
        for i, policy in enumerate(policies)
    )
    return Regret(
        outcome=outcome,
        worldviews=tuple(worldviews),
        policies=rows,
        minimax=tuple(row.policy for row in rows if row.maximum == maximum.min()),
        best_percentile90=tuple(
            row.policy for row in rows if row.percentile90 == percentile90.min()
        ),
        most_satisfied=()
        if satisfied is None
        else tuple(row.policy for row in rows if row.satisfied == satisfied.max()),
    )


def _regret(cost: FloatArray) -> FloatArray:
    """Cost less the smallest cost of any policy; policies on the axis before the last."""
    lost: FloatArray = cost - cost.min(axis=-2, keepdims=True)
    return lost
