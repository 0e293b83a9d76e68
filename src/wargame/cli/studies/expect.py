"""Test what each policy says of its own effect, run by run under the same luck.

A policy's `expect` names the direction in which theory says that endings and milestones move:
up, down or flat. Flat means that no difference beyond the margin is left (default: one percentage
point). A policy holds when all its directions do.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from wargame.boundary import interrupts
from wargame.cli.shared.batch_tables import failures
from wargame.cli.shared.comparison_tables import in_short
from wargame.cli.shared.options import add_margin, add_policies, add_worldview
from wargame.cli.shared.terminal import print_json, table
from wargame.cli.studies.batch import add_playing_arguments, played
from wargame.errors import agreeing, counted
from wargame.statistics.result import decimals, say, signed, signed_interval, whole

if TYPE_CHECKING:
    from wargame.analysis.expect import Expectations
    from wargame.batches.batch import Batch
    from wargame.statistics.verdict import Answer

EXAMPLES = """examples:
  wargame expect kherson-2022
  wargame expect kherson-2022 --policy no-private-warnings,off-ramp --runs 5000
  wargame expect kherson-2022 --out runs/expected --resume

To see why a direction fails, look at a pair of runs that the policy drove apart:
  wargame compare runs/expected --policy off-ramp --why"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``wargame expect``."""
    parser.add_argument("scenario", help="a scenario's name or path")
    add_policies(parser, "only this (default: all that state directions)")
    add_worldview(parser)
    parser.add_argument(
        "--runs", type=int, metavar="N", help="runs of each variant (default: 20000)"
    )
    add_margin(parser)
    add_playing_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Play, judge and print."""
    from wargame.analysis.expect import RUNS, judge, predicting, stating

    policies, runs = args.policy, args.runs
    if not args.resume:
        policies = stating(args.scenario, policies) if policies else predicting(args.scenario)
        runs = RUNS if runs is None else runs
    batch = played(args, policies=policies, worldview=args.worldview, runs=runs)
    if batch is None:
        return interrupts.INTERRUPTED
    found = judge(batch, args.margin)
    if args.json:
        print_json(as_json(batch, found))
    else:
        print("\n".join(told(batch, found, args.lang)))
    return 1 if batch.summary.failures else 0


def as_json(batch: Batch, found: Expectations) -> dict[str, Any]:
    """The answers as one object."""
    answers: tuple[Answer, ...] = ("holds", "fails", "unresolved")
    return {
        "schema": 1,
        "scenario": batch.header.scenario,
        "digest": batch.header.digest,
        "seed": batch.header.seed,
        **found.to_json(),
        "summary": {
            "policies": {answer: found.policies_that(answer) for answer in answers},
            "directions": {answer: found.directions_that(answer) for answer in answers},
        },
        "out": str(batch.folder),
    }


def told(batch: Batch, found: Expectations, lang: str = "en") -> list[str]:
    """The answers as a person reads them."""
    from wargame.show.text.titles import Titles

    titles = Titles.of_batch(batch, lang)
    words: dict[str, str] = {
        "holds": say(lang, en="holds", ja="成立"),
        "fails": say(lang, en="FAILS", ja="不成立"),
        "unresolved": say(lang, en="unresolved", ja="未確定"),
        "up": say(lang, en="up", ja="上昇"),
        "down": say(lang, en="down", ja="低下"),
        "flat": say(lang, en="flat", ja="不変"),
    }
    rows = [
        tuple(
            say(lang, en=en, ja=ja)
            for en, ja in (
                ("", ""),
                ("expected", "予想"),
                ("points", "差"),
                ("95 % interval", "95 % 区間"),
                ("verdict", "判定"),
                ("", ""),
            )
        )
    ]
    for policy in found:
        count = f"{policy.holding}/{len(policy.predictions)}"
        rows.append(
            (titles.typed(policy.policy), "", "", "", "", f"{words[policy.answer]} {count}")
        )
        for prediction in policy.predictions:
            verdict = prediction.found.verdict
            places = decimals(50 * (verdict.high - verdict.low))
            known = verdict.kind != "void"
            rows.append(
                (
                    f"  {titles(prediction.name)}",
                    words[prediction.expected],
                    signed(verdict.difference, places) if known else "",
                    signed_interval(verdict.low, verdict.high, lang, places) if known else "",
                    in_short(verdict, lang),
                    words[prediction.answer],
                )
            )
    margin = 100 * found.margin
    seed, scenario = batch.header.seed, batch.header.scenario
    return [
        say(
            lang,
            en=f"{scenario}, seed {seed}: {counted(found.n, 'pair')} of model runs for each policy",
            ja=f"{scenario}、シード{seed}：政策ごとにモデル実行{whole(found.n)}組",
        ),
        "",
        *table(rows, right=(2, 3)),
        "",
        *summary(found, lang),
        *failures(list(batch.summary.failures), lang),
        say(
            lang,
            en=f"Differences up to {margin:g} {agreeing(margin, 'point')} do not matter: "
            "flat means that no larger one",
            ja=f"{margin:g}ポイントまでの差は問題としない。「不変」はそれを超える差が残らないこと、",
        ),
        say(
            lang,
            en="is left, and up or down fails if the opposite is resolved or none that matters.",
            ja="「上昇」「低下」は逆が確定するか、問題となる差が残らなければ不成立。",
        ),
        say(lang, en="Results: ", ja="結果：") + str(batch.folder),
    ]


def summary(found: Expectations, lang: str) -> list[str]:
    """How many policies and directions hold, fail, and are not resolved."""
    total = len(found.policies)
    holds, fails, open_ = (
        found.policies_that(answer) for answer in ("holds", "fails", "unresolved")
    )
    yes, no, unknown = (
        found.directions_that(answer) for answer in ("holds", "fails", "unresolved")
    )
    return [
        say(
            lang,
            en=f"Of {counted(total, 'policy', 'policies')} {_answers(holds, fails, open_)}",
            ja=f"政策{total}件中、成立{holds}件、不成立{fails}件、未確定{open_}件。",
        ),
        say(
            lang,
            en=f"Of {counted(yes + no + unknown, 'direction')} {_answers(yes, no, unknown)}",
            ja=f"方向{yes + no + unknown}個中、成立{yes}個、不成立{no}個、未確定{unknown}個。",
        ),
    ]


def _answers(holds: int, fails: int, unresolved: int) -> str:
    """``2 hold, 1 fails, 0 are unresolved.``"""
    return (
        f"{holds} {agreeing(holds, 'holds', 'hold')}, {fails} {agreeing(fails, 'fails', 'fail')}, "
        f"{unresolved} {agreeing(unresolved, 'is', 'are')} unresolved."
    )
