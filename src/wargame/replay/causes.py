"""What of a turn brought something about: the turn is played again without it, with the same luck.

Something done or happened is a cause of a step on a ladder, a milestone or an ending if the turn
does not come to it without that. Nothing is guessed: where the turn comes to it all the same, or
several things were needed and nothing tells which weighed most, no cause is named.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wargame.backends.turn import FAILED, SKIPPED, SUCCEEDED, Decider, Flags, Ints, play
from wargame.engine.effects import EffectBook
from wargame.engine.randomness import Luck
from wargame.replay.playthrough import Playthrough


@dataclass(frozen=True)
class Order:
    """The order of an actor with this index among those of a turn."""

    actor: str
    place: int


@dataclass(frozen=True)
class Happening:
    """An inject or an outcome of chance, by its index in the header's `happenings`."""

    slot: int


Things = tuple[Order | Happening, ...]


class Retrial:
    """One turn of a run, played once as it was and once without each thing done or happened.

    thrown: what a facilitator threw in, compiled. A move that several actors made is also taken
    out as a whole: either of two strikes alone would have done.
    """

    def __init__(
        self, playthrough: Playthrough, turn: int, thrown: Sequence[EffectBook] = ()
    ) -> None:
        self.playthrough = playthrough
        self.turn = turn
        record = playthrough.records[turn - 1]
        self.trials = ((), *self._things())
        n = len(self.trials)
        undone = playthrough.scenario.news.happening(n)
        verdicts = {}
        for actor, success in record.success.items():
            verdicts[actor] = np.repeat(np.where(success, SUCCEEDED, FAILED), n, axis=1)
        for column, things in enumerate(self.trials):
            for thing in things:
                if isinstance(thing, Order):
                    verdicts[thing.actor][thing.place, column] = SKIPPED
                else:
                    undone[thing.slot, column] = True
        self.world, _ = play(
            playthrough.scenario,
            playthrough.worlds[turn - 1].take([0] * n),
            Luck(playthrough.seed, [playthrough.run] * n),
            {
                actor: _given(np.repeat(orders, n, axis=1))
                for actor, orders in record.orders.items()
            },
            verdicts,
            thrown,
            undone,
        )

    def of_step(self, dyad: str) -> Things:
        """What moved this ladder: of all without which it stays, the one that moved it most."""
        before = int(self.playthrough.worlds[self.turn - 1][f"stage({dyad})"][0])
        after = int(self.playthrough.worlds[self.turn][f"stage({dyad})"][0])
        stages, heats = self.world[f"stage({dyad})"], self.world[f"heat({dyad})"]
        if stages[0] != after:
            return ()
        # What is left of the heat without a thing tells how much of it the thing had brought.
        needed = [
            (int(heats[column]) * (after - before), column)
            for column in np.nonzero(stages != after)[0].tolist()
        ]
        alone = [found for found in needed if len(self.trials[found[1]]) == 1]
        return self.trials[min(alone or needed)[1]] if needed else ()

    def of_milestone(self, name: str) -> Things:
        """What was needed to reach a milestone in this turn."""
        return self._only(self.world[f"reached({name})"] == self.turn)

    def of_ending(self, name: str) -> Things:
        """What was needed to end the run in this turn, or to make its ending's condition hold."""
        held = self.playthrough.scenario.rows.get(f"held({name})")
        if held is not None:
            return self._only(self.world.cells[held] > 0)
        return self._only(self.world.ending == self.playthrough.worlds[self.turn].ending[0])

    def _only(self, came: Flags) -> Things:
        needed = [things for things, it in zip(self.trials, came, strict=True) if not it]
        if not needed or not came[0]:
            return ()
        alone = [things for things in needed if len(things) == 1] or needed
        return alone[0] if len(alone) == 1 else ()

    def _things(self) -> list[Things]:
        record = self.playthrough.records[self.turn - 1]
        by_move: dict[str, Things] = {}
        for actor, orders in record.orders.items():
            moves = self.playthrough.scenario.header.moves[actor]
            for place, m in enumerate(orders[:, 0].tolist()):
                if m >= 0:
                    by_move[moves[m]] = (*by_move.get(moves[m], ()), Order(actor, place))
        alone = [(order,) for made in by_move.values() for order in made]
        together = [made for made in by_move.values() if len(made) > 1]
        happened = [(Happening(slot),) for slot in np.nonzero(record.happened[:, 0])[0].tolist()]
        return [*happened, *alone, *together]


def decided(playthrough: Playthrough) -> int:
    """The turn from which the condition of the run's ending held without a break; 0 if none did."""
    rule = next((it for it in playthrough.scenario.endings if it.name == playthrough.ending), None)
    return 0 if rule is None or rule.at_horizon else playthrough.turns - rule.turns + 1


def _given(orders: Ints) -> Decider:
    return lambda situation: orders
