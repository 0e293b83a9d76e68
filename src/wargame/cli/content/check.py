"""Look for mistakes in YAML files: every fault of every file, with file, line and column.

Of a folder every YAML file in it and below is checked. Without files, everything that can be found
by name is. Exits with 2 if anything is wrong. Beside faults it names oddities: what can never
happen or always does, shares beyond 0 to 1000, dates after the last turn, gauges that nobody
reads, heat on no dyad, another side's unknown read exactly, a move that can fail without words for
that. With --told it also tells runs of each scenario in every language and reads them for
contradictions: a failed move told as done, a cause that the run does not show, a season in the
wrong month.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

from wargame.cli.shared.options import add_telling
from wargame.cli.shared.terminal import print_json
from wargame.errors import counted

EXAMPLES = """examples:
  wargame check
  wargame check actors/russia.yaml scenarios/my-crisis.yaml
  wargame check my-crisis/
  wargame check my-crisis/ --told 50
  wargame check --lang ja
  wargame check --json"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``wargame check``."""
    parser.add_argument(
        "files",
        nargs="*",
        metavar="FILE",
        help="YAML files, or folders: every YAML file in them (default: all that ship or stand "
        "here)",
    )
    parser.add_argument(
        "--told",
        type=int,
        default=0,
        metavar="N",
        help="runs of each scenario to tell and to proofread (default: 0)",
    )
    add_telling(parser, "language of the summary; what is wrong is said in English")


def run(args: argparse.Namespace) -> int:
    """Check, and say what was found; 2 if there are faults."""
    from wargame import api
    from wargame.statistics.result import say

    findings = api.check(*args.files)
    faults, warnings = findings.faults, findings.warnings
    slips = [slip for name in findings.sound for slip in _read(name, args.told)]
    if args.json:

        def rows(items: tuple[Any, ...]) -> list[dict[str, Any]]:
            return [
                {
                    "message": item.message,
                    "hint": item.hint,
                    "file": item.at.file if item.at else None,
                    "line": item.at.line if item.at else None,
                    "column": item.at.column if item.at else None,
                }
                for item in items
            ]

        data = {"checked": findings.checked(), "faults": rows(faults), "warnings": rows(warnings)}
        if args.told:
            data["told"] = slips
        print_json(data)
    else:
        for fault in faults:
            print(fault)
        for warning in warnings:
            allowed = say(args.lang, en=" [odd, but allowed]", ja="［不自然だが許される］")
            print(f"{warning}{allowed}")
        for slip in slips:
            print("{scenario}, run {run}, turn {turn} ({lang}): {rule}: {text}".format(**slip))
        print(
            say(
                args.lang,
                en=f"checked {findings.checked()}: {counted(len(faults), 'fault')}, "
                f"{counted(len(warnings), 'oddity', 'oddities')}",
                ja=f"{findings.checked('ja')}を検査：誤り{len(faults)}件、不自然な点{len(warnings)}件",
            )
        )
    return 2 if faults or slips else 0


def _read(name: str, runs: int) -> Iterator[dict[str, Any]]:
    """What is wrong in the first so many runs of a scenario, told in every language."""
    from wargame.compiler import compile_scenario
    from wargame.content.load import load
    from wargame.replay.playthrough import play_through
    from wargame.show.text.language import LANGUAGES
    from wargame.show.text.narrate import Narrator
    from wargame.show.text.proofread import proofread

    scenario = compile_scenario(load(name))
    for run in range(runs):
        played = play_through(scenario, run=run)
        for lang in LANGUAGES:
            for slip in proofread(Narrator(played, lang)):
                yield {"scenario": name, "run": run, "lang": lang, **vars(slip)}
