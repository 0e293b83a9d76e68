"""Re-simulate turn logs, and say whether every turn comes out as they say; check folders.

Of a log it says "identical", or names the first turn, phase and gauge that differ, and whether the
run has ended. Of a folder of results every chunk is read. Nothing is written.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from wargame.cli.shared.options import add_telling
from wargame.cli.shared.terminal import print_json

EXAMPLES = """examples:
  wargame verify game.jsonl
  wargame verify runs/kherson-2022-0001
  wargame verify runs/kherson-2022-0001#4711
  wargame verify *.jsonl --lang ja
  wargame verify *.jsonl --json

exit codes: 0 all identical, to the end of their runs; 1 one differs, or has not ended;
2 one cannot be read"""

NOT_WHOLE, DAMAGED = 1, 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``wargame verify``."""
    parser.add_argument(
        "logs", nargs="+", metavar="LOG", help="a turn log, a folder of results, or runs/DIR#RUN"
    )
    add_telling(parser)


def run(args: argparse.Namespace) -> int:
    """Verify each; the worst of the exit codes that `EXAMPLES` tells."""
    from wargame.errors import WargameError
    from wargame.statistics.result import say

    worst = 0
    rows: list[dict[str, Any]] = []
    for name in args.logs:
        try:
            whole, words, row = (_folder if Path(name).is_dir() else _log)(name, args.lang)
        except WargameError as error:
            rows.append({"log": name, "identical": False, "error": str(error)})
            worst = DAMAGED
            if not args.json:
                print(f"wargame: {error}", file=sys.stderr)
            continue
        rows.append(row)
        worst = max(worst, 0 if whole else NOT_WHOLE)
        if not args.json:
            print(name + say(args.lang, en=": ", ja="：") + words)
    if args.json:
        print_json({"logs": rows})
    return worst


def _log(name: str, lang: str) -> tuple[bool, str, dict[str, Any]]:
    from wargame.batches.open_run import read_playthrough

    verdict = read_playthrough(name).verdict
    return verdict.whole, verdict.words(lang), verdict.to_json()


def _folder(name: str, lang: str) -> tuple[bool, str, dict[str, Any]]:
    from wargame.batches.batch import Batch
    from wargame.errors import counted
    from wargame.statistics.result import say

    batch = Batch.open(name)
    digest, (done, total) = batch.digest(), batch.counts()
    words = say(
        lang,
        en=f"{done:,} of {counted(total, 'run')} as they were stored, digest {digest}",
        ja=f"{total:,}回中{done:,}回の実行が保存時のまま。ダイジェスト{digest}",
    )
    if unchecked := batch.unchecked(lang):
        words += say(lang, en="; ", ja="。") + unchecked
    row = {
        "log": name,
        "identical": True,
        "ended": batch.complete,
        "sealed": batch.sealed,
        "digest": digest,
    }
    return batch.complete, words, row
