"""Play many runs of a scenario and count how they end, for the baseline and for each policy.

All variants are played under the same luck, so that they can be compared run by run.
"""

from __future__ import annotations

import argparse
import json
import os
import sys

from wargame.commands.terminal import Meter, table

EXAMPLES = """examples:
  wargame batch kherson-2022
  wargame batch kherson-2022 --runs 20000 --policy no-private-warnings --policy off-ramp+aid-freeze
  wargame batch kherson-2022 --out runs/mine --resume
  wargame batch scenarios/my-crisis.yaml --json"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``wargame batch``."""
    parser.add_argument("scenario", help="a scenario's name or path")
    parser.add_argument("--runs", type=int, default=1000, metavar="N", help="runs of each variant")
    parser.add_argument(
        "--seed", type=int, metavar="S", help="names the luck (default: the scenario's)"
    )
    parser.add_argument(
        "--policy",
        action="append",
        default=[],
        metavar="P",
        help="a policy; a+b composes two; repeat",
    )
    parser.add_argument(
        "--worldview", default="", metavar="W", help="what to believe about the world"
    )
    parser.add_argument(
        "--jobs", type=int, metavar="J", help="processes (default: one for each core)"
    )
    parser.add_argument(
        "--out", metavar="DIR", help="folder of results (default: a new one in runs/)"
    )
    parser.add_argument(
        "--resume", action="store_true", help="go on with an interrupted --out folder"
    )
    parser.add_argument(
        "--json", action="store_true", help="print one JSON object and nothing else"
    )


def run(args: argparse.Namespace) -> int:
    """Play the batch and print its table."""
    from wargame.experiment.batch import run_batch

    meter = Meter("playing")
    batch = run_batch(
        args.scenario,
        policies=args.policy,
        worldview=args.worldview,
        runs=args.runs,
        seed=args.seed,
        jobs=args.jobs if args.jobs is not None else os.cpu_count() or 1,
        out=args.out,
        resume=args.resume,
        on_progress=lambda p: meter.show(p.played + p.failed, p.total, p.rate, p.remaining),
    )
    meter.clear()
    if args.json:
        json.dump(batch.to_json(), sys.stdout, ensure_ascii=False)
        print()
    else:
        print(told(batch.to_json(), args.resume))
    failed = sum(tally.failed for tally in batch.tallies())
    return 1 if failed else 0


def told(data: dict[str, object], resumed: bool = False) -> str:
    """The results as a table that a person reads."""
    lines = [f"{data['scenario']}, seed {data['seed']}"]
    results = data["results"]
    assert isinstance(results, list)
    for result in results:
        lines += ["", f"{result['policy']}: {result['runs']:,} runs"]
        rows = [("", "count", "share of model runs", "95 % interval", "")]
        for kind in ("endings", "milestones"):
            if kind == "milestones" and result[kind]:
                rows.append(("on the way", "", "", "", ""))
            for name, row in result[kind].items():
                bar = "█" * round(30 * row["share"])
                between = f"{100 * row['low']:.2f} to {100 * row['high']:.2f} %"
                rows.append(
                    (f"  {name}", f"{row['count']:,}", f"{100 * row['share']:.2f} %", between, bar)
                )
        lines += table(rows, right=(1, 2, 3))
        if result["failed"]:
            lines.append(
                f"  {result['failed']:,} runs failed: they count as runs, but not as any ending"
            )
        lines.append(f"  digest {result['digest'][:16]}")
    lines += [
        "",
        "Intervals hold together for all endings (Goodman). Shares of model runs are not",
        "probabilities of war: they say what this model does, and why can be replayed.",
        f"Results: {data['out']}",
    ]
    return "\n".join(lines)
