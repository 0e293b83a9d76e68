"""From what the seats handed in and the umpire said to a plan that the engine plays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from wargame.content.spec import Text
from wargame.replay.orders import ACCEPT, HOLD, Desk, Giver, Order, Ruling
from wargame.replay.replay import Plan
from wargame.replay.turn_log import LeftOut
from wargame.seats import actor_view
from wargame.seats.board import Board
from wargame.seats.seating import AGENT
from wargame.seminar.state import Line, Sheet, State, Umpired
from wargame.show.text.language import read

LATE, SILENT, EMPTY = "handed nothing in", "no answer in time", "nobody has joined"
UNNAMED = "no program is named for this seat"
"""Why somebody else ordered for a seat, as the log has it."""


def plan_of(state: State, board: Board, rulings: bool = True) -> Plan:
    """The plan of the turn that lies before the umpire.

    An order that may no longer be given, because news came after it, is left out and said so;
    free text that nobody translated is a wait. Without `rulings`: as the model alone has it.
    """
    injects = state.thrown(state.turn)
    desk = board.desk(injects)
    orders: dict[str, tuple[Order, ...]] = {}
    left_out: list[LeftOut] = []
    for actor in board.scenario.header.actors:
        sheet = state.sheets.get(actor)
        if sheet is None or sheet.how == "rules":
            continue
        given, missed = _orders(state, desk, actor, sheet)
        orders[actor] = given
        left_out += missed
    said = _rulings(state, desk.most) if rulings else {}
    return Plan(orders, said, injects, tuple(left_out))


def _orders(
    state: State, desk: Desk, actor: str, sheet: Sheet
) -> tuple[tuple[Order, ...], list[LeftOut]]:
    by: Giver = "program" if state.seats[actor].holder == AGENT else "seat"
    found: list[Order] = []
    left_out: list[LeftOut] = []
    for place, line in enumerate(sheet.lines[: desk.most]):
        intent = Text(en=line.intent) if line.intent else None
        said = state.umpired.get((actor, place))
        if line.move is None:
            translated = said.move if said and said.verdict == "translate" else None
            intent = Text(en=line.free) if line.free else intent
            wait = desk.waiting(actor, 1, by)[0].model_copy(update={"intent": intent})
            found.append(Order(move=translated, by="umpire", intent=intent) if translated else wait)
            continue
        order = Order(move=line.move, by=by, intent=intent)
        if why := desk.why_not(actor, line.move):
            left_out.append(LeftOut(actor=actor, order=order, why=why))
            order = desk.waiting(actor, 1, by)[0].model_copy(update={"intent": intent})
        found.append(order)
    return (*found, *desk.waiting(actor, desk.most - len(found), by)), left_out


def _rulings(state: State, most: int) -> dict[str, tuple[Ruling, ...]]:
    actors = {actor for actor, _ in state.umpired}
    found = {}
    for actor in sorted(actors):
        places = [_ruling(state.umpired.get((actor, place))) for place in range(most)]
        if any(ruling != ACCEPT for ruling in places):
            found[actor] = tuple(places)
    return found


def _ruling(said: Umpired | None) -> Ruling:
    if said is None or said.verdict == "translate":
        return ACCEPT
    reason = Text(en=said.reason) if said.reason else None
    return Ruling.model_validate({"verdict": said.verdict, "reason": reason, "move": said.move})


def lines_of(desk: Desk, actor: str, lines: Sequence[Line]) -> tuple[Line, ...]:
    """The lines that say something and may be ordered now; raises OrderError for the first
    that may not."""
    kept = tuple(line for line in lines if line.move or line.free)
    desk.verify(actor, [line.move or HOLD for line in kept])
    return kept


def fault_in_japanese(desk: Desk, actor: str, moves: Sequence[str]) -> str:
    """Why `Desk.verify` refuses these orders, as a Japanese reader is told."""
    scenario = desk.scenario
    if len(moves) > desk.most:
        return f"命令は1ターンに{desk.most}件までです"
    for place, move in enumerate(moves):
        spec = scenario.spec.moves.get(move)
        if spec is None:
            return f"「{move}」という行動はありません"
        title = read(spec.title, "ja", move)
        if move not in scenario.header.moves[actor]:
            return f"「{title}」はこの席の行動ではありません"
        if desk.why_not(actor, move):
            why = actor_view.why_not(scenario, desk.places[actor][0], move)
            return {
                "policy": f"「{title}」は、試している政策により認められません",
                "cooldown": f"「{title}」は第{why.get('again', 0)}ターンまで命令できません",
                "conditions": f"「{title}」の条件が今は満たされていません",
            }[why["because"]]
        if move != HOLD and move in moves[:place]:
            return f"「{title}」は1ターンに二度は命令できません"
    return "この命令は受け付けられません"


def late_sheets(state: State, desk: Desk, drafts: Mapping[str, Sequence[Line]]) -> dict[str, Sheet]:
    """What becomes of the seats that handed nothing in when orders are locked.

    drafts: what seats have typed.
    """
    found = {}
    for actor, seat in state.seats.items():
        if seat.holder == "rules" or actor in state.sheets:
            continue
        if seat.holder == AGENT:
            found[actor] = Sheet(actor, state.turn, (), "rules", SILENT)
        elif not seat.joined and not drafts.get(actor):
            found[actor] = Sheet(actor, state.turn, (), "rules", EMPTY)
        elif state.late == "rules":
            found[actor] = Sheet(actor, state.turn, (), "rules", LATE)
        else:
            found[actor] = _late(state, desk, actor, drafts.get(actor, ()))
    return found


def _late(state: State, desk: Desk, actor: str, draft: Sequence[Line]) -> Sheet:
    if state.late == "draft" and draft:
        kept = tuple(line for line in draft if line.move or line.free)[: desk.most]
        if kept and desk.can(actor, [line.move or HOLD for line in kept]):
            return Sheet(actor, state.turn, kept, "draft", LATE)
    return Sheet(actor, state.turn, (), "hold", LATE)
