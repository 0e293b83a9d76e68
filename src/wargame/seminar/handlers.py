"""What each command does: from the game as it is and what was asked, to events for the log.

Nothing is written here. A deed is refused whole or returned whole.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from wargame.errors import OrderError, SpecError, no_such
from wargame.replay.injects import read_inject
from wargame.replay.log_file import Event
from wargame.replay.orders import HOLD, Malformed
from wargame.replay.replay import Played
from wargame.replay.turn_log import TURN, UNDO, live
from wargame.seats import requests as ask
from wargame.seats.board import Board
from wargame.seats.errors import Refused, in_english
from wargame.seats.seating import (
    AGENT,
    FACILITATOR,
    HUMAN,
    PROGRAM,
    Codes,
    hashed,
    random_code,
    role_of,
    seat_of,
)
from wargame.seminar.clock import MINUTE
from wargame.seminar.state import (
    STEPS,
    UNDOABLE,
    Line,
    State,
    blocked,
)
from wargame.seminar.umpire import fault_in_japanese, late_sheets, lines_of, plan_of


@dataclass(frozen=True)
class Hand:
    """What a deed is decided on.

    events: the log. left: milliseconds left of the phase. drafts: what seats have typed for this
    turn. programs: the actors for whom this process was given a program when it was started. codes:
    makes a new code.
    """

    state: State
    board: Board
    role: str
    events: tuple[Event, ...]
    left: int | None = None
    drafts: Mapping[str, Sequence[Line]] = field(default_factory=dict)
    programs: Collection[str] = ()
    codes: Codes = random_code


@dataclass(frozen=True)
class Deed:
    """One event to be written, and what to answer. `secret` is answered but never stored."""

    kind: str
    data: Mapping[str, Any]
    answer: Mapping[str, Any] = field(default_factory=dict)
    secret: Mapping[str, Any] = field(default_factory=dict)
    played: Played | None = None


# ------------------------------------------------------------------------------ the life cycle


def _to(hand: Hand, phase: str, turn: int | None = None, **more: Any) -> list[Deed]:
    turn = hand.state.turn if turn is None else turn
    return [Deed("phase", {"to": phase, "turn": turn, **more}, {"phase": phase, "turn": turn})]


def start(hand: Hand, _: ask.Nothing) -> list[Deed]:
    return _to(hand, "briefing")


def open_orders(hand: Hand, said: ask.Minuted) -> list[Deed]:
    # Nothing said: as the game has it. None said: the field was cleared, so no deadline.
    minutes = said.minutes if "minutes" in said.model_fields_set else hand.state.minutes
    return _to(hand, "orders", left=None if minutes is None else minutes * MINUTE)


def lock(hand: Hand, _: ask.Nothing) -> list[Deed]:
    state = hand.state
    desk = hand.board.desk(state.thrown(state.turn))
    late = {
        actor: {
            "how": sheet.how,
            "why": sheet.why,
            "orders": [line.to_data() for line in sheet.lines],
        }
        for actor, sheet in late_sheets(state, desk, hand.drafts).items()
    }
    return _to(hand, "adjudication", late=late)


def commit(hand: Hand, _: ask.Nothing) -> list[Deed]:
    played = hand.board.try_turn(plan_of(hand.state, hand.board))
    answer = {"phase": "resolution", "turn": played.event.turn, "ending": played.event.ending}
    return [Deed(TURN, played.event.to_data(), answer, played=played)]


def next_turn(hand: Hand, _: ask.Nothing) -> list[Deed]:
    if hand.board.ending is not None:
        raise Refused("over", ending=hand.board.ending)
    return _to(hand, "briefing", hand.state.turn + 1)


def debrief(hand: Hand, _: ask.Nothing) -> list[Deed]:
    return _to(hand, "debrief")


def end(hand: Hand, _: ask.Nothing) -> list[Deed]:
    return _to(hand, "ended")


def pause(hand: Hand, _: ask.Nothing) -> list[Deed]:
    if hand.state.paused:
        raise Refused("paused")
    return [Deed("clock", {"do": "pause", "left": hand.left})]


def resume(hand: Hand, _: ask.Nothing) -> list[Deed]:
    if not hand.state.paused:
        raise Refused("phase", phase=hand.state.phase)
    return [Deed("clock", {"do": "resume", "left": hand.left})]


def extend(hand: Hand, said: ask.Extension) -> list[Deed]:
    left = max(0, (hand.left or 0) + said.minutes * MINUTE)
    return [Deed("clock", {"do": "extend", "left": left}, {"left": left})]


def late(hand: Hand, said: ask.LatePolicy) -> list[Deed]:
    return [Deed("late", {"policy": said.policy})]


# ------------------------------------------------------------------------------ seats


def holder(hand: Hand, said: ask.Holding) -> list[Deed]:
    _seat(hand, said.seat)
    if said.holder == AGENT and said.seat not in hand.programs:
        raise Refused("unnamed", seat=said.seat)
    return [Deed("holder", {"seat": said.seat, "holder": said.holder})]


def code(hand: Hand, said: ask.Coded) -> list[Deed]:
    if said.role != FACILITATOR:
        _seat(hand, seat_of(said.role) or said.role)
    role = said.role if said.role == FACILITATOR else role_of(seat_of(said.role) or said.role)
    actor = seat_of(role)
    state = hand.state
    generation = state.generation if actor is None else state.seats[actor].generation
    fresh = hand.codes(role, generation + 1)
    data = {"role": role, "code": hashed(fresh)}
    return [Deed("code", data, {"role": role}, {"code": fresh})]


def join(hand: Hand, _: ask.Nothing) -> list[Deed]:
    actor = _own(hand)
    return [] if hand.state.seats[actor].joined else [Deed("join", {"seat": actor})]


def draft(hand: Hand, said: ask.Orders) -> list[Deed]:
    return []  # drafts lie beside the log, see `Table`


def submit(hand: Hand, said: ask.Orders) -> list[Deed]:
    actor = _own(hand)
    state = hand.state
    if state.seats[actor].holder != HUMAN and not hand.role.startswith(PROGRAM):
        raise Refused("holder", holder=state.seats[actor].holder)
    desk = hand.board.desk(state.thrown(state.turn))
    try:
        lines = lines_of(desk, actor, [Line(**line.model_dump()) for line in said.orders])
    except OrderError as error:
        moves = [line.move or HOLD for line in said.orders if line.move or line.free]
        detail = {"en": str(error), "ja": fault_in_japanese(desk, actor, moves)}
        key = "malformed" if isinstance(error, Malformed) else "illegal"
        raise Refused(key, detail=detail) from None
    data: dict[str, Any] = {
        "seat": actor,
        "turn": state.turn,
        "orders": [line.to_data() for line in lines],
    }
    if hand.role.startswith(PROGRAM):
        data["how"] = "agent"
    return [Deed("submit", data, {"submitted": len(lines), "turn": state.turn})]


def withdraw(hand: Hand, _: ask.Nothing) -> list[Deed]:
    actor = _own(hand)
    if hand.state.seats[actor].holder != HUMAN:
        raise Refused("holder", holder=hand.state.seats[actor].holder)
    if actor not in hand.state.sheets:
        raise Refused("missing", what="order", name=actor)
    return [Deed("withdraw", {"seat": actor, "turn": hand.state.turn})]


def message(hand: Hand, said: ask.Messaging) -> list[Deed]:
    for role in said.to:
        if role != FACILITATOR:
            _seat(hand, seat_of(role) or role)
    to = [role if role == FACILITATOR else role_of(seat_of(role) or role) for role in said.to]
    unique = list(dict.fromkeys(to))
    return [Deed("message", {"to": unique, "text": said.text, "turn": hand.state.turn})]


def answer(hand: Hand, said: ask.Answering) -> list[Deed]:
    if said.question not in {question.event for question in hand.state.questions}:
        raise Refused("missing", what="question", name=said.question)
    data = {"seat": _own(hand), "question": said.question, "text": said.text}
    return [Deed("answer", data)]


# ------------------------------------------------------------------------------ injects


def inject_prepare(hand: Hand, said: ask.NewInject) -> list[Deed]:
    return _inject(hand, said, "prepared", hand.state.coming)


def inject_schedule(hand: Hand, said: ask.NewInject) -> list[Deed]:
    turn = said.turn or hand.state.coming
    if turn < hand.state.coming:
        detail = {
            "en": f"the news of turn {turn} are out already",
            "ja": f"第{turn}ターンの知らせは既に公開されています",
        }
        raise Refused("malformed", detail=detail)
    return _inject(hand, said, "scheduled", turn)


def inject_send(hand: Hand, said: ask.NewInject) -> list[Deed]:
    return _inject(hand, said, "sent", hand.state.coming)


def inject_drop(hand: Hand, said: ask.Dropped) -> list[Deed]:
    inject = hand.state.injects.get(said.id)
    if inject is None:
        raise Refused("missing", what="inject", name=said.id)
    if inject.stage == "sent" or inject.turn < hand.state.coming:
        raise Refused("not-undoable")
    data = {"id": said.id, "stage": "dropped", "turn": inject.turn, "inject": dict(inject.data)}
    return [Deed("inject", data, {"inject": data["inject"]})]


def _inject(hand: Hand, said: ask.NewInject, stage: str, turn: int) -> list[Deed]:
    kept = hand.state.injects.get(said.id) if said.id else None
    if kept is not None and kept.stage == "sent":
        raise Refused("not-undoable")
    data = said.inject if said.inject is not None else dict(kept.data) if kept else None
    if data is None:
        raise Refused("missing", what="inject", name=said.id or "")
    data = addressed(data)
    check_inject(hand.board, data)
    name = said.id or f"inject-{len(hand.events) + 1}"
    event = {"id": name, "stage": stage, "turn": turn, "inject": data}
    answer = {"id": name, "turn": turn, "stops": stops(hand.board, data)}
    return [Deed("inject", event, answer)]


def stops(board: Board, data: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The gauges that an inject would push past their bounds as things stand, and where they stop.

    Told of plain amounts only: what an expression comes to is known when it happens.
    """
    found = []
    gauges = board.scenario.spec.scenario.gauges
    for name, effect in read_inject(data).effects.items():
        if name not in gauges or not re.fullmatch(r"[+-]?[0-9]{1,9}", effect.value.text.strip()):
            continue
        now = int(board.world.cells[board.scenario.rows[name], 0])
        would = int(effect.value.text) + (now if effect.op == "add" else 0)
        at = min(max(would, gauges[name].min), gauges[name].max)
        if at != would:
            found.append({"gauge": name, "would": would, "at": at})
    return found


def addressed(data: dict[str, Any]) -> dict[str, Any]:
    """An inject that says who hears of it is private, whether or not it says so, too."""
    return {"visible": "private", **data} if data.get("to") else data


def check_inject(board: Board, data: Mapping[str, Any]) -> None:
    """Raises Refused, with every fault, if this cannot be thrown in."""
    try:
        unknown = [a for a in read_inject(data).to if a not in board.scenario.header.actors]
        board.check_injects([data])
    except SpecError as error:
        raise Refused("malformed", detail=in_english(error)) from None
    if unknown:
        detail = in_english(no_such("actor", unknown[0], board.scenario.header.actors))
        raise Refused("malformed", detail=detail)


# ------------------------------------------------------------------------------ the umpire


def rule(hand: Hand, said: ask.RulingOn) -> list[Deed]:
    _order_at(hand, said.seat, said.place)
    if said.verdict != "accept" and not said.reason:
        raise Refused("reason")
    if (said.verdict == "modify") != (said.move is not None):
        detail = {
            "en": "a move is named for `modify`, and only then",
            "ja": "別の行動を選べるのは「別の行動に替える」の場合だけで、その場合は必須です",
        }
        raise Refused("malformed", detail=detail)
    if said.move is not None:
        _own_move(hand, said.seat, said.move)
    data: dict[str, Any] = {
        "seat": said.seat,
        "place": said.place,
        "turn": hand.state.turn,
        "verdict": said.verdict,
    }
    data |= {key: value for key in ("move", "reason") if (value := getattr(said, key))}
    return [Deed("ruling", data)]


def translate(hand: Hand, said: ask.Translation) -> list[Deed]:
    _order_at(hand, said.seat, said.place)
    sheet = hand.state.sheets.get(said.seat)
    line = sheet.lines[said.place] if sheet and said.place < len(sheet.lines) else None
    if line is None or line.move is not None:
        raise Refused("missing", what="free text", name=f"{said.seat} {said.place}")
    if (said.move is None) == (said.inject is None):
        detail = {
            "en": "translate into one move or one inject",
            "ja": "行動か状況付与のどちらか一つに置き換えてください",
        }
        raise Refused("malformed", detail=detail)
    data: dict[str, Any] = {
        "seat": said.seat,
        "place": said.place,
        "turn": hand.state.turn,
        "reason": said.reason,
    }
    if said.move is not None:
        _own_move(hand, said.seat, said.move)
        data["move"] = said.move
    if said.inject is not None:
        data["inject"] = addressed(said.inject)
        check_inject(hand.board, data["inject"])
    return [Deed("translate", data)]


def undo(hand: Hand, said: ask.Undoing) -> list[Deed]:
    _undoable(hand, said.event)
    if blocked(hand.events, said.event):
        raise Refused("built-upon")
    return [_taking_back(said.event, said.reason)]


def rewind(hand: Hand, said: ask.Undoing) -> list[Deed]:
    """Back to just before an event: every later step goes with it, the latest first."""
    _undoable(hand, said.event)
    gone = [
        event.seq
        for event in live(hand.events)
        if event.seq > said.event and event.kind in STEPS | _OF_A_TURN
    ]
    return [_taking_back(number, said.reason) for number in (*reversed(gone), said.event)]


_OF_A_TURN = frozenset({"submit", "withdraw", "ruling", "translate", "inject", "holder"})


def _taking_back(number: int, reason: str) -> Deed:
    return Deed(UNDO, {"undoes": number, "reason": reason}, {"undone": number})


def _undoable(hand: Hand, number: int) -> None:
    standing = {event.seq: event for event in live(hand.events)}
    if number not in standing:
        raise Refused("missing", what="event", name=number)
    opened = next(e.seq for e in hand.events if e.kind == "seminar")
    if standing[number].kind not in UNDOABLE or number <= opened:
        raise Refused("not-undoable")


# ------------------------------------------------------------------------------ the white cell


def show(hand: Hand, said: ask.Showing) -> list[Deed]:
    return [Deed("show", {"what": said.what, "on": said.on})]


def question(hand: Hand, said: ask.Asking) -> list[Deed]:
    return [Deed("question", {"text": said.text})]


def note(hand: Hand, said: ask.Noting) -> list[Deed]:
    return [Deed("note", {"text": said.text, "tags": list(said.tags), "turn": hand.state.turn})]


def odds(hand: Hand, said: ask.OddsFor) -> list[Deed]:
    counts = hand.board.odds(said.futures)
    data = {"turn": hand.board.turns, "futures": said.futures, "endings": counts}
    return [Deed("odds", data, data)]


# ------------------------------------------------------------------------------ helpers


def _own(hand: Hand) -> str:
    by_program = hand.role.startswith(PROGRAM)
    return hand.role.removeprefix(PROGRAM) if by_program else str(seat_of(hand.role))


def _seat(hand: Hand, actor: str) -> None:
    if actor not in hand.state.seats:
        raise Refused("missing", what="seat", name=actor)


def _order_at(hand: Hand, actor: str, place: int) -> None:
    _seat(hand, actor)
    if place >= hand.board.scenario.spec.scenario.turn.orders:
        raise Refused("missing", what="order", name=place)


def _own_move(hand: Hand, actor: str, move: str) -> None:
    moves = hand.board.scenario.header.moves[actor]
    if move not in moves:
        detail = in_english(no_such(f"move of {actor}", move, moves))
        raise Refused("malformed", detail=detail)


HANDLERS: Mapping[str, Callable[[Hand, Any], list[Deed]]] = {
    "start": start,
    "open_orders": open_orders,
    "lock": lock,
    "commit": commit,
    "next": next_turn,
    "debrief": debrief,
    "end": end,
    "pause": pause,
    "resume": resume,
    "extend": extend,
    "late": late,
    "holder": holder,
    "code": code,
    "join": join,
    "draft": draft,
    "submit": submit,
    "withdraw": withdraw,
    "message": message,
    "answer": answer,
    "inject_prepare": inject_prepare,
    "inject_schedule": inject_schedule,
    "inject_send": inject_send,
    "inject_drop": inject_drop,
    "rule": rule,
    "translate": translate,
    "undo": undo,
    "rewind": rewind,
    "show": show,
    "question": question,
    "note": note,
}
