"""How likely each ending was after every turn, and the moves that changed it, as pages need it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from wargame.analysis.odds import Odds
from wargame.analysis.turning_points import TurningPoint
from wargame.statistics.result import brief
from wargame.statistics.shares import Shares


class Between(NamedTuple):
    """A share of futures, and the ends of its interval; all 0 to 1.

    at_most: the bound of what none of them came to.
    """

    share: float
    low: float
    high: float
    at_most: float | None = None

    def words(self, lang: str) -> str:
        """As a page shows it: ``4.2 % (3.1–5.5)``, or ``none (at most 0.5 %)``."""
        return brief(self.share, self.low, self.high, lang, self.at_most)


Turn = Mapping[str, Between]


@dataclass(frozen=True)
class Outlook:
    """What becomes of `futures` futures of every turn's world.

    endings[t], milestones[t]: the shares that end so, and that pass through each milestone, from
    the world after t turns. points: turning points that bear a mark.
    """

    futures: int
    endings: tuple[Turn, ...]
    milestones: tuple[Turn, ...] = ()
    points: tuple[TurningPoint, ...] = ()

    def likely(self, turn: int) -> list[tuple[str, Between]]:
        """Every milestone after a turn, then the endings, the likeliest first."""
        passed = list(self.milestones[turn].items()) if self.milestones else []
        ends = sorted(self.endings[turn].items(), key=lambda item: -item[1].share)
        return [*passed, *ends]

    def risks(self) -> dict[str, list[Between]]:
        """The curves to watch: the milestone and the ending that the file names first."""
        return {
            name: [turn[name] for turn in turns]
            for turns in (self.milestones, self.endings)
            if turns
            for name in list(turns[0])[:1]
        }


def outlook_of(odds: Odds, points: Sequence[TurningPoint] = ()) -> Outlook:
    """The outlook that odds and turning points come to."""

    def turn(found: Shares) -> Turn:
        return {row.name: Between(row.share, row.low, row.high, row.at_most) for row in found}

    turns = range(odds.turns + 1)
    return Outlook(
        futures=odds.n,
        endings=tuple(turn(odds.endings(t)) for t in turns),
        milestones=tuple(turn(odds.milestones(t)) for t in turns) if odds.header.milestones else (),
        points=tuple(point for point in points if point.mark),
    )
