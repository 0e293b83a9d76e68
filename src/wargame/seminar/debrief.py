"""After the game: what happened beside what was meant, as data and as rows of a table.

Everything is read off the log and the worlds; nothing is judged. What weighs most in a debrief
is what was written down when it was decided: intents, expectations, reasons.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from typing import Any

from wargame import __version__
from wargame.replay.orders import HOLD, Order
from wargame.replay.turn_log import TurnEvent
from wargame.seats import actor_view
from wargame.seminar.game import Game
from wargame.seminar.guide import in_language
from wargame.seminar.state import Line, Sheet, Umpired
from wargame.show.text.language import read
from wargame.show.text.narrate import Narrator
from wargame.show.text.perspective import Lens
from wargame.statistics.shares import share

Piece = dict[str, Any]

MOST_UNKNOWN = 3  # misjudgements told for each seat and turn
LEAST_UNKNOWN = 50  # per mille of a gauge's range: smaller errors mislead nobody
MOST_DECISIVE = 3


def report(table: Game, lang: str = "en") -> Piece:
    """The whole game with every lens open, turn by turn. For the phases debrief and ended only.

    turns: each with its story, its orders (who ordered what, why, what was expected, what the
    umpire said, what came of it) and what seats did not know. decisive: the turns that moved the
    odds most, where the facilitator has had them counted (by_odds: with so many futures); else
    those that moved the ladders most. The rest is the white cell's: notes, forecasts, what-ifs,
    questions.
    """
    state, board = table.state, table.board
    told = actor_view.narrator(board, lang, Lens())
    header = board.header
    turns = [_turn(table, told, turn) for turn in range(1, board.turns + 1)]
    notes = [
        {"turn": n.turn, "phase": n.phase, "text": n.text, "tags": list(n.tags)}
        for n in state.notes
    ]
    return {
        "run": {
            "scenario": header.scenario,
            "overlays": list(header.overlays),
            "digest": header.digest,
            "seed": header.seed,
            "run": header.run,
            "engine": __version__,
            "events": len(table.events),
            "after": board.world.digest(),
        },
        "seats": [
            {
                "actor": actor,
                "name": told.actor(actor),
                "holder": state.seats[actor].holder,
            }
            for actor in board.actors
        ],
        "ending": told.ending(board.ending) if board.ending else "",
        "turns": turns,
        "decisive": _decisive(turns, told, state.turning),
        "by_odds": state.turning.get("turn") == board.turns and state.turning.get("futures", 0),
        "injects": [
            {"turn": inject.turn, "title": actor_view.title_of(inject.data, lang)}
            for inject in state.injects.values()
            if inject.stage in ("sent", "scheduled") and inject.turn <= board.turns
        ],
        "notes": notes,
        "forecasts": [actor_view.odds(state.odds[turn], told) for turn in sorted(state.odds)],
        "whatifs": [actor_view.what_if(what, told) for what in state.whatifs],
        "questions": [
            {"text": in_language(q.text, lang), "answers": dict(q.answers)} for q in state.questions
        ],
    }


def _turn(table: Game, told: Narrator, turn: int) -> Piece:
    week = actor_view.history(table.board, Lens(), told.lang)[turn - 1]
    event = table.board.position.events[turn - 1]
    return {
        **week,
        "orders": [
            order for actor in table.board.actors for order in _orders(table, told, event, actor)
        ],
        "unknown": _unknown(table, told, turn),
        "changed": sum(abs(rung["change"]) for rung in week["ladders"]),
    }


def _orders(table: Game, told: Narrator, event: TurnEvent, actor: str) -> list[Piece]:
    state = table.state
    sheet: Sheet | None = state.past.get(event.turn, {}).get(actor)
    rulings = state.rulings.get(event.turn, {})
    made, success = event.moves(actor), event.success.get(actor, ())
    found = []
    for place, order in enumerate(event.orders.get(actor, ())):
        line = sheet.lines[place] if sheet and place < len(sheet.lines) else None
        said = rulings.get((actor, place))
        missed = [
            left.why
            for left in event.left_out
            if left.actor == actor and line and left.order.move == line.move
        ]
        wanted = line.move if line and line.move else order.move
        explained = None
        if order.by == "rule" and order.move:
            explained = told.explanation(event.turn, actor)
        rule = None
        if explained and order.move:
            rule = told.decisive(actor, explained.option(order.move))
        found.append(
            {
                "actor": actor,
                "name": told.actor(actor),
                "place": place,
                "by": order.by,
                "how": sheet.how if sheet else "rules",
                "why": sheet.why if sheet else "",
                "move": order.move or "",
                "ordered": told.move(wanted) if wanted else "",
                "free": line.free if line else "",
                "target": line.target if line else "",
                "intent": line.intent if line else "",
                "expect": line.expect if line else "",
                "because": read(rule.reason(order.move or ""), told.lang) if rule else "",
                "left_out": missed[0] if missed else "",
                "verdict": said.verdict if said else "",
                "reason": said.reason if said else "",
                "made": told.move(move) if (move := made[place]) else "",
                "silent": _silent(order, line, said, sheet, place),
                "success": success[place] if place < len(success) else False,
            }
        )
    return found


def _silent(
    order: Order, line: Line | None, said: Umpired | None, sheet: Sheet | None, place: int
) -> bool:
    """Whether an order is a mere wait, of which nobody wrote a word; a late seat waits aloud."""
    late = place == 0 and sheet is not None and sheet.how == "hold"
    return order.move in (HOLD, None) and line is None and said is None and not late


def _unknown(table: Game, told: Narrator, turn: int) -> list[Piece]:
    """What actors got most wrong about the gauges that they see through noise."""
    board = table.board
    detail = board.position.records[turn - 1].detail
    found = []
    for actor in board.actors:
        if actor not in detail:
            continue
        situation = detail[actor][0]
        believed = situation.sees()
        errors = []
        for sights in (situation.mind.read, situation.mind.unread):
            for name in sights.names:
                spec = board.scenario.spec.scenario.gauges[name]
                true = int(situation.cells[board.scenario.rows[name], 0])
                thought = int(believed[name][0])
                size = abs(true - thought) * 1000 // (spec.max - spec.min)
                errors.append((size, name, thought, true))
        errors.sort(key=lambda error: (-error[0], error[1]))
        found += [
            {
                "actor": actor,
                "name": told.actor(actor),
                "gauge": name,
                "title": told.gauge(name),
                "believed": thought,
                "true": true,
            }
            for size, name, thought, true in errors[:MOST_UNKNOWN]
            if size >= LEAST_UNKNOWN
        ]
    return found


def _decisive(turns: list[Piece], told: Narrator, counted: Mapping[str, Any]) -> list[Piece]:
    """The turns that moved the odds, most first, if that was counted when the last was played;
    else those in which the ladders moved most, or something was reached. The intervals of all
    turns and endings hold together."""
    family = (len(turns) + 1) * len(told.scenario.header.endings)
    if counted.get("turn") == len(turns):
        shares = {found["turn"]: found["endings"] for found in counted["turns"]}
        chosen = [turns[turn - 1] for turn in shares]
    else:
        shares = {}
        marked = [turn for turn in turns if turn["changed"] or turn["milestones"] or turn["ending"]]
        marked.sort(key=lambda turn: (-len(turn["milestones"]), -turn["changed"], turn["turn"]))
        chosen = marked[:MOST_DECISIVE]
    return [
        {
            "turn": turn["turn"],
            "title": turn["title"],
            "ladders": [rung for rung in turn["ladders"] if rung["change"]],
            "milestones": turn["milestones"],
            "odds": [
                {
                    "title": told.ending(name),
                    "told": [
                        share(name, count, counted["futures"], family=family).brief(told.lang)
                        for count in counts
                    ],
                }
                for name, counts in shares.get(turn["turn"], {}).items()
            ],
        }
        for turn in chosen
    ]


# ------------------------------------------------------------------------------ rows

_FORMULA = re.compile(r"[=+\-@\t\r]")
_LONG_NUMBER = re.compile(r"[0-9]{16,}|[0-9]+[eE][0-9]+", re.ASCII)

COLUMNS = (
    *("turn", "kind", "actor", "place", "by", "how", "ordered", "free", "target", "intent"),
    *("expect", "left_out", "verdict", "reason", "made", "success", "text", "tags"),
)


def rows(table: Game, lang: str = "en") -> list[dict[str, Any]]:
    """The game as rows with the turn in every one: orders, news, ladders, notes, answers."""
    data = report(table, lang)
    found: list[dict[str, Any]] = []
    for turn in data["turns"]:
        number = turn["turn"]
        found += [{"turn": number, "kind": "news", "text": item["text"]} for item in turn["news"]]
        for order in turn["orders"]:
            kept = {key: order[key] for key in COLUMNS if key in order}
            found.append({"turn": number, "kind": "order", **kept})
        for rung in turn["ladders"]:
            text = f"{rung['dyad']} {rung['stage']}"
            found.append({"turn": number, "kind": "ladder", "text": text})
        for gap in turn["unknown"]:
            text = f"{gap['gauge']}: {gap['believed']} ({gap['true']})"
            found.append({"turn": number, "kind": "misjudged", "actor": gap["actor"], "text": text})
    for note in data["notes"]:
        tags = " ".join(note["tags"])
        found.append({"turn": note["turn"], "kind": "note", "text": note["text"], "tags": tags})
    last = table.board.turns
    for question in data["questions"]:
        for actor, text in question["answers"].items():
            row = {"turn": last, "kind": "answer", "actor": actor, "text": text}
            found.append({**row, "reason": question["text"]})
    return sorted(found, key=lambda row: row["turn"])


def as_csv(table: Game, lang: str = "en") -> str:
    """`rows` as a CSV file, which begins with the mark by which Excel knows UTF-8.

    A cell that a spreadsheet would run as a formula, or round as a number, is quoted.
    """
    out = io.StringIO()
    out.write("\ufeff")
    writer = csv.DictWriter(out, COLUMNS, restval="", lineterminator="\r\n")
    writer.writeheader()
    for row in rows(table, lang):
        writer.writerow({key: _tame(value) for key, value in row.items()})
    return out.getvalue()


def _tame(value: Any) -> Any:
    if isinstance(value, str) and (_FORMULA.match(value) or _LONG_NUMBER.fullmatch(value)):
        return "'" + value
    return value
