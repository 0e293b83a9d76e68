"""Turning points: the moves that changed what was to come, judged for the side that made them.

A move is judged by playing its turn again with every other move that the actor could have made in
its place, under the luck of that week; what follows is averaged over many futures, the same for
all branches (common random numbers). First a short look at every branch finds the most promising
alternative; then that one is compared with the move that was played on fresh luck, so that
having been picked for looking good does not make it look better. A mark is given only where the
whole interval lies beyond its threshold, and all intervals hold together: noise is no blunder.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from wargame.draws import Luck
from wargame.errors import ReplayError
from wargame.experiment.futures import OnProgress, play_futures
from wargame.experiment.odds import ALPHA, Change, Odds, Outlook
from wargame.experiment.valuation import points_of, value
from wargame.orders import HOLD
from wargame.replay import VERDICTS, Replay, books, on_stage
from wargame.statistics import critical
from wargame.turn import DRAWN, Decider, Situation, play
from wargame.world import World

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

FIRST_LOOK = "turning points, first look"
STREAM = "turning points"


@dataclass(frozen=True)
class TurningPoint:
    """One order of one actor, against the best that it could have ordered instead.

    gain: mean difference of the actor's own points, played less alternative; low, high: its
    interval. changes: how far the move moved each ending and milestone against the alternative.
    weight: how many points the mark is worth at the least; 0 where nothing is resolved.
    """

    turn: int
    actor: str
    order: int
    played: str
    alternative: str
    futures: int
    gain: float
    low: float
    high: float
    changes: tuple[Change, ...]

    @property
    def mark(self) -> Grade:
        """The verdict, if the interval bears one out."""
        steps, least = (GAINS, self.low) if self.low > 0 else (LOSSES, -self.high)
        return next((mark for points, mark in steps if least >= points), "")

    @property
    def weight(self) -> float:
        """The end of the interval that is nearer to 0, 0 if it holds 0."""
        return max(self.low, -self.high, 0.0)

    def to_json(self) -> dict[str, Any]:
        """As the command line prints it."""
        return {
            **vars(self),
            "mark": self.mark,
            "changes": {change.name: change.to_json() for change in self.changes},
        }


@dataclass(frozen=True)
class _Branch:
    """A turn played with one order replaced; without `move`, as it was."""

    turn: int
    actor: str
    order: int
    move: int
    world: World


def turning_points(
    replay: Replay,
    odds: Odds,
    *,
    turns: int = 3,
    futures: int = 1000,
    first_look: int = 32,
    each: int = 4,
    jobs: int = 1,
    on_progress: OnProgress | None = None,
) -> tuple[TurningPoint, ...]:
    """Judge the moves of the turns that moved the odds most, the clearest first.

    turns: so many turns; each: so many orders of each. first_look, futures: futures of every
    branch, and of the two that are compared in the end. Actors of whom nobody has said what they
    value are not judged. Raises ReplayError if the replay is view-only.
    """
    if not replay.verdict.identical:
        raise ReplayError(f"{replay.name} can be looked at, but no other turn can be tried")
    stirred = sorted(range(1, odds.turns + 1), key=lambda turn: (-odds.stir(turn), turn))
    chosen = sorted(turn for turn in stirred[:turns] if odds.stir(turn) > 0)
    branches = [branch for turn in chosen for branch in _branches(replay, turn)]
    if not branches:
        return ()
    pairs = _promising(replay, branches, first_look, each, jobs, on_progress)
    worlds = [branch.world for pair in pairs for branch in pair]
    run = replay.playthrough
    found = play_futures(replay.scenario, worlds, futures, STREAM, run.seed, jobs, on_progress)
    outlook = Outlook(replay.scenario.header, found)
    judged = [_judged(replay, outlook, place, pair, len(pairs)) for place, pair in enumerate(pairs)]
    return tuple(sorted(judged, key=lambda point: (-point.weight, -abs(point.gain), point.turn)))


def _branches(replay: Replay, turn: int) -> list[_Branch]:
    """The turn as it was, and with each order of each actor replaced by every other legal move."""
    scenario, run = replay.scenario, replay.playthrough
    record, event = run.records[turn - 1], replay.event(turn)
    wanted = [("", 0, -1)]
    for actor, orders in record.orders.items():
        if points_of(scenario, actor) is None:
            continue
        moves = scenario.header.moves[actor]
        _, weighing = record.detail[actor]
        legal = np.flatnonzero(weighing.legal[:, 0])
        rulings = event.rulings.get(actor, ())
        for order, move in enumerate(orders[:, 0]):
            ruled = order < len(rulings) and rulings[order].verdict in ("skip", "modify")
            if move < 0 or ruled:
                continue
            others = {m for m in orders[:, 0] if moves[m] != HOLD} | {move}
            wanted += [(actor, order, int(m)) for m in legal if m not in others]
    width = len(wanted)
    instead = {actor: np.repeat(orders, width, axis=1) for actor, orders in record.orders.items()}
    verdicts = {
        actor: np.repeat([[VERDICTS[ruling.verdict]] for ruling in rulings], width, axis=1)
        for actor, rulings in event.rulings.items()
    }
    for column, (actor, order, move) in enumerate(wanted):
        if actor:
            instead[actor][order, column] = move
            if actor in verdicts:
                verdicts[actor][order, column] = DRAWN
    before = run.worlds[turn - 1].take(np.zeros(width, dtype=np.intp))
    stage = on_stage(scenario, replay.header.nature)
    after, _ = play(
        stage,
        before,
        Luck(run.seed, before.runs),
        {actor: _ordered(orders) for actor, orders in instead.items()},
        verdicts,
        books(stage, event.injects),
    )
    return [
        _Branch(turn, actor, order, move, after.take([column]))
        for column, (actor, order, move) in enumerate(wanted)
    ]


def _ordered(orders: Ints) -> Decider:
    def decide(situation: Situation) -> Ints:
        return orders

    return decide


def _promising(
    replay: Replay,
    branches: list[_Branch],
    first_look: int,
    each: int,
    jobs: int,
    on_progress: OnProgress | None,
) -> list[tuple[_Branch, _Branch]]:
    """For the orders that seem to matter: the turn as it was, and its best alternative."""
    scenario, run = replay.scenario, replay.playthrough
    worlds = [branch.world for branch in branches]
    found = play_futures(scenario, worlds, first_look, FIRST_LOOK, run.seed, jobs, on_progress)
    played: dict[int, tuple[int, _Branch]] = {}
    best: dict[tuple[int, str, int], tuple[float, _Branch]] = {}
    for place, branch in enumerate(branches):
        if not branch.actor:
            played[branch.turn] = (place, branch)
            continue
        points = points_of(scenario, branch.actor)
        assert points is not None
        worth = value(points, scenario.header, found.ending, found.reached)
        gain = float((worth[played[branch.turn][0]] - worth[place]).mean())
        key = (branch.turn, branch.actor, branch.order)
        if key not in best or gain < best[key][0]:
            best[key] = (gain, branch)
    pairs = []
    for turn, (_, as_it_was) in played.items():
        of_turn = [pair for (at, _, _), pair in best.items() if at == turn]
        of_turn.sort(key=lambda pair: -abs(pair[0]))
        pairs += [(as_it_was, branch) for _, branch in of_turn[:each]]
    return pairs


def _judged(
    replay: Replay, outlook: Outlook, place: int, pair: tuple[_Branch, _Branch], family: int
) -> TurningPoint:
    _, other = pair
    scenario = replay.scenario
    played, instead = 2 * place, 2 * place + 1
    points = points_of(scenario, other.actor)
    assert points is not None
    worth = value(points, scenario.header, outlook.futures.ending, outlook.futures.reached)
    differences = worth[played] - worth[instead]
    gain = float(differences.mean())
    error = float(differences.std(ddof=1)) / outlook.n**0.5 if outlook.n > 1 else float("inf")
    reach = critical(ALPHA, family) * error
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
        gain=gain,
        low=gain - reach,
        high=gain + reach,
        changes=tuple(
            outlook.change(name, instead, played, family=family * len(names)) for name in names
        ),
    )
