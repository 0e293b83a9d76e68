"""Turning points: the moves that changed what was to come, judged for the side that made them.

A move is judged by playing its turn again with every other move that the actor could have made in
its place, under the luck of that week; what follows is averaged over many futures, the same for
all branches (common random numbers). It is compared with two things: with the best of the other
moves, and with what the actor usually does, a draw from its urn. A move that is clearly worse than
the best is dubious, a mistake or a blunder; one that is not, and that is clearly better than what
usually happens, is good or brilliant.

A short look at every branch finds the moves that mattered and the best alternative; the
comparisons are made with fresh luck, so that having been picked for looking good does not make a
branch look better. A mark is given only where the whole interval lies beyond its threshold, and
all intervals hold together: noise is no blunder.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from wargame.analysis.odds import ALPHA, Change, Odds, Outlook
from wargame.analysis.rollouts import Futures, beside, play_futures
from wargame.analysis.utilities import points_of, value
from wargame.backends.turn import DRAWN, Decider, Situation, play
from wargame.batches.study import Jobs, OnProgress
from wargame.engine.randomness import Luck
from wargame.engine.scenario import Scenario
from wargame.engine.world import World
from wargame.errors import ReplayError
from wargame.replay.orders import HOLD
from wargame.replay.replay import VERDICTS, Replay, books, stages
from wargame.statistics.result import Result
from wargame.statistics.shares import critical

Ints = npt.NDArray[np.int64]
Grade = Literal["brilliant", "good", "", "dubious", "mistake", "blunder"]

SIGNS: Mapping[str, str] = {
    "brilliant": "!!",
    "good": "!",
    "": "",
    "dubious": "?!",
    "mistake": "?",
    "blunder": "??",
}
GAINS: Sequence[tuple[int, Grade]] = ((100, "brilliant"), (30, "good"))
LOSSES: Sequence[tuple[int, Grade]] = ((100, "blunder"), (50, "mistake"), (20, "dubious"))
"""So many points of the actor's own valuation (1000: from its worst to its best ending)."""

_Key = tuple[int, str, int]  # turn, actor, order

FIRST_LOOK = "turning points, first look"
STREAM = "turning points"


@dataclass(frozen=True)
class Gain(Result):
    """A mean difference of an actor's own points, and its interval."""

    points: float
    low: float
    high: float

    @property
    def least(self) -> float:
        """The end of the interval that is nearer to 0, 0 if it holds 0."""
        return max(self.low, 0.0) + min(self.high, 0.0)


@dataclass(frozen=True)
class TurningPoint:
    """One order of one actor, against the best it could have ordered and what it usually does.

    order: its place among the actor's orders. best, usual: what the move that was played gained
    over the best alternative and over the actor's usual choice. changes: how far it moved each
    ending and milestone against that usual choice.
    """

    turn: int
    actor: str
    order: int
    played: str
    alternative: str
    futures: int
    best: Gain
    usual: Gain
    changes: tuple[Change, ...]

    @property
    def mark(self) -> Grade:
        """The verdict, if the intervals bear one out."""
        loss, gain = -self.best.least, self.usual.least
        found: Grade = next((grade for points, grade in LOSSES if loss >= points), "")
        return found or next((grade for points, grade in GAINS if gain >= points), "")

    @property
    def ground(self) -> Gain:
        """The comparison that the mark rests on."""
        return self.usual if self.mark in ("good", "brilliant") else self.best

    @property
    def gain(self) -> float:
        """Points gained over the best alternative."""
        return self.best.points

    @property
    def low(self) -> float:
        """The lower end of the interval of `gain`."""
        return self.best.low

    @property
    def high(self) -> float:
        """The upper end of the interval of `gain`."""
        return self.best.high

    def to_json(self) -> dict[str, Any]:
        """As the command line prints it."""
        return {
            **vars(self),
            "mark": self.mark,
            "best": self.best.to_json(),
            "usual": self.usual.to_json(),
            "changes": {change.name: change.to_json() for change in self.changes},
        }


@dataclass(frozen=True)
class _Branch:
    """A turn played with one order replaced by `move`; `weight` is that move's in the urn.

    Without an actor, the turn as it was.
    """

    turn: int
    actor: str
    order: int
    move: int
    weight: int
    world: World


@dataclass(frozen=True)
class _Choice:
    """What one order could have been: the turn as it was, its branches, and the best of them.

    impact: how far the order moved the ending or milestone that it moved most, against the usual.
    """

    as_it_was: _Branch
    branches: tuple[_Branch, ...]
    best: _Branch
    impact: float

    def usually(self, n: int) -> World:
        """n worlds: branches in proportion to their weights, or all alike where all weigh 0."""
        weights = np.array([branch.weight for branch in self.branches])
        if not weights.any():
            weights = np.ones_like(weights)
        edges = np.cumsum(weights)
        tickets = (2 * np.arange(n) + 1) * edges[-1] // (2 * n)
        picks = np.searchsorted(edges, tickets, side="right")
        return beside([self.branches[pick].world for pick in picks])


def turning_points(
    replay: Replay,
    odds: Odds,
    *,
    turns: int = 3,
    futures: int = 1000,
    first_look: int = 32,
    each: int = 4,
    jobs: Jobs = 1,
    on_progress: OnProgress | None = None,
) -> tuple[TurningPoint, ...]:
    """Judge the moves of the turns that moved the odds most, the clearest first.

    turns: so many turns; each: so many orders of each, those that mattered most. first_look,
    futures: futures of every branch, and of those that are compared in the end. Actors of whom
    nobody has said what they value are not judged. Raises ReplayError if the replay is view-only.
    """
    if not replay.verdict.identical:
        raise ReplayError(f"{replay.name} can be looked at, but no other turn can be tried")
    stirred = sorted(range(1, odds.turns + 1), key=lambda turn: (-odds.stir(turn), turn))
    chosen = sorted(turn for turn in stirred[:turns] if odds.stir(turn) > 0)
    branches = [branch for turn in chosen for branch in _branches(replay, turn)]
    if not branches:
        return ()
    choices = _that_mattered(replay, branches, first_look, each, jobs, on_progress)
    if not choices:  # nobody could have done otherwise
        return ()
    worlds = [
        world
        for choice in choices
        for world in (choice.as_it_was.world, choice.best.world, choice.usually(futures))
    ]
    run = replay.playthrough
    found = play_futures(replay.scenario, worlds, futures, STREAM, run.seed, jobs, on_progress)
    outlook = Outlook(replay.scenario.header, found)
    judged = [
        _judged(replay, outlook, 3 * place, choice, len(choices))
        for place, choice in enumerate(choices)
    ]
    return tuple(sorted(judged, key=lambda point: (-abs(point.ground.least), point.turn)))


def _branches(replay: Replay, turn: int) -> list[_Branch]:
    """The turn as it was, and with each order of each actor replaced by every other legal move."""
    scenario, run = replay.scenario, replay.playthrough
    record, event = run.records[turn - 1], replay.event(turn)
    wanted = [("", 0, -1, 0)]
    for actor, orders in record.orders.items():
        if points_of(scenario, actor) is None:
            continue
        moves = scenario.header.moves[actor]
        _, weighing = record.detail[actor]
        legal = np.flatnonzero(weighing.legal[:, 0])
        rulings = event.rulings.get(actor, ())
        for order, move in enumerate(orders[:, 0]):
            ruled = order < len(rulings) and rulings[order].verdict in ("skip", "modify")
            if move < 0 or ruled or move in orders[:order, 0]:
                continue
            others = {m for m in orders[:, 0] if moves[m] != HOLD} | {move}
            wanted += [
                (actor, order, int(m), int(weighing.weights[m, 0]))
                for m in legal
                if m not in others
            ]
    width = len(wanted)
    instead = {actor: np.repeat(orders, width, axis=1) for actor, orders in record.orders.items()}
    verdicts = {
        actor: np.repeat([[VERDICTS[ruling.verdict]] for ruling in rulings], width, axis=1)
        for actor, rulings in event.rulings.items()
    }
    for column, (actor, order, move, _) in enumerate(wanted):
        if actor:
            instead[actor][order, column] = move
            if actor in verdicts:
                verdicts[actor][order, column] = DRAWN
    before = run.worlds[turn - 1].take(np.zeros(width, dtype=np.intp))
    stage = stages(scenario, replay.header)(turn)
    after, _ = play(
        stage,
        before,
        Luck(run.seed, before.runs),
        {actor: _ordered(orders) for actor, orders in instead.items()},
        verdicts,
        books(stage, event.injects),
    )
    return [
        _Branch(turn, actor, order, move, weight, after.take([column]))
        for column, (actor, order, move, weight) in enumerate(wanted)
    ]


def _ordered(orders: Ints) -> Decider:
    def decide(situation: Situation) -> Ints:
        return orders

    return decide


def _that_mattered(
    replay: Replay,
    branches: list[_Branch],
    first_look: int,
    each: int,
    jobs: Jobs,
    on_progress: OnProgress | None,
) -> list[_Choice]:
    """The orders of each turn that seem to have moved the most, by a short look at all branches."""
    scenario, run = replay.scenario, replay.playthrough
    worlds = [branch.world for branch in branches]
    found = play_futures(scenario, worlds, first_look, FIRST_LOOK, run.seed, jobs, on_progress)
    shares = _shares(found, len(scenario.header.endings))
    places: dict[_Key, list[int]] = {}
    as_it_was: dict[int, int] = {}
    for place, branch in enumerate(branches):
        if branch.actor:
            places.setdefault((branch.turn, branch.actor, branch.order), []).append(place)
        else:
            as_it_was[branch.turn] = place
    choices: dict[int, list[_Choice]] = {}
    for (turn, actor, _), others in places.items():
        points = _points(scenario, actor)
        worth = value(points, scenario.header, found.ending[others], found.reached[:, others]).mean(
            axis=1
        )
        weights = [branches[place].weight for place in others]
        usual = np.average(shares[others], axis=0, weights=weights if any(weights) else None)
        choice = _Choice(
            as_it_was=branches[as_it_was[turn]],
            branches=tuple(branches[place] for place in others),
            best=branches[others[int(np.argmax(worth))]],
            impact=float(np.abs(shares[as_it_was[turn]] - usual).max()),
        )
        choices.setdefault(turn, []).append(choice)
    return [
        choice
        for of_turn in choices.values()
        for choice in sorted(of_turn, key=lambda choice: -choice.impact)[:each]
    ]


def _shares(futures: Futures, endings: int) -> npt.NDArray[np.float64]:
    """The shares of endings, then of milestones, of each world: worlds x both."""
    passed = np.count_nonzero(futures.reached, axis=2).T
    return np.concatenate([futures.counts(endings), passed], axis=1) / futures.n


def _points(scenario: Scenario, actor: str) -> Mapping[str, int]:
    """What an actor that is judged values."""
    points = points_of(scenario, actor)
    assert points is not None
    return points


def _judged(
    replay: Replay, outlook: Outlook, place: int, choice: _Choice, family: int
) -> TurningPoint:
    """The verdict on a choice, whose three worlds begin at `place`: as it was, best, usual."""
    scenario, other = replay.scenario, choice.best
    places = [place, place + 1, place + 2]
    was, best, usual = value(
        _points(scenario, other.actor),
        scenario.header,
        outlook.futures.ending[places],
        outlook.futures.reached[:, places],
    )
    moves = scenario.header.moves[other.actor]
    names = (*scenario.header.endings, *scenario.header.milestones)
    made = replay.playthrough.records[other.turn - 1].orders[other.actor][other.order, 0]
    return TurningPoint(
        turn=other.turn,
        actor=other.actor,
        order=other.order,
        played=moves[made],
        alternative=moves[other.move],
        futures=outlook.n,
        best=_gain(was - best, 2 * family),
        usual=_gain(was - usual, 2 * family),
        changes=tuple(
            outlook.change(name, place + 2, place, family=family * len(names)) for name in names
        ),
    )


def _gain(differences: Ints, family: int) -> Gain:
    """The mean of paired differences, with its interval among `family` that hold together."""
    mean = float(differences.mean())
    n = differences.size
    error = float(differences.std(ddof=1)) / n**0.5 if n > 1 else float("inf")
    reach = critical(ALPHA, family) * error
    return Gain(mean, mean - reach, mean + reach)
