"""What may be asked of a table: each command's shape, who may give it, and in which phase."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from wargame.seats.errors import Refused
from wargame.seats.seating import FACILITATOR, PROJECTOR, SEAT

Phase = Literal["setup", "briefing", "orders", "adjudication", "resolution", "debrief", "ended"]

OPEN_PHASES: frozenset[str] = frozenset({"briefing", "orders", "adjudication", "resolution"})

LONGEST_TEXT = 4000
MOST_FUTURES = 2000

_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\ufeff")


def _plain(text: str) -> str:
    """Text as it may be stored and shown: no controls, nothing that turns the writing around."""
    if any(unicodedata.category(letter) == "Cs" for letter in text):
        raise ValueError("is not text")
    kept = "".join(
        letter
        for letter in text.replace("\r\n", "\n").replace("\r", "\n")
        if letter in "\n\t" or (unicodedata.category(letter) != "Cc" and letter not in _TURNING)
    )
    return kept.strip()


def _something(text: str) -> str:
    if not text:
        raise ValueError("is empty")
    return text


Words = Annotated[str, Field(max_length=LONGEST_TEXT), AfterValidator(_plain)]
Said = Annotated[Words, AfterValidator(_something)]
Name = Annotated[str, Field(min_length=1, max_length=80), AfterValidator(_plain)]
Minutes = Annotated[int, Field(ge=1, le=24 * 60)]
Place = Annotated[int, Field(ge=0, le=19)]
Number = Annotated[int, Field(ge=0, lt=2**53)]


NO_OBJECT = {"en": "it is no JSON object", "ja": "JSONオブジェクトではありません"}


class Request(BaseModel):
    """What a command says; nothing more is understood."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Nothing(Request):
    """A command that needs no words."""


class OrderLine(Request):
    move: Name | None = None
    free: Words = ""
    target: Annotated[Words, Field(max_length=200)] = ""
    intent: Words = ""
    expect: Words = ""


class Orders(Request):
    """writer: names the page that sends them. base: the number of the draft it began with."""

    orders: Annotated[tuple[OrderLine, ...], Field(max_length=20, strict=False)]
    writer: Name | None = None
    base: Number | None = None


class Minuted(Request):
    minutes: Minutes | None = None


class Extension(Request):
    minutes: Annotated[int, Field(ge=-24 * 60, le=24 * 60)]


class LatePolicy(Request):
    policy: Literal["hold", "rules", "draft"]


class Holding(Request):
    seat: Name
    holder: Literal["human", "rules", "agent"]


class Coded(Request):
    role: Name


class NewInject(Request):
    """A new inject, or by its id one of the tray."""

    id: Name | None = None
    inject: dict[str, Any] | None = None
    turn: Annotated[int, Field(ge=1, le=100_000)] | None = None


class Dropped(Request):
    id: Name


class RulingOn(Request):
    seat: Name
    place: Place = 0
    verdict: Literal["accept", "modify", "skip", "succeed", "fail"]
    move: Name | None = None
    reason: Words = ""


class Translation(Request):
    seat: Name
    place: Place = 0
    move: Name | None = None
    inject: dict[str, Any] | None = None
    reason: Said


class Undoing(Request):
    event: Number
    reason: Said


class Showing(Request):
    what: Literal["odds", "late"]
    on: bool = True


class Asking(Request):
    text: Said


class Answering(Request):
    question: Number
    text: Said


class Noting(Request):
    text: Said
    tags: Annotated[tuple[Name, ...], Field(max_length=10, strict=False)] = ()


class Messaging(Request):
    to: Annotated[tuple[Name, ...], Field(min_length=1, max_length=20, strict=False)]
    text: Said


class OddsFor(Request):
    futures: Annotated[int, Field(ge=10, le=MOST_FUTURES)] = 500


class WhatIf(Request):
    """Another course of turn `turn`, in a sandbox."""

    turn: Annotated[int, Field(ge=1, le=100_000)]
    orders: dict[Name, Annotated[tuple[Name, ...], Field(strict=False)]] = {}
    injects: Annotated[tuple[dict[str, Any], ...], Field(max_length=10, strict=False)] = ()
    futures: Annotated[int, Field(ge=0, le=MOST_FUTURES)] = 0
    reason: Words = ""


@dataclass(frozen=True)
class Command:
    """One command: the shape of its data, who may give it, in which phases it makes sense.

    steers: the facilitator says on which state of the game it was decided (compare and set).
    """

    shape: type[Request]
    who: frozenset[str]
    phases: frozenset[str]
    steers: bool = False


EVERY: frozenset[str] = frozenset(Phase.__args__)  # type: ignore[attr-defined]
LIVE = EVERY - {"ended"}
_F, _S, _B = frozenset({FACILITATOR}), frozenset({SEAT}), frozenset({FACILITATOR, SEAT})


def _steer(shape: type[Request], *phases: str) -> Command:
    return Command(shape, _F, frozenset(phases) or LIVE, True)


COMMANDS: Mapping[str, Command] = {
    "start": _steer(Nothing, "setup"),
    "open_orders": _steer(Minuted, "briefing"),
    "lock": _steer(Nothing, "orders"),
    "commit": _steer(Nothing, "adjudication"),
    "next": _steer(Nothing, "resolution"),
    "debrief": _steer(Nothing, *OPEN_PHASES),
    "end": _steer(Nothing, "debrief"),
    "pause": _steer(Nothing, *OPEN_PHASES),
    "resume": _steer(Nothing),
    "extend": _steer(Extension, "orders"),
    "late": _steer(LatePolicy),
    "holder": _steer(Holding, "setup", "briefing", "orders", "resolution"),
    "code": _steer(Coded, *EVERY),
    "inject_prepare": _steer(NewInject, "setup", *OPEN_PHASES),
    "inject_schedule": _steer(NewInject, "setup", *OPEN_PHASES),
    "inject_send": _steer(NewInject, "setup", *OPEN_PHASES),
    "inject_drop": _steer(Dropped, "setup", *OPEN_PHASES),
    "rule": _steer(RulingOn, "adjudication"),
    "translate": _steer(Translation, "adjudication"),
    "undo": _steer(Undoing),
    "rewind": _steer(Undoing),
    "show": _steer(Showing),
    "question": _steer(Asking),
    "note": Command(Noting, _F, LIVE),
    "odds": Command(OddsFor, _F, LIVE - {"setup"}),
    "what_if": Command(WhatIf, _F, LIVE - {"setup"}),
    "turning_points": Command(OddsFor, _F, frozenset({"debrief"})),
    "message": Command(Messaging, _B, LIVE),
    "join": Command(Nothing, _S, LIVE),
    "draft": Command(Orders, _S, frozenset({"briefing", "orders"})),
    "submit": Command(Orders, _S, frozenset({"orders"})),
    "withdraw": Command(Nothing, _S, frozenset({"orders"})),
    "answer": Command(Answering, _S, frozenset({"debrief"})),
}
"""Everything that can be asked; what does not stand here is refused."""


def kind_of(role: str) -> str:
    """``facilitator``, ``projector``, ``seat:`` or "" for a role that does not exist."""
    return role if role in (FACILITATOR, PROJECTOR) else SEAT if role.startswith(SEAT) else ""


def check(role: str, name: str) -> Command:
    """The command, if this role may give it. Raises Refused: 404 unknown, 403 not this role's."""
    command = COMMANDS.get(name)
    if command is None:
        raise Refused("command", command=name[:40])
    if kind_of(role) not in command.who:
        raise Refused("role", role=role, command=name)
    return command


def read(command: Command, data: Mapping[str, Any]) -> Any:
    """The command's words, in its shape. Raises Refused (400)."""
    try:
        return command.shape.model_validate(dict(data))
    except (ValidationError, TypeError, ValueError) as error:
        if not isinstance(error, ValidationError):
            raise Refused("malformed", detail=NO_OBJECT) from None
        fault = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in fault["loc"])
        message = fault["msg"].removeprefix("Value error, ")
        said = {"en": message, "ja": _JAPANESE.get(fault["type"], _JAPANESE["value_error"])}
        detail = {lang: f"{place}: {text}" if place else text for lang, text in said.items()}
        raise Refused("malformed", detail=detail) from None


_JAPANESE = {
    "missing": "入力が必要です",
    "string_too_long": "長すぎます",
    "string_too_short": "入力が必要です",
    "too_long": "数が多すぎます",
    "too_short": "一つ以上選んでください",
    "extra_forbidden": "この項目は使えません",
    "value_error": "入力内容が正しくありません",
}
"""What is wrong with a field, by pydantic's name of the fault."""
