"""What a turn log says: its header, its turns, and which of its events still count.

Only the header and the `turn` events make the world; an `undo` takes an earlier event back.
Every other kind (messages, notes, drafts, phases of a seminar) is kept for whoever knows it.
The state of a game is the fold of its log and nothing else, so a turn that was undone and
played anew meets the same luck.

=======  ==================================================================================
kind     data
=======  ==================================================================================
header   see `Header`
turn     see `TurnEvent`
undo     ``undoes``: the number of the event that no longer counts; ``reason``: perhaps why
=======  ==================================================================================
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_serializer

from wargame.content.spec import Text
from wargame.errors import ReplayError
from wargame.replay.log_file import Event, Log
from wargame.replay.orders import Giver, Order, Ruling, plain

TURN, UNDO = "turn", "undo"

Cells = dict[str, Annotated[int, Field(ge=-(2**63), lt=2**63)]]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Engine = Annotated[str, Field(pattern=r"^[0-9][0-9A-Za-z.+!-]{0,39}$")]
"""A version's spelling and nothing else: it is printed."""
Many = Field(default=(), strict=False)


class _Shape(BaseModel):
    # More keys than these are allowed: a seminar writes down things of its own.
    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)

    def to_data(self) -> dict[str, Any]:
        """As it stands in the log; what is not said is left out."""
        return self.model_dump(mode="json", exclude_defaults=True, exclude_none=True)


class Parent(_Shape):
    """What a fork came from: the name of its log and the first turn that differs."""

    log: str
    turn: int
    digest: Digest


class Header(_Shape):
    """How a run is set up: everything that its luck and its rules follow from.

    inputs: the exact texts of the scenario and its overlays, by name. nature: `drawn` by luck, or
    `still` where the log tells itself what nature did, as a history does; still_until: the last
    turn of which it does so, where a game has gone on from a history. opening: every cell of
    the world before the first turn, and its digest. until: the last turn that is told, if that is
    not the horizon. history: which one is told, if any, with its title and what it is about.
    """

    scenario: str
    inputs: dict[str, str]
    digest: str
    overlays: tuple[str, ...] = Many
    overlay_digest: str = ""
    seed: Annotated[int, Field(ge=0, lt=2**63)]
    run: Annotated[int, Field(ge=0, lt=2**62)]
    engine: Engine
    nature: Literal["drawn", "still"] = "drawn"
    still_until: int | None = None
    seats: dict[str, Giver] = {}
    opening: Cells
    opening_digest: Digest
    parent: Parent | None = None
    until: int | None = None
    history: str | None = None
    title: Text | None = None
    about: Text | None = None

    @field_serializer("title", "about")
    def _as_written(self, text: Text | None) -> str | dict[str, str] | None:
        return None if text is None else plain(text)


class LeftOut(_Shape):
    """An order that could not be given in the model, and why."""

    actor: str
    order: Order
    why: str


class TurnEvent(_Shape):
    """One turn. What was decided is the truth; what came of it is there to be checked.

    orders: one for each of the turn's orders, by actor. rulings: the umpire's, in the same
    places. injects: what was thrown in. left_out: what was asked for and could not be ordered.
    news: the injects and chances that happened. opened: digest of the world after the news.
    success: of each order. changed: every cell of state that has another value than a turn ago.
    ending: the ending reached in this turn. after: digest of the world after the turn.
    """

    turn: Annotated[int, Field(ge=1)]
    orders: dict[str, Annotated[tuple[Order, ...], Field(strict=False)]] = {}
    rulings: dict[str, Annotated[tuple[Ruling, ...], Field(strict=False)]] = {}
    injects: tuple[dict[str, Any], ...] = Many
    left_out: tuple[LeftOut, ...] = Many
    news: tuple[str, ...] = Many
    opened: Digest | None = None
    success: dict[str, Annotated[tuple[bool, ...], Field(strict=False)]] = {}
    changed: Cells = {}
    ending: str | None = None
    after: Digest

    def moves(self, actor: str) -> tuple[str | None, ...]:
        """What the actor really did: its orders, with the umpire's rulings applied."""
        orders = self.orders.get(actor, ())
        rulings = self.rulings.get(actor) or (None,) * len(orders)
        return tuple(_ruled(order, ruling) for order, ruling in zip(orders, rulings, strict=False))


def _ruled(order: Order, ruling: Ruling | None) -> str | None:
    if ruling is not None and ruling.verdict == "skip":
        return None
    return ruling.move if ruling is not None and ruling.verdict == "modify" else order.move


@dataclass(frozen=True)
class Folded:
    """A log with what was undone left out. `rest` are the events of other kinds that count."""

    header: Header
    turns: tuple[TurnEvent, ...]
    rest: tuple[Event, ...]


def fold(log: Log, name: str) -> Folded:
    """What a log comes to; `name` is what faults call it.

    Raises ReplayError, naming the line, for an event without its shape, an undo of nothing, and
    turns that do not follow on each other.
    """
    header = _shaped(Header, log.header, name, 1)
    # Where nature was drawn, nobody tells a history: what the first edition called a script was
    # a program's.
    told_by_programs = header.nature == "drawn"
    turns: list[TurnEvent] = []
    rest: list[Event] = []
    for event in live(log.events, name):
        if event.kind != TURN:
            rest.append(event)
            continue
        turn = _shaped(TurnEvent, event.data, name, event.seq + 1)
        if turn.turn != len(turns) + 1:
            raise ReplayError(
                f"{name}, line {event.seq + 1}: turn {turn.turn} stands where turn "
                f"{len(turns) + 1} is due"
            )
        turns.append(_of_programs(turn) if told_by_programs else turn)
    return Folded(header, tuple(turns), tuple(rest))


def _of_programs(turn: TurnEvent) -> TurnEvent:
    orders = {
        actor: tuple(
            order.model_copy(update={"by": "program"}) if order.by == "script" else order
            for order in given
        )
        for actor, given in turn.orders.items()
    }
    return turn.model_copy(update={"orders": orders}) if orders != turn.orders else turn


def live(events: Sequence[Event], name: str = "the log") -> tuple[Event, ...]:
    """The events that count: neither undone nor an undo. Raises ReplayError."""
    standing: dict[int, Event] = {}
    for event in events:
        if event.kind != UNDO:
            standing[event.seq] = event
            continue
        undone = event.data.get("undoes")
        if type(undone) is not int or standing.pop(undone, None) is None:
            raise ReplayError(
                f"{name}, line {event.seq + 1}: takes back event {undone!r}, but no such event "
                "counts at that point"
            )
    return tuple(standing.values())


Shape = TypeVar("Shape", bound=_Shape)


def _shaped(kind: type[Shape], data: dict[str, Any], name: str, line: int) -> Shape:
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        detail = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in detail["loc"])
        what = {Header: "header", TurnEvent: "turn"}.get(kind, kind.__name__)
        raise ReplayError(
            f"{name}, line {line}: is no {what} of a turn log: {place}: {detail['msg']}"
        ) from None
