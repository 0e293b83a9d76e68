"""The world of one game: its turns played, and the coming one as it would be played.

The board is a cache. Everything on it follows from the log's header and turns, and what would
come of a plan is found by playing the turn and throwing it away, under the luck it will have.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from wargame.engine.decision import NO_MOVE
from wargame.engine.randomness import Luck
from wargame.engine.record import TurnRecord
from wargame.engine.scenario import Scenario
from wargame.engine.world import RUNNING, World
from wargame.replay.fork import fan_out
from wargame.replay.log_file import canonical
from wargame.replay.orders import Desk
from wargame.replay.playthrough import Playthrough
from wargame.replay.replay import Plan, Played, books, play_turn, stages
from wargame.replay.turn_log import Header, TurnEvent

Piece = TypeVar("Piece")


@dataclass(frozen=True)
class Position:
    """A run as far as it was played: its worlds (one more than records) and its log's turns."""

    worlds: tuple[World, ...]
    records: tuple[TurnRecord, ...]
    events: tuple[TurnEvent, ...]

    def then(self, played: Played) -> Position:
        """One turn further."""
        return Position(
            (*self.worlds, played.world),
            (*self.records, played.record),
            (*self.events, played.event),
        )

    def goes_on_from(self, earlier: Position) -> bool:
        """Whether an earlier position is this one's beginning, nothing of it taken back."""
        last = len(earlier.worlds) - 1
        return last < len(self.worlds) and self.worlds[last] is earlier.worlds[last]

    def until(self, turns: int) -> Position:
        """As it was after so many turns."""
        return Position(self.worlds[: turns + 1], self.records[:turns], self.events[:turns])


class Board:
    """One game's run, and what may be asked of it."""

    def __init__(self, scenario: Scenario, header: Header, position: Position) -> None:
        self.scenario = scenario
        self.header = header
        self.position = position
        self.luck = Luck(header.seed, [header.run])
        self._stages = stages(scenario, header)
        self._told: dict[tuple[object, ...], Any] = {}
        self._played: dict[str, Played] = {}

    @property
    def actors(self) -> tuple[str, ...]:
        """The actors in the scenario's order, in which people meet them everywhere."""
        return self.scenario.header.actors

    def apart(self) -> Board:
        """The same game as it is now; what comes later on this board does not change that one."""
        other = copy(self)
        other._told, other._played = {}, {}
        return other

    @property
    def turns(self) -> int:
        """How many turns have been played."""
        return len(self.position.records)

    @property
    def _stage(self) -> Scenario:
        """The scenario as the coming turn plays it."""
        return self._stages(self.turns + 1)

    @property
    def world(self) -> World:
        """The world after the last turn played."""
        return self.position.worlds[-1]

    @property
    def ending(self) -> str | None:
        """The ending that was reached, or None while the run goes on."""
        index = int(self.world.ending[0])
        return None if index == RUNNING else self.scenario.header.endings[index]

    def go(self, played: Played) -> None:
        """Take a turn as played."""
        self.position = self.position.then(played)
        self._played.clear()

    def back_to(self, turns: int) -> None:
        """Take turns back."""
        if turns < self.turns:
            self.position = self.position.until(turns)
            self._played.clear()
            self._told.clear()

    def once(self, key: tuple[object, ...], tell: Callable[[], Piece]) -> Piece:
        """What was told before under this key, which must name all that it depends on."""
        if key not in self._told:
            self._told[key] = tell()
        found: Piece = self._told[key]
        return found

    def playthrough(self, further: Played | None = None) -> Playthrough:
        """The run so far, perhaps with a turn that was only tried."""
        position = self.position.then(further) if further else self.position
        return Playthrough(
            self.scenario, self.header.seed, self.header.run, position.worlds, position.records
        )

    def try_turn(self, plan: Plan) -> Played:
        """What would come of the coming turn. Raises OrderError or SpecError for the plan."""
        key = canonical(
            [
                {a: [o.model_dump(mode="json") for o in os] for a, os in plan.orders.items()},
                {a: [r.model_dump(mode="json") for r in rs] for a, rs in plan.rulings.items()},
                [dict(inject) for inject in plan.injects],
                [left.model_dump(mode="json") for left in plan.left_out],
            ]
        )
        if key not in self._played:
            self._played[key] = play_turn(self._stage, self.world, self.luck, plan)
        return self._played[key]

    def opened(self, injects: Sequence[Mapping[str, Any]]) -> Played:
        """The coming turn with nobody ordered: what its opening is read off."""
        return self.try_turn(Plan(injects=injects))

    def desk(self, injects: Sequence[Mapping[str, Any]]) -> Desk:
        """What may be ordered in the coming turn, after these injects."""
        record = self.opened(injects).record
        return Desk(self._stage, record.turn, record.detail)

    def check_injects(self, injects: Sequence[Mapping[str, Any]]) -> None:
        """Raises SpecError if one of these cannot be thrown in."""
        books(self.scenario, injects)

    def odds(self, futures: int, turn: int | None = None) -> dict[str, int]:
        """How so many futures end, everybody following the rules: counts by ending.

        turn: from the world after this turn; the last one played where nothing is said. The luck
        is fresh and named by the turn, so that asking again gives the same.
        """
        turn = self.turns if turn is None else turn
        return self.tally(self.position.worlds[turn], futures)

    def tally(self, world: World, futures: int) -> dict[str, int]:
        """How so many futures of a world end: counts by ending."""
        outcomes = fan_out(world, self.scenario, futures, f"seminar.{world.turn}", self.header.seed)
        counts = np.bincount(outcomes.ending, minlength=len(self.scenario.header.endings))
        return dict(zip(self.scenario.header.endings, map(int, counts), strict=True))

    def chance_of_success(self, played: Played, actor: str, place: int) -> int | None:
        """The odds, per mille, that an order of a turn succeeds; None if nothing was ordered."""
        place_of = [mind.actor for mind in self._stage.minds].index(actor)
        plan = self._stage.plans[place_of]
        move = int(played.record.orders[actor][place, 0])
        if move == NO_MOVE:
            return None
        for m, k in plan.live_success:
            if m == move:
                cells = played.record.detail[actor][0].cells
                value = np.asarray(plan.success_block(cells, None, played.record.turn)[k])
                return int(np.clip(value.reshape(-1)[0], 0, 1000))
        return int(plan.success[move].reshape(-1)[0])
