"""What may be ordered: the one rule that a button, a server and the engine all ask.

A `Desk` is what lies before the seats when a turn's orders are due: the world after the news,
as each actor sees it. It answers `verify` (raises what is wrong), `can` (yes or no) and `do`
(the orders), so that what is offered is what is accepted. An order is *malformed* when it says
nothing that this scenario knows, and *forbidden* when it says something that may not be done
now; both say why.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, field_serializer

from wargame.backends.turn import Situation, play
from wargame.content.spec import Text
from wargame.engine.decision import Weighing
from wargame.engine.effects import EffectBook
from wargame.engine.randomness import Luck
from wargame.engine.scenario import Scenario
from wargame.engine.world import World
from wargame.errors import OrderError, agreeing, counted, no_such

HOLD = "hold"

Giver = Literal["rule", "seat", "umpire", "script", "log", "program"]
"""Who gave an order: the actor's rules, people, the umpire, what is known to have happened, an
older log, a program in the actor's seat."""


class Malformed(OrderError):
    """An order that names nothing: no such actor, no such move, no such ruling."""


class Forbidden(OrderError):
    """An order that may not be given: not this actor's move, or not now."""


class _Said(BaseModel):
    """A small record of a turn log."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    @field_serializer("intent", "source", "reason", check_fields=False)
    def _plainly(self, text: Text | None) -> str | dict[str, str] | None:
        return None if text is None else plain(text)


class Order(_Said):
    """One actor's choice of a move in one turn. `move` is None where its urn was empty.

    intent: what people meant by it; in a history, what was done. source, date: of a history.
    """

    move: str | None = None
    by: Giver
    intent: Text | None = None
    source: Text | None = None
    date: str | None = None


class Ruling(_Said):
    """What the umpire makes of an order.

    accept: as the model resolves it. modify: `move` in its place. skip: it does not take place.
    succeed, fail: it takes place, and its luck is decided.
    """

    verdict: Literal["accept", "modify", "skip", "succeed", "fail"]
    reason: Text | None = None
    move: str | None = None


ACCEPT = Ruling(verdict="accept")


def plain(text: Text) -> str | dict[str, str]:
    """A text as JSON has it: a string, or one for each language."""
    return str(text.en) if text.ja is None else {"en": str(text.en), "ja": str(text.ja)}


@dataclass(frozen=True)
class Offer:
    """One move of an actor: may it be made, why not, and the weight that the rules give it."""

    move: str
    why_not: str
    weight: int

    @property
    def allowed(self) -> bool:
        """Whether it may be ordered."""
        return not self.why_not


@dataclass(frozen=True)
class Desk:
    """What may be ordered in turn `turn` of one run; made by `open_desk`."""

    scenario: Scenario
    turn: int
    places: Mapping[str, tuple[Situation, Weighing]]

    @property
    def most(self) -> int:
        """How many orders an actor gives in a turn."""
        return self.scenario.spec.scenario.turn.orders

    def offers(self, actor: str) -> tuple[Offer, ...]:
        """Every move of the actor, allowed or not, in the catalogue's order."""
        situation, weighing = self._place(actor)
        return tuple(
            Offer(move, self.why_not(actor, move), int(weighing.weights[m, 0]))
            for m, move in enumerate(situation.mind.moves)
        )

    def why_not(self, actor: str, move: str) -> str:
        """Why the actor may not make the move now; "" if it may.

        Raises Malformed for an actor or a move that does not exist.
        """
        situation, weighing = self._place(actor)
        if move not in situation.mind.moves:
            return self._not_its_own(actor, move)
        if (actor, move) in self.scenario.spec.barred:
            return f"{self._who_forbids(actor, move)} forbids it"
        if weighing.legal[situation.mind.moves.index(move), 0]:
            return ""
        spec = self.scenario.spec.moves[move]
        row = self.scenario.rows.get(f"last({actor}, {move})")
        last = 0 if row is None else int(situation.cells[row, 0])
        if spec.cooldown and last and self.turn - last <= spec.cooldown:
            again = last + spec.cooldown + 1
            return f"{actor} made {move} in turn {last} and may make it again from turn {again} on"
        return f"{move} needs {spec.when}, which does not hold now"

    def verify(self, actor: str, moves: Sequence[str]) -> None:
        """Raise what is wrong with these orders of an actor for this turn, if anything is.

        Raises Malformed or Forbidden, both OrderErrors.
        """
        if len(moves) > self.most:
            most = f"{self.most} {agreeing(self.most, 'is', 'are')} allowed"
            raise Forbidden(f"{actor} gives {counted(len(moves), 'order')} where {most}")
        for place, move in enumerate(moves):
            if why := self.why_not(actor, move):
                raise Forbidden(f"{actor} cannot make {move}: {why}")
            if move != HOLD and move in moves[:place]:
                raise Forbidden(f"{actor} orders {move} twice in one turn")

    def can(self, actor: str, moves: Sequence[str]) -> bool:
        """Whether these orders would be accepted."""
        try:
            self.verify(actor, moves)
        except OrderError:
            return False
        return True

    def do(
        self, actor: str, moves: Sequence[str], by: Giver = "seat", intent: Text | None = None
    ) -> tuple[Order, ...]:
        """The orders, verified; where fewer are given than allowed, the actor holds for the rest.

        Raises Malformed or Forbidden.
        """
        self.verify(actor, moves)
        given = [Order(move=move, by=by, intent=intent) for move in moves]
        return (*given, *self.waiting(actor, self.most - len(given), by))

    def waiting(self, actor: str, orders: int, by: Giver) -> tuple[Order, ...]:
        """So many orders to wait and see; no move at all for an actor who has no `hold`."""
        own = self._place(actor)[0].mind.moves
        return (Order(move=HOLD if HOLD in own else None, by=by),) * orders

    def _place(self, actor: str) -> tuple[Situation, Weighing]:
        check_actor(self.scenario, actor)
        return self.places[actor]

    def _not_its_own(self, actor: str, move: str) -> str:
        spec = self.scenario.spec
        if move in spec.moves:
            return f"it is a move of {', '.join(spec.moves[move].by)}"
        if move in spec.absent:
            return "nobody who takes part can make it"
        raise Malformed(no_such("move", move, self.places[actor][0].mind.moves))

    def _who_forbids(self, actor: str, move: str) -> str:
        names = {move, f"{actor}.{move}"}
        overlays = self.scenario.spec.overlays
        return next((o.id for o in overlays if names & set(o.forbid)), "a policy")


def open_desk(
    scenario: Scenario, world: World, luck: Luck, injects: Sequence[EffectBook] = ()
) -> Desk:
    """The desk for the turn after `world`, a world of one run; `injects` are thrown in first.

    Raises Forbidden if the run is over.
    """
    if world.n != 1:
        raise ValueError("orders are given in one run at a time")
    if not world.running.all():
        raise Forbidden(f"the run ended in turn {int(world.ended[0])}: nobody moves any more")
    # The engine alone knows what a turn opens with, so a turn is played and thrown away.
    _, record = play(scenario, world, luck, thrown=injects, detail=True)
    return Desk(scenario, record.turn, record.detail)


def read_orders(entries: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """``["usa=private_warning,hold", ...]`` as moves by actor. Raises Malformed."""
    found: dict[str, tuple[str, ...]] = {}
    for entry in entries:
        actor, equals, moves = (part.strip() for part in entry.partition("="))
        named = tuple(move.strip() for move in moves.split(","))
        if not (actor and equals and all(named)):
            raise Malformed(f"{entry!r} is no order: write it as usa=private_warning")
        if actor in found:
            raise Malformed(f"{actor} is given orders twice: write them as {actor}=one,other")
        found[actor] = named
    return found


def check_actor(scenario: Scenario, actor: str) -> None:
    """Raise Malformed if the actor takes no part."""
    if actor not in scenario.header.actors:
        raise Malformed(no_such("actor", actor, scenario.header.actors))


def indices(scenario: Scenario, actor: str, moves: Sequence[str | None]) -> Any:
    """Moves as the engine has them: one index or -1 for each of the turn's orders.

    Raises Malformed if one is no move of the actor, or they are too many or too few.
    """
    check_actor(scenario, actor)
    known = scenario.header.moves[actor]
    if len(moves) != (due := scenario.spec.scenario.turn.orders):
        wanted = f"{due} {agreeing(due, 'is', 'are')} due"
        raise Malformed(f"{actor} gives {counted(len(moves), 'order')} where {wanted}")
    for move in moves:
        if move is not None and move not in known:
            raise Malformed(no_such(f"move of {actor}", move, known))
    return np.array([-1 if move is None else known.index(move) for move in moves], dtype=np.int64)
