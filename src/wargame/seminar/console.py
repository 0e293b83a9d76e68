"""The facilitator's picture: everything, in the order in which it is needed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from wargame.replay.explain import explain
from wargame.replay.log_file import Event
from wargame.replay.replay import Played
from wargame.replay.turn_log import live
from wargame.seats import actor_view
from wargame.seats.seating import FACILITATOR, RULES, role_of
from wargame.seminar.game import Game
from wargame.seminar.guide import PROMPTS, in_language
from wargame.seminar.state import FLOW, UNDOABLE, builds_on
from wargame.seminar.umpire import EMPTY, LATE, SILENT, UNNAMED, plan_of
from wargame.show.text.language import read
from wargame.show.text.narrate import Narrator
from wargame.show.text.perspective import Lens

Piece = dict[str, Any]

NEXT = {
    "setup": "start",
    "briefing": "open_orders",
    "orders": "lock",
    "adjudication": "commit",
    "resolution": "next",
    "debrief": "end",
}
LAST_EVENTS = 80
MOST_OPTIONS = 6


def console(table: Game, opened: Played | None, lang: str) -> Piece:
    """What the facilitator sees beyond what is public."""
    state, board = table.state, table.board
    told = actor_view.narrator(board, lang, Lens())
    return {
        "next": _next(table),
        "waiting": list(state.waiting),
        "recovered": state.recovered,
        "late": state.late,
        "minutes": state.minutes,
        "seed": board.header.seed,
        "table": [_seat(table, actor, lang) for actor in board.actors],
        "codes": {role: code for role, code in table.codes.items() if role != FACILITATOR},
        "news": actor_view.news(board, opened, Lens(), lang),
        "gauges": _gauges(table, opened, lang),
        "heat": {d: int(board.world[f"heat({d})"][0]) for d in board.scenario.header.dyads},
        "adjudication": _adjudication(table, lang) if state.phase == "adjudication" else [],
        "injects": [
            {"id": i.id, "stage": i.stage, "turn": i.turn, "inject": dict(i.data)}
            for i in state.injects.values()
        ],
        "messages": [{**vars(m), "to": list(m.to), "from": m.sender} for m in state.messages],
        "notes": [{**vars(n), "tags": list(n.tags)} for n in state.notes],
        "questions": [
            {"question": q.event, "text": in_language(q.text, lang), "answers": dict(q.answers)}
            for q in state.questions
        ],
        "prompts": _prompts(table, lang),
        "shown": sorted(state.shown),
        "forecasts": [actor_view.odds(state.odds[turn], told) for turn in sorted(state.odds)],
        "whatifs": [actor_view.what_if(what, told) for what in state.whatifs],
        "history": actor_view.history(board, Lens(), lang),
        "moves": {
            actor: [
                {"move": move, "title": read(board.scenario.spec.moves[move].title, lang)}
                for move in moves
            ]
            for actor, moves in board.scenario.header.moves.items()
        },
        "log": _log(table.events, lang),
    }


def _next(table: Game) -> Piece | None:
    """The one command that goes on, and for whom it does not wait."""
    state = table.state
    command = NEXT.get(state.phase)
    if state.phase == "resolution" and table.board.ending is not None:
        command = "debrief"
    return {"command": command, "without": list(state.waiting)} if command else None


def _why(why: str, lang: str) -> str:
    """Why others ordered for a seat; what a program did wrong is told in English only."""
    japanese = {
        LATE: "提出なし",
        SILENT: "時間内に回答なし",
        EMPTY: "着席者なし",
        UNNAMED: "プログラムの指定なし",
    }
    return japanese.get(why, why) if lang == "ja" else why


def _seat(table: Game, actor: str, lang: str) -> Piece:
    state = table.state
    seat = state.seats[actor]
    sheet = state.sheets.get(actor)
    draft = table.drafts.of(actor)
    return {
        "actor": actor,
        "role": role_of(actor),
        "holder": seat.holder,
        "program": actor in table.programs,
        "joined": seat.joined,
        "online": table.present.get(role_of(actor), 0),
        "codes": seat.generation + bool(seat.code),
        "how": sheet.how if sheet else None,
        "why": _why(sheet.why, lang) if sheet else "",
        "sheet": [dict(vars(line)) for line in sheet.lines] if sheet else [],
        "drafting": draft.turn == state.turn and bool(draft.lines),
    }


def _prompts(table: Game, lang: str) -> list[str]:
    """Questions of the facilitator's guide that have not been asked yet."""
    asked = {question.text for question in table.state.questions}
    return [prompt[lang] for prompt in PROMPTS if not asked & set(prompt.values())]


def _gauges(table: Game, opened: Played | None, lang: str) -> list[Piece]:
    board = table.board
    cells = (
        next(iter(opened.record.detail.values()))[0].cells
        if opened is not None and opened.record.detail
        else board.world.cells
    )
    narrator = actor_view.narrator(board, lang, Lens())
    return [
        {
            "gauge": name,
            "title": narrator.gauge(name),
            "value": int(cells[board.scenario.rows[name], 0]),
        }
        for name in board.scenario.gauge_names()
    ]


# ------------------------------------------------------------------------------ adjudication


def _adjudication(table: Game, lang: str) -> list[Piece]:
    """Every order of the turn: who gave it, its odds, what the model makes of it, and why."""
    state, board = table.state, table.board
    alone = board.try_turn(plan_of(state, board, rulings=False))
    ruled = board.try_turn(plan_of(state, board))
    told = actor_view.narrator(board, lang, Lens(), ruled)
    found = []
    for actor in board.actors:
        options = _options(board.playthrough(alone), told, alone.event.turn, actor)
        for place, order in enumerate(alone.event.orders[actor]):
            sheet = state.sheets.get(actor)
            line = sheet.lines[place] if sheet and place < len(sheet.lines) else None
            said = state.umpired.get((actor, place))
            missed = [
                left.why
                for left in alone.event.left_out
                if left.actor == actor and line and left.order.move == line.move
            ]
            found.append(
                {
                    "seat": actor,
                    "name": told.actor(actor),
                    "place": place,
                    "by": order.by,
                    "how": sheet.how if sheet else RULES,
                    "move": order.move,
                    "title": told.move(order.move) if order.move else "",
                    "line": dict(vars(line)) if line else None,
                    "left_out": missed[0] if missed else "",
                    "odds": board.chance_of_success(alone, actor, place),
                    "success": alone.event.success[actor][place],
                    "ruled": {
                        "move": ruled.event.moves(actor)[place],
                        "success": ruled.event.success[actor][place],
                    },
                    "umpire": dict(vars(said)) if said else None,
                    "options": options,
                }
            )
    return found


def _options(playthrough: Any, told: Narrator, turn: int, actor: str) -> list[Piece]:
    """What the actor's rules make of its moves, the heaviest first, with the rules that spoke."""
    explanation = explain(playthrough, turn, actor)
    found = []
    for option in explanation.options[:MOST_OPTIONS]:
        voices = []
        for voice in option.voices:
            rule = told.rule(actor, voice.rule)
            because = read(rule.because, told.lang) if rule else ""
            voices.append(
                {"rule": voice.rule, "op": voice.op, "amount": voice.amount, "because": because}
            )
        found.append(
            {
                "move": option.move,
                "title": told.move(option.move),
                "weight": option.weight,
                "of": explanation.total,
                "base": option.base,
                "voices": voices,
                "barrier": option.barrier,
            }
        )
    return found


# ------------------------------------------------------------------------------ the log


def _log(events: Sequence[Event], lang: str) -> list[Piece]:
    """The last events that count, the newest first, and which of them may be undone alone."""
    found: list[Piece] = []
    opened = next(event.seq for event in events if event.kind == "seminar")
    later: list[Event] = []
    for event in reversed(live(tuple(events))):
        if event.seq <= opened or len(found) == LAST_EVENTS:
            break
        free = event.kind not in FLOW or not any(builds_on(event.kind, e) for e in later)
        meta = event.data.get("meta", {})
        found.append(
            {
                "event": event.seq,
                "kind": event.kind,
                "by": meta.get("by", ""),
                "at": meta.get("at", ""),
                "what": _what(event.data, lang),
                "undo": event.kind in UNDOABLE and free,
                "rewind": event.kind in UNDOABLE,
            }
        )
        if event.kind in ("turn", "phase"):
            later.append(event)
    return found


_TELLING = ("to", "turn", "seat", "place", "verdict", "move", "do", "stage", "id", "policy")


def _what(data: Mapping[str, Any], lang: str) -> Piece:
    """The few words of an event that name it."""
    named = {"title": actor_view.title_of(data["inject"], lang)} if data.get("inject") else {}
    return {key: data[key] for key in _TELLING if key in data} | named
