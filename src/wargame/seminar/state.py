"""The state of a game: the fold of its log's events, and nothing else.

`after` takes a state and one event to the next state; it never refuses, for what stands in the
log was accepted. Undoing is folding anew without the event.

=========  ===================================================================================
kind       data (and ``meta``: by, at, left, key, body, answer)
=========  ===================================================================================
seminar    opens a game: ``seats`` {actor: {holder, code}}, ``facilitator`` (hash), ``late``,
           ``minutes``, ``lang``
phase      ``to``, ``turn``; for orders ``left``, for adjudication ``late`` {actor: {how, orders}}
submit     ``seat``, ``turn``, ``orders`` [{move|free, target, intent, expect}], ``how``
withdraw   ``seat``, ``turn``
turn       see `wargame.replay.turn_log`
ruling     ``seat``, ``place``, ``turn``, ``verdict``, ``move``, ``reason``
translate  ``seat``, ``place``, ``turn``, ``reason`` and ``move`` or ``inject``
inject     ``id``, ``stage`` (prepared, scheduled, sent, dropped), ``turn``, ``inject``
message    ``to`` [roles], ``text``, ``turn``
note       ``text``, ``tags``, ``turn``
question   ``text``
answer     ``question``, ``text``, ``seat``
show       ``what``, ``on``
odds       ``turn``, ``futures``, ``endings``
whatif     ``turn``, ``orders``, ``injects``, ``reason``, ``result``
turning    ``turn`` (the last), ``futures``, ``turns`` [{turn, endings}]
clock      ``do`` (pause, resume, extend), ``left``
recovered  ``left``
late       ``policy``
holder     ``seat``, ``holder``
code       ``role``, ``code`` (hash)
join       ``seat``
=========  ===================================================================================
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from wargame.replay.log_file import Event
from wargame.replay.turn_log import TURN, UNDO, live
from wargame.seats.requests import Phase
from wargame.seats.seating import FACILITATOR, RULES, holder_of, seat_of
from wargame.seminar.clock import Clock

# What later steps build upon, and which later events those are; see `State.blocked`.
STEPS = frozenset({"phase", TURN})
FLOW = STEPS | {"submit", "withdraw", "ruling", "translate", "inject", "holder"}
# By these, a facilitator does not steer.
BESIDE = frozenset({"note", "message", "odds", "whatif", "turning"})
UNDOABLE = FLOW | BESIDE | {"question", "answer", "show", "late"}


@dataclass(frozen=True)
class Line:
    """One order as a seat wrote it: a move, or free text for the umpire to translate."""

    move: str | None = None
    free: str = ""
    target: str = ""
    intent: str = ""
    expect: str = ""

    def to_data(self) -> dict[str, str]:
        """As it stands in the log; what is empty is left out."""
        return {key: value for key, value in vars(self).items() if value}


@dataclass(frozen=True)
class Sheet:
    """A seat's orders of one turn. how: submitted, agent, draft, hold or rules (nobody ordered)."""

    seat: str
    turn: int
    lines: tuple[Line, ...]
    how: str = "submitted"
    why: str = ""


@dataclass(frozen=True)
class Seat:
    """One actor's seat. holder: human, rules or agent. code: hash.

    generation: how many codes it has had; an old one is void.
    """

    actor: str
    holder: str
    code: str = ""
    generation: int = 0
    joined: bool = False


@dataclass(frozen=True)
class Umpired:
    """What the umpire says of one order: a ruling, or what free text is translated into."""

    verdict: str
    reason: str = ""
    move: str | None = None


@dataclass(frozen=True)
class Inject:
    """An inject of the facilitator's tray; `data` is as `replay.injects.read_inject` has it."""

    id: str
    stage: str
    turn: int
    data: Mapping[str, Any]


@dataclass(frozen=True)
class Message:
    """What somebody wrote to somebody. at: wall time for display only."""

    event: int
    sender: str
    to: tuple[str, ...]
    text: str
    turn: int
    at: str


@dataclass(frozen=True)
class Note:
    """A scribe's note."""

    event: int
    text: str
    tags: tuple[str, ...]
    turn: int
    phase: str
    at: str


@dataclass(frozen=True)
class Question:
    """A question of the hot wash, and what the seats answered."""

    event: int
    text: str
    answers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class State:
    """A game after some events.

    turn: the one that is prepared or, in the phase resolution, that was just played. sheets,
    umpired: of this turn, the latter by (actor, place). past: the sheets of earlier turns.
    helm: number of the last event by which a facilitator steered. acts: how many events each
    role has made. reopened: turns of which a step was undone.
    """

    phase: Phase = "setup"
    turn: int = 1
    seats: Mapping[str, Seat] = field(default_factory=dict)
    facilitator: str = ""
    generation: int = 0
    lang: str = "en"
    minutes: int | None = None
    late: str = "draft"
    clock: Clock = field(default_factory=Clock)
    paused: bool = False
    recovered: bool = False
    sheets: Mapping[str, Sheet] = field(default_factory=dict)
    umpired: Mapping[tuple[str, int], Umpired] = field(default_factory=dict)
    past: Mapping[int, Mapping[str, Sheet]] = field(default_factory=dict)
    rulings: Mapping[int, Mapping[tuple[str, int], Umpired]] = field(default_factory=dict)
    injects: Mapping[str, Inject] = field(default_factory=dict)
    messages: tuple[Message, ...] = ()
    notes: tuple[Note, ...] = ()
    questions: tuple[Question, ...] = ()
    shown: frozenset[str] = frozenset()
    odds: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    whatifs: tuple[Mapping[str, Any], ...] = ()
    turning: Mapping[str, Any] = field(default_factory=dict)
    turns: int = 0
    helm: int = 0
    acts: Mapping[str, int] = field(default_factory=dict)
    reopened: frozenset[int] = frozenset()

    @property
    def coming(self) -> int:
        """The first turn whose news is still open: what is thrown in now is news of this turn."""
        return self.turn + (self.phase in ("adjudication", "resolution"))

    @property
    def waiting(self) -> tuple[str, ...]:
        """The seats whose orders are still out."""
        if self.phase != "orders":
            return ()
        return tuple(a for a, s in self.seats.items() if s.holder != RULES and a not in self.sheets)

    def thrown(self, turn: int) -> tuple[Mapping[str, Any], ...]:
        """The injects of a turn, in the order in which they were laid down."""
        return tuple(
            inject.data
            for inject in self.injects.values()
            if inject.turn == turn and inject.stage in ("scheduled", "sent")
        )


Step = Callable[[State, Event], State]


def fold(events: Iterable[Event]) -> State:
    """The state after all these events, undone ones left out."""
    events = tuple(events)
    state = State()
    gone = _of_undone_turns(events)
    for event in live(events):
        if event.seq not in gone:
            state = after(state, event)
    return _counted(replace(state, reopened=_reopened(events), acts={}, helm=0), events)


def after(state: State, event: Event) -> State:
    """The state after one more event; kinds that are no seminar's change nothing."""
    step = _STEPS.get(event.kind)
    if step is None:
        return state
    return _counted(step(state, event), (event,))


def _counted(state: State, events: Iterable[Event]) -> State:
    """The state with these events counted to whoever made them; undone ones count, too."""
    acts, helm = dict(state.acts), state.helm
    for event in events:
        by = event.data.get("meta", {}).get("by", "")
        acts[by] = acts.get(by, 0) + 1
        if by == FACILITATOR and event.kind not in BESIDE:
            helm = event.seq
    return replace(state, acts=acts, helm=helm)


def blocked(events: Iterable[Event], number: int) -> bool:
    """Whether later steps build on the event `number`, so that it cannot be undone alone."""
    standing = live(tuple(events))
    undone = next(event for event in standing if event.seq == number)
    if undone.kind not in FLOW:
        return False
    return any(builds_on(undone.kind, event) for event in standing if event.seq > number)


def builds_on(kind: str, later: Event) -> bool:
    """Whether a later event builds on one of this kind."""
    if later.kind == TURN:
        return True
    if kind in ("ruling", "translate") or later.kind != "phase":
        return False
    return kind == "phase" or kind == TURN or later.data["to"] == "adjudication"


COUNTED = frozenset({"odds", "whatif", "turning"})
"""What is worked out from the turns that have been played, and goes when one of them does."""


def _of_undone_turns(events: tuple[Event, ...]) -> frozenset[int]:
    """The events that were worked out from a turn which was undone afterwards."""
    turns = {event.seq for event in events if event.kind == TURN}
    spans = [
        (event.data["undoes"], event.seq)
        for event in events
        if event.kind == UNDO and event.data["undoes"] in turns
    ]
    return frozenset(
        event.seq
        for event in events
        if event.kind in COUNTED and any(played < event.seq < undone for played, undone in spans)
    )


def _reopened(events: tuple[Event, ...]) -> frozenset[int]:
    steps = {event.seq: event.data["turn"] for event in events if event.kind in STEPS}
    undone = (event.data.get("undoes") for event in events if event.kind == UNDO)
    return frozenset(steps[number] for number in undone if number in steps)


# ------------------------------------------------------------------------------ one event each


def _seminar(state: State, event: Event) -> State:
    data = event.data
    return replace(
        state,
        phase="setup",
        turn=state.turns + 1,
        seats={
            actor: Seat(actor, holder_of(seat["holder"]), seat.get("code", ""))
            for actor, seat in data["seats"].items()
        },
        facilitator=data["facilitator"],
        late=data["late"],
        minutes=data.get("minutes"),
        lang=data["lang"],
    )


def _phase(state: State, event: Event) -> State:
    to, turn = event.data["to"], event.data["turn"]
    state = replace(state, phase=to, turn=turn, clock=Clock())
    if to == "briefing":
        return replace(state, sheets={}, umpired={})
    if to == "orders":
        return replace(state, clock=Clock(event.data.get("left"), not state.paused))
    if to == "adjudication":
        late = {
            actor: Sheet(actor, turn, read_lines(said["orders"]), said["how"], said.get("why", ""))
            for actor, said in event.data["late"].items()
        }
        return replace(state, sheets={**state.sheets, **late})
    return state


def _submit(state: State, event: Event) -> State:
    data = event.data
    how = data.get("how", "submitted")
    sheet = Sheet(data["seat"], data["turn"], read_lines(data["orders"]), how, data.get("why", ""))
    return replace(state, sheets={**state.sheets, sheet.seat: sheet})


def _withdraw(state: State, event: Event) -> State:
    kept = {seat: sheet for seat, sheet in state.sheets.items() if seat != event.data["seat"]}
    return replace(state, sheets=kept)


def _turn(state: State, event: Event) -> State:
    turn = event.data["turn"]
    if not state.seats:  # the turns that were played before the seminar began
        return replace(state, turns=turn)
    return replace(
        state,
        phase="resolution",
        turn=turn,
        turns=turn,
        clock=Clock(),
        past={**state.past, turn: state.sheets},
        rulings={**state.rulings, turn: state.umpired},
    )


def _ruling(state: State, event: Event) -> State:
    data = event.data
    said = Umpired(data["verdict"], data.get("reason", ""), data.get("move"))
    return replace(state, umpired={**state.umpired, (data["seat"], data["place"]): said})


def _translate(state: State, event: Event) -> State:
    data = event.data
    said = Umpired("translate", data.get("reason", ""), data.get("move"))
    state = replace(state, umpired={**state.umpired, (data["seat"], data["place"]): said})
    if "inject" in data:
        name = f"order-{event.seq}"
        inject = Inject(name, "scheduled", data["turn"] + 1, data["inject"])
        state = replace(state, injects={**state.injects, name: inject})
    return state


def _inject(state: State, event: Event) -> State:
    data = event.data
    kept = {name: inject for name, inject in state.injects.items() if name != data["id"]}
    if data["stage"] != "dropped":
        kept[data["id"]] = Inject(data["id"], data["stage"], data["turn"], data["inject"])
    return replace(state, injects=kept)


def _message(state: State, event: Event) -> State:
    data, meta = event.data, event.data["meta"]
    message = Message(
        event.seq, meta["by"], tuple(data["to"]), data["text"], data["turn"], meta["at"]
    )
    return replace(state, messages=(*state.messages, message))


def _note(state: State, event: Event) -> State:
    data = event.data
    note = Note(
        event.seq,
        data["text"],
        tuple(data["tags"]),
        data["turn"],
        state.phase,
        data["meta"]["at"],
    )
    return replace(state, notes=(*state.notes, note))


def _question(state: State, event: Event) -> State:
    return replace(state, questions=(*state.questions, Question(event.seq, event.data["text"])))


def _answer(state: State, event: Event) -> State:
    data = event.data
    questions = tuple(
        replace(q, answers={**q.answers, data["seat"]: data["text"]})
        if q.event == data["question"]
        else q
        for q in state.questions
    )
    return replace(state, questions=questions)


def _show(state: State, event: Event) -> State:
    what = {event.data["what"]}
    return replace(state, shown=state.shown | what if event.data["on"] else state.shown - what)


def _odds(state: State, event: Event) -> State:
    return replace(state, odds={**state.odds, event.data["turn"]: event.data})


def _whatif(state: State, event: Event) -> State:
    return replace(state, whatifs=(*state.whatifs, event.data))


def _turning(state: State, event: Event) -> State:
    return replace(state, turning=event.data)


def _clock(state: State, event: Event) -> State:
    paused = {"pause": True, "resume": False}.get(event.data["do"], state.paused)
    left = event.data["left"]
    running = state.phase == "orders" and not paused and left is not None
    recovered = state.recovered and paused
    return replace(state, paused=paused, recovered=recovered, clock=Clock(left, running))


def _recovered(state: State, event: Event) -> State:
    return replace(state, paused=True, recovered=True, clock=Clock(event.data["left"]))


def _late(state: State, event: Event) -> State:
    return replace(state, late=event.data["policy"])


def _holder(state: State, event: Event) -> State:
    seat = replace(state.seats[event.data["seat"]], holder=holder_of(event.data["holder"]))
    return replace(state, seats={**state.seats, seat.actor: seat})


def _code(state: State, event: Event) -> State:
    actor = seat_of(event.data["role"])
    if actor is None:
        return replace(state, facilitator=event.data["code"], generation=state.generation + 1)
    seat = state.seats[actor]
    seat = replace(seat, code=event.data["code"], generation=seat.generation + 1, joined=False)
    return replace(state, seats={**state.seats, actor: seat})


def _join(state: State, event: Event) -> State:
    seat = replace(state.seats[event.data["seat"]], joined=True)
    return replace(state, seats={**state.seats, seat.actor: seat})


def read_lines(orders: Iterable[Mapping[str, str]]) -> tuple[Line, ...]:
    """Orders as the log has them."""
    return tuple(Line(**order) for order in orders)


_STEPS: dict[str, Step] = {
    "seminar": _seminar,
    "phase": _phase,
    "submit": _submit,
    "withdraw": _withdraw,
    TURN: _turn,
    "ruling": _ruling,
    "translate": _translate,
    "inject": _inject,
    "message": _message,
    "note": _note,
    "question": _question,
    "answer": _answer,
    "show": _show,
    "odds": _odds,
    "whatif": _whatif,
    "turning": _turning,
    "clock": _clock,
    "recovered": _recovered,
    "late": _late,
    "holder": _holder,
    "code": _code,
    "join": _join,
}
