"""Play one run and tell it turn by turn: who did what and why, the ladders, the ending.

The same scenario, seed and run number always tell the same story.
"""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from wargame.cli.shared.console import coloured
from wargame.cli.shared.options import (
    STOOD_IN,
    add_overlay,
    add_seat,
    add_seed,
    add_telling,
    seed_of,
)
from wargame.cli.shared.outputs import add_out, new_file
from wargame.cli.shared.terminal import print_json
from wargame.errors import WargameError, counted

if TYPE_CHECKING:
    from wargame.batches.stood_in import StoodIn
    from wargame.engine.scenario import Scenario
    from wargame.engine.world import World
    from wargame.replay.replay import Replay
    from wargame.show.text.narrate import Narrator, Week

EXAMPLES = """examples:
  wargame run kherson-2022
  wargame run kherson-2022 --run 7 --lang ja
  wargame run kherson-2022 --run 7 --log seven.jsonl
  wargame run kherson-2022 --overlay no-private-warnings --json
  wargame run kherson-2022 --seat "china=python3 agent.py" --log china.jsonl

exit codes: 0 played; 2 a mistake; 3 rules stood in for a program that holds a seat"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``wargame run``."""
    parser.add_argument("scenario", help="a scenario's name or path")
    add_seed(parser)
    parser.add_argument(
        "--run", type=int, default=0, metavar="K", help="number of the run (default: 0)"
    )
    add_overlay(parser)
    add_seat(parser)
    add_out(parser, "FILE", "write the run as a turn log, a new file", "--log", writes=new_file)
    add_telling(parser, "language of the telling")


def run(args: argparse.Namespace) -> int:
    """Play and tell."""
    from wargame.compiler.cached import opened
    from wargame.engine.randomness import MAX_RUN
    from wargame.show.text.narrate import Narrator
    from wargame.show.text.plain_text import told_run

    if not 0 <= args.run < MAX_RUN:
        raise WargameError(f"--run must be a number from 0 to {MAX_RUN - 1}, not {args.run}")
    seed = seed_of(args)
    scenario = opened(args.scenario, args.overlay)
    replay, programs = recorded(scenario, seed, args)
    narrator = Narrator(replay.playthrough, args.lang, events=replay.turns)
    weeks = [narrator.week(turn) for turn in range(1, narrator.playthrough.turns + 1)]
    if args.json:
        counts = [
            {"actor": seat.actor, "turns": seat.turns, "by_rules": seat.by_rules}
            for seat in programs
        ]
        print_json(as_json(narrator, weeks) | ({"programs": counts} if programs else {}))
    else:
        print(told_run(narrator, weeks, colour=coloured(sys.stdout)))
    return STOOD_IN if any(seat.by_rules for seat in programs) else 0


def recorded(
    scenario: Scenario, seed: int | None, args: argparse.Namespace
) -> tuple[Replay, tuple[StoodIn, ...]]:
    """The run, played by rules and by the programs that hold seats; how often rules stood in."""
    if not args.seat:
        from wargame.replay.replay import header_for, record

        return record(scenario, header_for(scenario, seed, args.run), path=args.out), ()
    from wargame.seats.play import Programs, Seated, first_reason
    from wargame.seats.programs import parse_seats

    named = parse_seats(args.seat)
    Programs(named).rehearse(scenario)
    with Seated(scenario, named, lang=args.lang) as seated:
        replay = seated.record(args.out, seed, args.run)
        programs = seated.stood_in(replay)
    for seat in programs:
        if seat.by_rules:
            print(
                f"wargame: rules stood in for the program of {seat.actor} in {seat.by_rules} of "
                f"{counted(seat.turns, 'turn')}, first in {first_reason(replay.log, seat.actor)}",
                file=sys.stderr,
            )
    return replay, programs


def as_json(narrator: Narrator, weeks: list[Week]) -> dict[str, Any]:
    """The run as one object: every turn with its orders, ladders and gauges."""
    playthrough, header = narrator.playthrough, narrator.scenario.header
    return {
        "schema": 1,
        "scenario": header.scenario,
        "digest": header.digest,
        "overlays": list(header.overlays),
        "seed": playthrough.seed,
        "run": playthrough.run,
        "ending": playthrough.ending,
        "turns": [turn_json(narrator, week) for week in weeks],
    }


def turn_json(narrator: Narrator, week: Week) -> dict[str, Any]:
    """One turn as an object: what happened in it, and the state after it."""
    return {
        "turn": week.turn,
        "title": week.title,
        "news": [vars(news) for news in week.news],
        "orders": [vars(act) for act in week.acts],
        "milestones": list(week.milestones),
        "ending": week.ending or None,
    } | state_json(narrator, narrator.playthrough.worlds[week.turn])


def state_json(narrator: Narrator, world: World) -> dict[str, Any]:
    """The state of a world, as far as the narrator's lens sees it."""
    lens, header = narrator.lens, narrator.scenario.header
    known = narrator.scenario.gauge_names() if lens.sees_all else lens.gauges(narrator.scenario)
    state: dict[str, Any] = {
        "stages": {dyad: int(world[f"stage({dyad})"][0]) for dyad in header.dyads},
        "gauges": {name: int(world[name][0]) for name in known},
    }
    if lens.sees_all:
        state["heat"] = {dyad: int(world[f"heat({dyad})"][0]) for dyad in header.dyads}
        state["digest"] = world.digest()
    return state
