"""What one role may see: the one way out of a table.

Every page, message, export and outside program gets what `view` returns for its role, and
nothing else of the game. A projection is put together from what its role is allowed to know,
field by field; nothing is taken away from a whole. So a seat's view does not depend, to the
byte, on what others keep secret: not on whether they have ordered, not on how many events the
log has. "View as" is the same call with another role.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any

from wargame.replay.log_file import canonical
from wargame.replay.replay import Played
from wargame.seats import actor_view
from wargame.seats.requests import COMMANDS, kind_of
from wargame.seats.seating import FACILITATOR, PROJECTOR, SEAT, seat_of
from wargame.seminar import console
from wargame.seminar.debrief import report
from wargame.seminar.game import Game
from wargame.seminar.guide import in_language
from wargame.seminar.state import Line, Sheet
from wargame.show.text.narrate import Narrator
from wargame.show.text.perspective import PUBLIC, Lens

View = dict[str, Any]

REVEALED = frozenset({"debrief", "ended"})


def view(table: Game, role: str, lang: str = "en") -> View:
    """What `role` sees now, as JSON has it.

    `version` names what is seen without the running clock: as long as it stays the same, there
    is nothing new to show. Raises KeyError for a role that does not exist.
    """
    with table.lock:
        seen = _PROJECTIONS[kind_of(role)](table, role, lang)
        clock = seen.pop("clock")
        seen["version"] = sha256(canonical(seen).encode()).hexdigest()[:20]
        return {**seen, "clock": {**clock, "left": table.left}}


def version(table: Game, role: str, lang: str = "en") -> str:
    """The name of what a role sees; it changes when, and only when, its view does."""
    return str(view(table, role, lang)["version"])


# ------------------------------------------------------------------------------ everybody


def _public(table: Game, role: str, lang: str) -> View:
    """What stands on every page."""
    state, board = table.state, table.board
    narrator = actor_view.narrator(board, lang, Lens(PUBLIC))
    file = board.scenario.spec.scenario
    seen: View = {
        "role": role,
        "lang": lang,
        "title": narrator.title(file.title, file.id),
        "about": file.about.get(lang) if file.about else "",
        "phase": state.phase,
        "turn": state.turn,
        "heading": narrator.heading(state.turn),
        "horizon": board.scenario.horizon,
        "orders": file.turn.orders,
        "played": board.turns,
        "reopened": state.turn in state.reopened,
        "clock": {"running": state.clock.running, "paused": state.paused},
        "paused": state.paused,
        "stopped": table.stopped,
        "seats": [
            {
                "actor": actor,
                "name": narrator.actor(actor),
                "holder": state.seats[actor].holder,
            }
            for actor in board.actors
        ],
        "ladders": actor_view.ladders(board, lang),
        "ending": _ending(narrator, board.ending),
        "revision": table.revision_of(role),
        "can": sorted(
            name
            for name, command in COMMANDS.items()
            if kind_of(role) in command.who
            and state.phase in command.phases
            and not (state.paused and name in ("submit", "withdraw"))
        ),
    }
    if "odds" in state.shown and state.odds:
        seen["odds"] = actor_view.odds(state.odds[max(state.odds)], narrator)
    if state.phase in REVEALED:
        seen["questions"] = [
            {"question": q.event, "text": in_language(q.text, lang), "answers": dict(q.answers)}
            for q in state.questions
        ]
        seen["report"] = report(table, lang)
    return seen


def _ending(narrator: Narrator, name: str | None) -> View | None:
    if name is None:
        return None
    return {"ending": name, "title": narrator.ending(name), "about": narrator.meaning(name)}


def _opened(table: Game) -> Played | None:
    """The opening of the turn that lies before the seats; None between turns."""
    state = table.state
    if state.phase not in ("briefing", "orders", "adjudication") or table.board.ending:
        return None
    return table.board.opened(state.thrown(state.turn))


# ------------------------------------------------------------------------------ the projector


def _projector(table: Game, role: str, lang: str) -> View:
    seen = _public(table, role, lang)
    seen["news"] = actor_view.news(table.board, _opened(table), Lens(PUBLIC), lang)
    seen["history"] = actor_view.history(table.board, Lens(PUBLIC), lang)
    if "late" in table.state.shown and table.state.phase == "orders":
        seen["waiting"] = list(table.state.waiting)
    return seen


# ------------------------------------------------------------------------------ a seat


def _seat(table: Game, role: str, lang: str) -> View:
    actor = seat_of(role) or ""
    state, board = table.state, table.board
    lens = Lens(actor)
    opened = _opened(table)
    seat = state.seats[actor]
    own = state.sheets.get(actor)
    draft = table.drafts.of(actor)
    seen = _public(table, role, lang)
    seen |= {
        "actor": actor,
        "brief": actor_view.brief(board.scenario, actor, lang),
        "holder": seat.holder,
        "joined": seat.joined,
        "know": actor_view.knowledge(board, opened, actor, lang),
        "moves": actor_view.sheet(board, opened, actor, lang) if opened else [],
        "news": actor_view.news(board, opened, lens, lang),
        "sheet": _sheet(own) if own and seat.holder != "rules" else None,
        "draft": {
            "turn": draft.turn,
            "number": draft.number,
            "orders": [_line(line) for line in draft.lines],
            "aside": [[_line(line) for line in words] for _, words in reversed(draft.aside)],
        },
        "history": actor_view.history(board, lens, lang),
        "own": _own(table, actor),
        "messages": _messages(table, role, lang),
        "recipients": [FACILITATOR, *(SEAT + other for other in board.actors if other != actor)],
    }
    return seen


def _own(table: Game, actor: str) -> list[View]:
    """What this seat handed in, turn by turn, and what came of it."""
    state = table.state
    found = []
    for turn, sheets in state.past.items():
        if turn > table.board.turns or actor not in sheets:
            continue
        event = table.board.position.events[turn - 1]
        rulings = state.rulings[turn]
        success = event.success.get(actor, ())
        missed = [left.order.move for left in event.left_out if left.actor == actor]
        found.append(
            {
                "turn": turn,
                **_sheet(sheets[actor]),
                "made": list(event.moves(actor)),
                "success": list(success),
                "left_out": missed,
                "umpire": [
                    {"place": place, **vars(said)}
                    for (who, place), said in sorted(rulings.items())
                    if who == actor and said.verdict != "accept"
                ],
            }
        )
    return found


def _sheet(sheet: Sheet) -> View:
    return {"how": sheet.how, "orders": [_line(line) for line in sheet.lines]}


def _line(line: Line) -> View:
    return dict(vars(line))


def _messages(table: Game, role: str, lang: str) -> list[View]:
    """What was written to or by a role, numbered as this role has met it."""
    mine = [m for m in table.state.messages if role == m.sender or role in m.to]
    return [
        {
            "number": number,
            "from": m.sender,
            "to": list(m.to),
            "text": m.text,
            "turn": m.turn,
            "at": m.at,
        }
        for number, m in enumerate(mine, start=1)
    ]


# ------------------------------------------------------------------------------ the facilitator


def _facilitator(table: Game, role: str, lang: str) -> View:
    return _public(table, role, lang) | console.console(table, _opened(table), lang)


_PROJECTIONS: Mapping[str, Callable[[Game, str, str], View]] = {
    FACILITATOR: _facilitator,
    PROJECTOR: _projector,
    SEAT: _seat,
}
