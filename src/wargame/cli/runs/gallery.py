"""Pick the telling runs of a batch: those to open first.

The most typical run of each ending, a narrow escape, a sharp turning point and the
longest spiral. Each can be opened, forked and judged under the name that is printed; with --out
they are written as pages, with one page that links to them.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from wargame.cli.shared.options import add_jobs, add_json, add_lang, jobs_of
from wargame.cli.shared.outputs import add_out, fills
from wargame.cli.shared.terminal import Meter, print_json, table

EXAMPLES = """examples:
  wargame gallery runs/kherson-2022-0001
  wargame gallery runs/kherson-2022-0001 --out gallery --lang ja
  wargame gallery runs/kherson-2022-0001 --policy off-ramp --json"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``wargame gallery``."""
    parser.add_argument("folder", metavar="DIR", help="the folder of a batch")
    parser.add_argument("--policy", default="baseline", metavar="P", help="which of its variants")
    parser.add_argument(
        "--runs", type=int, default=100, metavar="N", help="futures of each turn (default: 100)"
    )
    add_jobs(parser)
    add_lang(parser, "language of the reasons")
    add_out(parser, "DIR", "write the runs as pages, and an index", writes=fills("index.html"))
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Choose and print."""
    from wargame.analysis.notable_runs import pick_runs
    from wargame.batches.batch import Batch
    from wargame.errors import WargameError
    from wargame.show.text.titles import Titles
    from wargame.statistics.result import say

    if not 1 <= args.runs <= 100_000:
        raise WargameError(f"--runs must be between 1 and 100,000, not {args.runs:,}")
    jobs = jobs_of(args)
    meter = Meter("futures")
    batch = Batch.open(args.folder)
    picks = pick_runs(batch, args.policy, futures=args.runs, jobs=jobs, on_progress=meter.show)
    meter.clear()
    written: list[Path] = []
    if args.out:
        from wargame.batches.open_run import read_playthrough
        from wargame.show.documents.gallery_page import write_gallery

        written = write_gallery(args.out, picks, read_playthrough, args.lang)
    if args.json:
        data = {"picks": [pick.to_json() for pick in picks], "out": [str(p) for p in written]}
        print_json(data)
    else:
        titles = Titles.of_batch(batch, args.lang)
        rows = [(pick.where, pick.words(args.lang, titles.head)) for pick in picks]
        print("\n".join(table(rows)))
        if written:
            print("\n" + say(args.lang, en="Written to ", ja="書き出し先：") + str(written[0]))
    return 0
