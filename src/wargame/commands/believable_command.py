"""Is it believable? Writes one HTML page with all that speaks for and against the model.

Assumption ledger, expectations of policies, patterns, backtest, base rates, calibration, and what
the model cannot say; in English and Japanese, without scripts. Failures are shown as plainly as
successes.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from wargame.commands.terminal import Meter
from wargame.errors import WargameError

EXAMPLES = """examples:
  wargame believable kherson-2022
  wargame believable kherson-2022 -o page.html --runs 20000 --closely 5000
  wargame believable bridge-2022 --worldview tegmark --closely 0
  wargame believable kherson-2022 --only patterns --json"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``wargame believable``."""
    parser.add_argument("scenario", help="a scenario's name or path")
    parser.add_argument(
        "-o", "--out", metavar="FILE", help="the file (default: believable-SCENARIO.html)"
    )
    parser.add_argument(
        "--worldview",
        metavar="W",
        help="laid over it (default: forecasters, where it fits; none: as written)",
    )
    parser.add_argument(
        "--runs", type=int, default=2000, metavar="N", help="runs of each question (default: 2000)"
    )
    parser.add_argument(
        "--closely",
        type=int,
        default=1000,
        metavar="N",
        help="runs behind each row of the ledger (default: 1000; 0 measures none)",
    )
    parser.add_argument(
        "--only",
        default="",
        metavar="PART,...",
        help="of: ledger, expectations, patterns, backtest, base-rates",
    )
    parser.add_argument(
        "--seed", type=int, metavar="S", help="names the luck (default: the scenario's)"
    )
    parser.add_argument(
        "--jobs", type=int, metavar="J", help="processes (default: one for each core)"
    )
    parser.add_argument(
        "--lang", choices=("en", "ja"), default="en", help="language that the page opens in"
    )
    parser.add_argument(
        "--json", action="store_true", help="print one JSON object, and write no page"
    )


def run(args: argparse.Namespace) -> int:
    """Play, write the page, and say in a few lines what it says."""
    from wargame.experiment.believable import PARTS, gather
    from wargame.show.believable import in_short, write_believable

    jobs = args.jobs if args.jobs is not None else os.cpu_count() or 1
    if not 1 <= jobs <= 1024:
        raise WargameError(f"jobs must be between 1 and 1024, not {jobs}")
    meters: dict[str, Meter] = {}

    def show(part: str, done: int, total: int) -> None:
        meters.setdefault(part, Meter(part)).show(done, total)

    evidence = gather(
        args.scenario,
        worldview="" if args.worldview == "none" else args.worldview,
        runs=args.runs,
        seed=args.seed,
        closely=args.closely,
        parts=tuple(part.strip() for part in args.only.split(",")) if args.only else PARTS,
        jobs=jobs,
        on_progress=show,
    )
    for meter in meters.values():
        meter.clear()
    if args.json:
        json.dump(evidence.to_json(), sys.stdout, ensure_ascii=False)
        print()
        return 0
    out = Path(args.out) if args.out else Path(f"believable-{evidence.scenario}.html")
    print("\n".join(in_short(evidence, args.lang)))
    print(write_believable(evidence, out, args.lang))
    return 0
