"""How likely each ending was after every turn, and the moves that changed it, as pages need it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from wargame.experiment.odds import Odds
from wargame.experiment.turning_points import TurningPoint


@dataclass(frozen=True)
class Outlook:
    """endings[t]: the share of `futures` futures from the world after t turns, by ending.

    milestones[t]: the share that passes through each milestone. points: turning points that
    bear a mark.
    """

    futures: int
    endings: tuple[Mapping[str, float], ...]
    milestones: tuple[Mapping[str, float], ...] = ()
    points: tuple[TurningPoint, ...] = ()


def outlook_of(odds: Odds, points: Sequence[TurningPoint] = ()) -> Outlook:
    """The outlook that odds and turning points come to."""
    turns = range(odds.turns + 1)
    return Outlook(
        futures=odds.n,
        endings=tuple({row.name: row.share for row in odds.endings(turn)} for turn in turns),
        milestones=tuple(
            {row.name: row.share for row in odds.milestones(turn)} if odds.header.milestones else {}
            for turn in turns
        ),
        points=tuple(point for point in points if point.mark),
    )
