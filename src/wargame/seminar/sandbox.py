"""What if? A fork of the game beside the game, which goes on undisturbed."""

from __future__ import annotations

from typing import Any

from wargame import __version__
from wargame.analysis.odds import odds_of
from wargame.errors import OrderError, ReplayError, SpecError
from wargame.replay.check import Verdict
from wargame.replay.fork import Apart, fork
from wargame.replay.log_file import Log
from wargame.replay.replay import Replay
from wargame.seats.board import Board
from wargame.seats.errors import Refused, in_english
from wargame.seats.requests import OddsFor, WhatIf
from wargame.seminar.handlers import Deed, Hand

MOST_TURNING = 3


def what_if(hand: Hand, said: WhatIf) -> list[Deed]:
    """Play a turn otherwise under the same luck, and tell what would have differed."""
    asked: dict[str, Any] = {
        "turn": said.turn,
        "orders": {actor: list(moves) for actor, moves in said.orders.items()},
        "injects": list(said.injects),
        "reason": said.reason,
    }
    if said.turn > hand.board.turns:
        raise Refused("missing", what="turn", name=said.turn)
    try:
        found = fork(replay_of(hand.board), said.turn, said.orders, said.injects)
    except (OrderError, SpecError, ReplayError) as error:
        raise Refused("malformed", detail=in_english(error)) from None
    result: dict[str, Any] = {
        "ending": found.replay.playthrough.ending,
        "turns": [_apart(apart) for apart in found.apart],
        "left_out": [{"turn": turn, "actor": left.actor} for turn, left in found.left_out],
    }
    if said.futures:
        ours, theirs = found.worlds()
        result["futures"] = said.futures
        result["as_played"] = hand.board.tally(ours, said.futures)
        result["instead"] = hand.board.tally(theirs, said.futures)
    data = {**asked, "result": result}
    return [Deed("whatif", data, data)]


def turning_points(hand: Hand, said: OddsFor) -> list[Deed]:
    """The turns that moved the odds: futures after every turn, under the same luck, in pairs.

    Of each turn the endings are kept whose share it certainly moved: their futures before and
    after it. All intervals of all turns and endings hold together (Tango, 95 %).
    """
    board = hand.board
    odds = odds_of(replay_of(board), said.futures)
    turns = []
    for turn in sorted(range(1, odds.turns + 1), key=lambda turn: (-odds.stir(turn), turn)):
        moved = {
            name: [int(odds.counts[turn - 1, e]), int(odds.counts[turn, e])]
            for e, name in enumerate(odds.header.endings)
            if odds.change(name, turn - 1, turn, odds.turns * len(odds.header.endings)).resolved
        }
        if moved:
            turns.append({"turn": turn, "endings": moved})
    data = {"turn": board.turns, "futures": said.futures, "turns": turns[:MOST_TURNING]}
    return [Deed("turning", data, data)]


def replay_of(board: Board) -> Replay:
    """The game so far, as a replay that can be forked."""
    return Replay(
        name="the game",
        log=Log(board.header.to_data()),
        header=board.header,
        turns=board.position.events,
        rest=(),
        playthrough=board.playthrough(),
        verdict=Verdict("the game", board.turns, None, __version__, __version__, None),
    )


def _apart(apart: Apart) -> dict[str, Any]:
    return {
        "turn": apart.turn,
        "orders": {actor: [list(moves) for moves in pair] for actor, pair in apart.orders.items()},
        "stages": {dyad: list(pair) for dyad, pair in apart.stages.items()},
        "gauges": {name: list(pair) for name, pair in apart.gauges.items()},
        "news": [list(side) for side in apart.news],
        "ending": list(apart.ending),
    }
