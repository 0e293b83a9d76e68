"""Is it believable? Writes one HTML page with all that speaks for and against the model.

Assumption ledger, expectations of policies, patterns, backtest, base rates, calibration, and what
the model cannot say; in English and Japanese, without scripts. Failures are shown as plainly as
successes.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from wargame.boundary.files import check_output
from wargame.cli.shared.options import add_jobs, add_json, add_lang, add_seed, seed_of
from wargame.cli.shared.outputs import add_out, replaces
from wargame.cli.shared.studies import add_resume, study_of
from wargame.cli.shared.terminal import Meter, print_json

EXAMPLES = """examples:
  wargame believable kherson-2022
  wargame believable kherson-2022 -o page.html --runs 20000 --closely 5000
  wargame believable bridge-2022 --worldview tegmark --closely 0
  wargame believable kherson-2022 --only patterns --json"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``wargame believable``."""
    parser.add_argument("scenario", help="a scenario's name or path")
    add_out(
        parser, "FILE", "the file (default: believable-SCENARIO.html)", writes=replaces(".html")
    )
    parser.add_argument(
        "--worldview",
        metavar="W",
        help="laid over it (default: forecasters, where it fits; none: as written)",
    )
    parser.add_argument(
        "--runs",
        type=int,
        default=2000,
        metavar="N",
        help="runs of each question, at least 100 (default: 2000)",
    )
    parser.add_argument(
        "--closely",
        type=int,
        default=1000,
        metavar="N",
        help="runs behind each row of the ledger, at least 100 (default: 1000; 0 measures none)",
    )
    parser.add_argument(
        "--only",
        default="",
        metavar="PART,...",
        help="of: ledger, expectations, patterns, backtest, base-rates",
    )
    add_seed(parser)
    add_jobs(parser)
    add_resume(parser)
    add_lang(parser, "language that the page opens in")
    add_json(parser, "print one JSON object, and write no page")


def run(args: argparse.Namespace) -> int:
    """Play, write the page, and say in a few lines what it says."""
    from wargame.analysis.validation.evidence import PARTS, gather
    from wargame.content.load import load
    from wargame.show.documents.believable import in_short, write_believable

    out = args.out or Path(f"believable-{load(args.scenario).scenario.id}.html")
    if not args.json:
        check_output(out, kinds=(".html",))
    meters: dict[str, Meter] = {}

    def show(part: str, done: int, total: int) -> None:
        meters.setdefault(part, Meter(part)).show(done, total)

    with study_of(args) as study:
        evidence = gather(
            args.scenario,
            worldview="" if args.worldview == "none" else args.worldview,
            runs=args.runs,
            seed=seed_of(args),
            closely=args.closely,
            parts=tuple(part.strip() for part in args.only.split(",")) if args.only else PARTS,
            jobs=study,
            on_progress=show,
        )
    for meter in meters.values():
        meter.clear()
    if args.json:
        print_json(evidence.to_json())
        return 0
    print("\n".join(in_short(evidence, args.lang)))
    print(write_believable(evidence, out, args.lang))
    return 0
