"""Step through a run: a turn log, one run of a batch, or the real course of events.

In a terminal it opens with the keys left and right, Home and End, and q. Piped, or with --plain,
it tells every turn as lines of text. --web serves the page that a class looks at.
"""

from __future__ import annotations

import argparse
import socket
import sys
from typing import TYPE_CHECKING, Any

from wargame.cli.shared.console import coloured
from wargame.cli.shared.options import add_jobs, add_json, add_lang, jobs_of
from wargame.cli.shared.terminal import Meter, caution, print_json
from wargame.errors import WargameError

if TYPE_CHECKING:
    from wargame.replay.replay import Replay
    from wargame.show.text.narrate import Narrator
    from wargame.show.text.odds_view import Outlook

EXAMPLES = """examples:
  wargame replay seven.jsonl
  wargame replay runs/kherson-2022#4711 --turn 12 --why russia
  wargame replay autumn-2022 --lens ukraine --plain
  wargame replay seven.jsonl --turn 12 --json
  wargame replay seven.jsonl --web --odds 200"""

PORT = 8022
HISTORY = 200
"""So many futures of each turn say how the model sees a history, unless another number is asked."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``wargame replay``."""
    add_run(parser)
    parser.add_argument("--turn", type=int, metavar="T", help="only this turn; 0 is the beginning")
    parser.add_argument("--why", metavar="ACTOR", help="how this actor decided")
    parser.add_argument(
        "--lens", metavar="WHO", default="all", help="all, public, or an actor (default: all)"
    )
    parser.add_argument("--plain", action="store_true", help="lines of text, for screen readers")
    add_json(parser)
    parser.add_argument("--web", action="store_true", help="serve the page, where turns can fork")
    parser.add_argument("--host", default="127.0.0.1", help="with --web (default: this machine)")
    parser.add_argument("--port", type=int, default=PORT, help=f"with --web (default: {PORT})")


def add_run(parser: argparse.ArgumentParser) -> None:
    """Which run, in which language, and what is computed about it."""
    parser.add_argument("run", help="a log, a run of a batch as runs/DIR#4711, or a history")
    add_lang(parser, "language of the telling")
    parser.add_argument(
        "--odds",
        type=int,
        metavar="N",
        help="the odds by turn, from N futures of each; 0: none "
        f"(default: {HISTORY} for a history, else none)",
    )
    add_jobs(parser, "processes for --odds")
    parser.add_argument(
        "--predict", action="store_true", help="a page on which a class votes before it sees"
    )


def run(args: argparse.Namespace) -> int:
    """Replay what was asked for, in the way that was asked for."""
    from wargame.batches.open_run import read_playthrough
    from wargame.replay.orders import check_actor
    from wargame.show.text.narrate import Narrator
    from wargame.show.text.perspective import ALL, PUBLIC, Lens

    replay = read_playthrough(args.run)
    for actor in filter(None, (args.why, args.lens if args.lens not in (ALL, PUBLIC) else None)):
        check_actor(replay.scenario, actor)
    if args.turn is not None:
        replay.world(args.turn)
    caution(replay, args.lang)
    if args.web:
        return _serve(args, replay)
    narrator = Narrator.of(replay, args.lang, Lens(args.lens))
    if args.json:
        print_json(as_json(narrator, args.turn))
        return 0
    wanted = args.lens == ALL and not args.why
    found = outlook(args, replay, judged=False) if wanted else None
    if args.plain or args.why or args.turn is not None or not _interactive():
        colour = coloured(sys.stdout)
        print("\n".join(plainly(narrator, args.turn, args.why, colour, found)))
    else:
        from wargame.show.terminal import ReplayApp

        ReplayApp(replay, args.lang, Lens(args.lens), found).run()
    return 0


def as_json(narrator: Narrator, turn: int | None) -> dict[str, Any]:
    """The whole run, or one turn of it with the state after it."""
    from wargame.cli.runs import run

    turns = range(1, narrator.playthrough.turns + 1)
    if turn is None:
        return run.as_json(narrator, [narrator.week(each) for each in turns])
    if turn:
        return {"schema": 1} | run.turn_json(narrator, narrator.week(turn))
    world = narrator.playthrough.worlds[0]
    return {"schema": 1, "turn": 0} | run.state_json(narrator, world)


def plainly(
    narrator: Narrator,
    turn: int | None,
    actor: str | None,
    colour: bool = False,
    outlook: Outlook | None = None,
) -> list[str]:
    """The run, one turn, or one actor's reasons, as lines of text; with the odds, if any."""
    from wargame.show.text.plain_text import (
        painter,
        told_odds,
        told_run,
        told_start,
        told_week,
        told_why,
    )

    turns = range(1, narrator.playthrough.turns + 1) if turn is None else [turn]
    if actor:
        return [line for each in turns if each for line in (*told_why(narrator, each, actor), "")]
    if turn is None:
        return [told_run(narrator, [narrator.week(each) for each in turns], colour, outlook)]
    odds = told_odds(narrator, outlook, turn) if outlook else []
    if turn == 0:
        return told_start(narrator) + odds
    return told_week(narrator, narrator.week(turn), painter(colour)) + odds


def outlook(args: argparse.Namespace, replay: Replay, judged: bool = True) -> Outlook | None:
    """The odds by turn and, with `judged`, the turning points, if they were asked for."""
    unless = HISTORY if replay.header.history else 0
    futures = unless if args.odds is None else args.odds
    if not 0 <= futures <= 1_000_000:
        raise WargameError(f"--odds must be between 0 and 1,000,000, not {futures:,}")
    jobs = jobs_of(args)
    if not futures or not replay.verdict.identical:
        return None
    from wargame.analysis.odds import odds_of
    from wargame.analysis.turning_points import turning_points
    from wargame.show.text.odds_view import outlook_of

    meter = Meter("futures")
    try:
        odds = odds_of(replay, futures, jobs, meter.show)
        points = (
            turning_points(replay, odds, futures=futures, jobs=jobs, on_progress=meter.show)
            if judged
            else ()
        )
    finally:
        meter.clear()
    return outlook_of(odds, points)


def _interactive() -> bool:
    """Whether there is somebody at a terminal, and a terminal program to show it with."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return False
    from importlib.util import find_spec

    if find_spec("textual") is None:
        print('wargame: for the keys, pip install "wargame[terminal]"', file=sys.stderr)
        return False
    return True


def _serve(args: argparse.Namespace, replay: Replay) -> int:
    try:
        import uvicorn

        from wargame.show.replay_page.server import replay_app
    except ImportError:
        raise WargameError('--web needs more packages: pip install "wargame[seminar]"') from None
    try:
        listening = socket.create_server((args.host, args.port))
    except (OSError, OverflowError) as error:
        why = getattr(error, "strerror", None) or error
        raise WargameError(
            f"cannot listen on {args.host}, port {args.port}: {why}; choose another with --port"
        ) from None
    with listening:
        app = replay_app(replay, outlook(args, replay), args.lang, args.predict, args.host)
        print(f"http://{args.host}:{listening.getsockname()[1]}/  (Ctrl-C ends it)", flush=True)
        uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[listening])
    return 0
