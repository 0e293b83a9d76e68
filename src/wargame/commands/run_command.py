"""Play one run and tell it turn by turn: who did what and why, the ladders, the ending.

The same scenario, seed and run number always tell the same story.
"""

from __future__ import annotations

import argparse
import json
import sys
import textwrap
from typing import TYPE_CHECKING, Any

from wargame.errors import WargameError

if TYPE_CHECKING:
    from wargame.show.narrate import Narrator, Week

EXAMPLES = """examples:
  wargame run kherson-2022
  wargame run kherson-2022 --run 7 --lang ja
  wargame run kherson-2022 --overlay no-private-warnings --json"""

WIDTH = 96
BOLD, DIM, RED, GREEN, PLAIN = "\x1b[1m", "\x1b[2m", "\x1b[31m", "\x1b[32m", "\x1b[0m"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``wargame run``."""
    parser.add_argument("scenario", help="a scenario's name or path")
    parser.add_argument(
        "--seed", type=int, metavar="S", help="names the luck (default: the scenario's)"
    )
    parser.add_argument(
        "--run", type=int, default=0, metavar="K", help="number of the run (default: 0)"
    )
    parser.add_argument(
        "--overlay", action="append", default=[], metavar="O", help="a policy or worldview; repeat"
    )
    parser.add_argument(
        "--lang", choices=("en", "ja"), default="en", help="language of the telling"
    )
    parser.add_argument(
        "--json", action="store_true", help="print one JSON object and nothing else"
    )


def run(args: argparse.Namespace) -> int:
    """Play and tell."""
    from wargame.compiler import compile_scenario
    from wargame.draws import MAX_RUN
    from wargame.load import load
    from wargame.playthrough import play_through
    from wargame.show.narrate import Narrator

    if not 0 <= args.run < MAX_RUN:
        raise WargameError(f"--run must be a number from 0 to {MAX_RUN - 1}, not {args.run}")
    if args.seed is not None and not 0 <= args.seed < 2**63:
        raise WargameError(f"--seed must be a number from 0 to 2**63 - 1, not {args.seed}")
    scenario = compile_scenario(load(args.scenario, args.overlay))
    playthrough = play_through(scenario, args.seed, args.run)
    narrator = Narrator(playthrough, args.lang)
    weeks = [narrator.week(turn) for turn in range(1, playthrough.turns + 1)]
    if args.json:
        json.dump(as_json(narrator, weeks), sys.stdout, ensure_ascii=False)
        print()
    else:
        print(told(narrator, weeks, colour=sys.stdout.isatty()))
    return 0


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
        "turns": [
            {
                "turn": week.turn,
                "title": week.title,
                "news": list(week.news),
                "orders": [vars(act) for act in week.acts],
                "stages": {rung.dyad: rung.stage for rung in week.rungs},
                "heat": {rung.dyad: rung.heat for rung in week.rungs},
                "gauges": {
                    name: int(playthrough.worlds[week.turn][name][0])
                    for name in narrator.scenario.gauge_names()
                },
                "milestones": list(week.milestones),
                "ending": week.ending or None,
                "digest": playthrough.worlds[week.turn].digest(),
            }
            for week in weeks
        ],
    }


def told(narrator: Narrator, weeks: list[Week], colour: bool = False) -> str:
    """The run as text for a terminal."""
    say, scenario = narrator.say, narrator.scenario
    paint = _painter(colour)
    head = narrator.title(narrator.file.title, scenario.header.scenario)
    lines = [paint(BOLD, head)]
    if narrator.file.about:
        lines += _wrapped(narrator.file.about.get(narrator.lang), "")
    lines += [
        say("seed {seed}, run {run}").format(
            seed=narrator.playthrough.seed, run=narrator.playthrough.run
        )
    ]
    for week in weeks:
        lines += ["", paint(BOLD, week.title), *_week(narrator, week, paint)]
    ending = narrator.playthrough.ending or ""
    lines += ["", paint(BOLD, say("How it ended: {ending}").format(ending=narrator.ending(ending)))]
    lines += _wrapped(narrator.meaning(ending), "  ")
    lines += ["", say("This is one run of a model, made for learning. It is not a forecast.")]
    return "\n".join(lines)


def _week(narrator: Narrator, week: Week, paint: Any) -> list[str]:
    say = narrator.say
    lines = []
    for news in week.news:
        lines += _wrapped(news, "  * ")
    for act in week.acts:
        mark = {"private": say(" (in private)"), "covert": say(" (covert)")}.get(act.visible, "")
        lines += _wrapped(act.text + mark, "  - ")
        if act.why:
            lines += [paint(DIM, line) for line in _wrapped(act.why, "      ")]
    if not week.news and not week.acts:
        lines.append("  " + say("Nothing of note."))
    for name in week.milestones:
        spec = narrator.file.milestones[name]
        lines.append(paint(RED, "  !! " + narrator.title(spec.title, name)))
    if week.rungs:
        rungs = []
        for rung in week.rungs:
            arrow = "↑" if rung.change > 0 else "↓" if rung.change < 0 else ""
            text = f"{rung.title} {rung.stage}{arrow}"
            rungs.append(paint(RED if rung.change > 0 else GREEN, text) if rung.change else text)
        lines.append("  " + say("Ladder: ") + "; ".join(rungs))
    if week.motions:
        moved = "; ".join(f"{m.title} {m.before}→{m.after}" for m in week.motions)
        lines += _wrapped(say("Moved: ") + moved, "  ")
    return lines


def _painter(colour: bool) -> Any:
    return lambda code, text: f"{code}{text}{PLAIN}" if colour else text


def _wrapped(text: str, lead: str) -> list[str]:
    """Lines of a paragraph, broken for a terminal; Japanese breaks between any two letters."""
    text = " ".join(text.split())
    if any(ord(letter) > 0x2E80 for letter in text):
        size = (WIDTH - len(lead)) // 2
        parts = [text[i : i + size] for i in range(0, len(text), size)]
    else:
        parts = textwrap.wrap(text, WIDTH - len(lead))
    return [(lead if i == 0 else " " * len(lead)) + part for i, part in enumerate(parts)]
