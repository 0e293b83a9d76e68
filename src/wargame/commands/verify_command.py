"""Re-simulate turn logs and say whether every turn comes out as they say.

Says "identical", or names the first turn, phase and gauge that differ, and whether the run has
ended. Nothing is written.
"""

from __future__ import annotations

import argparse
import sys
from typing import Any

from wargame.commands.options import add_json, add_lang
from wargame.commands.terminal import print_json

EXAMPLES = """examples:
  wargame verify game.jsonl
  wargame verify runs/kherson-2022-0001#4711
  wargame verify *.jsonl --lang ja
  wargame verify *.jsonl --json

exit codes: 0 all identical, to the end of their runs; 1 one differs, or its run has not ended;
2 one cannot be read"""

NOT_WHOLE, DAMAGED = 1, 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``wargame verify``."""
    parser.add_argument("logs", nargs="+", metavar="LOG", help="a turn log, or runs/DIR#RUN")
    add_lang(parser)
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Verify each log; the worst of the exit codes that `EXAMPLES` tells."""
    from wargame.errors import WargameError
    from wargame.experiment.archive import read_playthrough
    from wargame.statistics.result import say

    worst = 0
    rows: list[dict[str, Any]] = []
    for name in args.logs:
        try:
            verdict = read_playthrough(name).verdict
        except WargameError as error:
            rows.append({"log": name, "identical": False, "error": str(error)})
            worst = DAMAGED
            if not args.json:
                print(f"wargame: {error}", file=sys.stderr)
            continue
        rows.append(verdict.to_json())
        worst = max(worst, 0 if verdict.whole else NOT_WHOLE)
        if not args.json:
            print(name + say(args.lang, en=": ", ja="：") + verdict.words(args.lang))
    if args.json:
        print_json({"logs": rows})
    return worst
