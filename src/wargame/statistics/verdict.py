"""What a difference between two variants amounts to, in one word and in one sentence.

up, down    resolved: the variant has more, or less, of it
small       no difference larger than `bound`
open        neither yet; `more` says how many further runs would tell, and `aim` what
masked      it would be resolved, had the failed runs not failed
void        a share given a condition that never occurred
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from wargame.errors import counted
from wargame.statistics.result import (
    Result,
    about,
    decimals,
    interval,
    percent,
    percent_bound,
    say,
    signed,
    signed_interval,
    whole,
)

Kind = Literal["up", "down", "small", "open", "masked", "void"]
Direction = Literal["up", "down", "flat"]
Aim = Literal["direction", "bound", ""]
Answer = Literal["holds", "fails", "unresolved"]


@dataclass(frozen=True)
class Verdict(Result):
    """The verdict on one outcome of one variant.

    difference, low, high: with the interval that holds for all outcomes of the variant together
        and whatever the failed runs would have done;
    bound: the largest difference that interval leaves; tolerance: the smallest that matters;
    n: pairs seen; base: the base's share; ratio, ratio_low, ratio_high: the variant's share as a
        multiple of it, with an interval like that of the difference; infinite if the base has none;
    more: further pairs after which, if the truth is as seen, the verdict is final with this
        `power`; None if it is final, or if no number of runs would be enough. What is then known
        is the `aim`: the direction, or that no difference larger than the tolerance is left.
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
    base: float = math.nan
    ratio: float = math.nan
    ratio_low: float = math.nan
    ratio_high: float = math.nan
    more: int | None = None
    aim: Aim = ""
    power: float = 0.8
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
        times = self.times(lang)
        as_ratio = say(lang, en=f", {times}", ja=f"、{times}") if times else ""
        match self.kind:
            case "up":
                return say(
                    lang,
                    en=f"{self.name}: resolved up by {size} points ({between}){as_ratio}",
                    ja=f"{self.name}：上昇と確定、{by}ポイント（{between}）{as_ratio}",
                )
            case "down":
                return say(
                    lang,
                    en=f"{self.name}: resolved down by {size} points ({between}){as_ratio}",
                    ja=f"{self.name}：低下と確定、{by}ポイント（{between}）{as_ratio}",
                )
            case "small":
                bound = percent_bound(self.bound, places).removesuffix(" %")
                return say(
                    lang,
                    en=f"{self.name}: no difference larger than {bound} points ({between})",
                    ja=f"{self.name}：差はあっても{bound}ポイント以内（{between}）",
                ) + self._leaves_open(lang, places)
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
            en=f"{self.name}: not resolved at {counted(self.n, 'pair')}, {by} points ({between})"
            f"{as_ratio}",
            ja=f"{self.name}：{whole(self.n)}組では未確定、{by}ポイント（{between}）{as_ratio}",
        )
        needs = self.needs(lang)
        return text + say(lang, en=f"; {needs}", ja=f"。{needs}") if needs else text

    def times(self, lang: str = "en") -> str:
        """The ratio with its interval: `×1.9 (1.5 to 2.4)`; "" where nothing is known of it."""
        if math.isnan(self.ratio):
            return ""
        if math.isinf(self.ratio):
            low = f"{self.ratio_low:.{_places(self.ratio_low)}f}"
            if not float(low):
                return ""
            return say(lang, en=f"at least ×{low}", ja=f"少なくとも{low}倍")
        if math.isinf(self.ratio_high):
            ends = (f"{self.ratio:.{_places(self.ratio)}f}", f"{self.ratio_low:.2g}")
            return say(
                lang,
                en=f"×{ends[0]} (at least {ends[1]})",
                ja=f"{ends[0]}倍（少なくとも{ends[1]}）",
            )
        places = _places((self.ratio_high - self.ratio_low) / 2)
        at, low, high = (
            f"{end:.{places}f}" for end in (self.ratio, self.ratio_low, self.ratio_high)
        )
        return say(lang, en=f"×{at} ({low} to {high})", ja=f"{at}倍（{low}～{high}）")

    def _leaves_open(self, lang: str, places: int) -> str:
        """What "no difference larger than" still allows, for a share as small as this one."""
        if math.isnan(self.base) or math.isnan(self.ratio):
            return ""
        base = percent(self.base, places)
        ends = max(0.0, self.base + self.low), min(1.0, self.base + self.high)
        between, times = interval(*ends, lang, places), self.times(lang)
        return say(
            lang,
            en=f"; leaves open any change from {base} to {between}, {times}",
            ja=f"。{base}が{between}のどこかに変わる可能性は残る（{times}）",
        )

    def needs(self, lang: str = "en") -> str:
        """How many more runs, what will then be known, and how surely; "" if it is not said."""
        if self.more is None:
            return ""
        more, power = about(self.more), percent(self.power, 0)
        margin = f"{100 * self.tolerance:g}"
        if self.aim == "bound":
            return say(
                lang,
                en=f"about {counted(more, 'more run')} would show it to be within {margin} "
                f"{'point' if margin == '1' else 'points'} ({power} power)",
                ja=f"さらに約{whole(more)}回で{margin}ポイント以内と示せる（検出力{power}）",
            )
        return say(
            lang,
            en=f"about {counted(more, 'more run')} would resolve a difference of this size "
            f"({power} power)",
            ja=f"さらに約{whole(more)}回でこの大きさの差を確定できる（検出力{power}）",
        )


def _places(half_width: float) -> int:
    """Decimals of a ratio: two figures of its half-width, two at most."""
    return min(2, decimals(half_width))
