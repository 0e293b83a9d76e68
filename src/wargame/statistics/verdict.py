"""What a difference between two variants amounts to, in one word and in one sentence.

up, down    resolved: the variant has more, or less, of it
small       no difference larger than `bound`
open        neither yet; `more` pairs would probably settle it
masked      it would be resolved, had the failed runs not failed
void        a share given a condition that never occurred
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from wargame.english import counted
from wargame.statistics.result import (
    Result,
    about,
    decimals,
    percent_bound,
    say,
    signed,
    signed_interval,
    whole,
)

Kind = Literal["up", "down", "small", "open", "masked", "void"]
Direction = Literal["up", "down", "flat"]
Answer = Literal["holds", "fails", "unresolved"]


@dataclass(frozen=True)
class Verdict(Result):
    """The verdict on one outcome of one variant.

    difference, low, high: with the interval that holds for all outcomes of the variant together
        and whatever the failed runs would have done;
    bound: the largest difference that interval leaves; tolerance: the smallest that matters;
    n: pairs seen; more: further pairs needed, None if the verdict is final or more will not help;
    formula: how `more` was computed, "" if it was not.
    """

    NAMES = ("name",)

    name: str
    kind: Kind
    difference: float
    low: float
    high: float
    tolerance: float
    n: int
    more: int | None = None
    formula: str = ""

    @property
    def bound(self) -> float:
        """The largest difference, in either direction, that the interval leaves."""
        return max(abs(self.low), abs(self.high))

    @property
    def resolved(self) -> bool:
        """Whether a direction has been established."""
        return self.kind in ("up", "down")

    def meets(self, direction: Direction) -> Answer:
        """Whether an expected direction holds, fails or is not resolved.

        `flat` holds when no difference above the tolerance is left, even if a tiny one is
        resolved. A direction fails when the opposite is resolved, or nothing that matters is left.
        """
        if self.kind in ("masked", "void"):
            return "unresolved"
        flat = self.bound <= self.tolerance
        if direction == "flat":
            return "holds" if flat else "fails" if self.resolved else "unresolved"
        if self.kind == direction:
            return "holds"
        return "fails" if self.resolved or self.kind == "small" else "unresolved"

    def words(self, lang: str = "en") -> str:
        """One sentence, for example `KABOOM: resolved up by 1.2 points (+0.7 to +1.8)`."""
        places = decimals(50 * (self.high - self.low))
        by = signed(self.difference, places)
        size = by.lstrip("+-")
        between = signed_interval(self.low, self.high, lang, places)
        match self.kind:
            case "up":
                return say(
                    lang,
                    en=f"{self.name}: resolved up by {size} points ({between})",
                    ja=f"{self.name}：上昇と確定、{by}ポイント（{between}）",
                )
            case "down":
                return say(
                    lang,
                    en=f"{self.name}: resolved down by {size} points ({between})",
                    ja=f"{self.name}：低下と確定、{by}ポイント（{between}）",
                )
            case "small":
                bound = percent_bound(self.bound, places).removesuffix(" %")
                return say(
                    lang,
                    en=f"{self.name}: no difference larger than {bound} points ({between})",
                    ja=f"{self.name}：差はあっても{bound}ポイント以内（{between}）",
                )
            case "masked":
                return say(
                    lang,
                    en=f"{self.name}: {by} points, but the failed runs could undo it ({between})",
                    ja=f"{self.name}：{by}ポイント、ただし失敗した実行次第で覆りうる（{between}）",
                )
            case "void":
                return say(
                    lang,
                    en=f"{self.name}: cannot be said, its condition never occurred",
                    ja=f"{self.name}：条件が一度も成立せず、判断できない",
                )
        text = say(
            lang,
            en=f"{self.name}: not resolved at {counted(self.n, 'pair')}, {by} points ({between})",
            ja=f"{self.name}：{whole(self.n)}組では未確定、{by}ポイント（{between}）",
        )
        if self.more is None:
            return text
        more = about(self.more)
        return text + say(
            lang,
            en=f"; needs about {counted(more, 'more run')}",
            ja=f"。さらに約{whole(more)}回の実行が必要",
        )
