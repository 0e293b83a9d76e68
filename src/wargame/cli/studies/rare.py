"""Estimate the share of an ending too rare to be counted, down to one run in millions.

Runs climb towards it level by level; those that come near are cloned. The interval comes from
independent replicates, and plain runs check it where they can.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from wargame.cli.shared.options import (
    add_players,
    add_policies,
    add_telling,
    add_worldview,
    jobs_of,
    seed_of,
)
from wargame.cli.shared.outputs import add_out, fills
from wargame.cli.shared.studies import add_resume, study_of
from wargame.cli.shared.terminal import Meter, print_json
from wargame.errors import WargameError

if TYPE_CHECKING:
    from wargame.batches.study import Study

EXAMPLES = """examples:
  wargame rare kherson-2022 --state KABOOM --policy nato-stays-out
  wargame rare kherson-2022 --state KABOOM --levels "stage(russia, usa) + 9 * nato.strike_done"
  wargame rare kherson-2022 --state KABOOM --replicates 400 --out runs/rare --jobs 8
  wargame batch kherson-2022 --rare KABOOM"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``wargame rare``."""
    parser.add_argument("scenario", help="a scenario's name or path")
    parser.add_argument("--state", required=True, metavar="E", help="an ending or a milestone")
    add_policies(parser, "estimate it under this, too", [])
    add_worldview(parser)
    parser.add_argument(
        "--levels",
        default="",
        metavar="EXPR",
        help="what grows on the way there (default: the dyads' stages and the milestones passed)",
    )
    parser.add_argument(
        "--stops",
        default="",
        metavar="N,N,...",
        help="values of it at which to clone (default: a pilot finds them)",
    )
    parser.add_argument(
        "--replicates", type=int, default=40, metavar="R", help="independent climbs (default: 40)"
    )
    parser.add_argument(
        "--effort", type=int, default=400, metavar="N", help="runs at each level (default: 400)"
    )
    parser.add_argument(
        "--pilot", type=int, default=2000, metavar="N", help="plain runs beforehand (default: 2000)"
    )
    add_players(parser)
    add_out(
        parser,
        "DIR",
        "folder that keeps what was played, and the answer",
        writes=fills("rare.json"),
    )
    add_resume(parser)
    add_telling(parser)


def run(args: argparse.Namespace) -> int:
    """Estimate and say how sure it is."""
    from wargame.batches.store.folder import write_json

    with study_of(args, args.out) as study:
        found = estimates(
            args.scenario,
            args.state,
            study,
            policies=args.policy,
            worldview=args.worldview or "",
            seed=seed_of(args),
            lang=args.lang,
            as_json=args.json,
            height=args.levels,
            levels=_whole_numbers(args.stops),
            replicates=args.replicates,
            effort=args.effort,
            pilot=args.pilot,
        )
    if args.out:
        write_json(args.out / "rare.json", found)
    return 0


def of_batch(args: argparse.Namespace) -> int:
    """What ``wargame batch --rare`` does: the same for the variants of a batch."""
    unused = {"runs": args.runs, "until": args.until, "out": args.out, "resume": args.resume}
    unused["seat"] = args.seat
    if given := [name for name, value in unused.items() if value]:
        raise WargameError(f"--rare splits runs and keeps none: leave out --{given[0]}")
    from wargame.batches.study import Study

    with Study(jobs_of(args), cluster=args.cluster) as study:
        estimates(
            args.scenario,
            args.rare,
            study,
            policies=args.policy or [],
            worldview=args.worldview or "",
            seed=seed_of(args),
            lang=args.lang,
            as_json=args.json,
        )
    return 0


def estimates(
    scenario: str,
    state: str,
    study: Study,
    *,
    policies: list[str],
    worldview: str = "",
    seed: int | None = None,
    lang: str = "en",
    as_json: bool = False,
    **settings: Any,
) -> dict[str, Any]:
    """Print the share of `state` in the baseline and under each policy, and return it all.

    settings: as `analysis.splitting.rare_share` takes them.
    """
    from wargame.analysis.splitting import rare_share
    from wargame.batches.store.plan import BASELINE
    from wargame.content.load import load
    from wargame.show.text.titles import Titles

    titles = Titles.of_scenario(scenario, policies, lang, worldview)
    world = [worldview] if worldview else []
    specs = {BASELINE: load(scenario, world)}
    specs |= {policy: load(scenario, [*world, policy]) for policy in policies}
    found: list[dict[str, Any]] = []
    for name, spec in specs.items():
        meter = Meter(f"climbing, {name}")
        estimate = rare_share(
            spec, state, seed=seed, jobs=study, on_progress=meter.show, **settings
        )
        meter.clear()
        found.append({"policy": name, **estimate.to_json()})
        if not as_json:
            told = estimate.called(titles.head).words(lang)
            print(f"{titles.typed(name)}\n  " + told.replace("\n", "\n  "))
    spec = specs[BASELINE]
    head = {"schema": 1, "scenario": spec.scenario.id, "digest": spec.digest, "state": state}
    if as_json:
        print_json({**head, "results": found})
    return {**head, "results": found}


def _whole_numbers(text: str) -> list[int]:
    try:
        return [int(word) for word in text.split(",") if word.strip()]
    except ValueError:
        raise WargameError(f"--stops takes whole numbers, as in 2,4,6; not {text!r}") from None
