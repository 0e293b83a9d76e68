"""Compare what has been played: policies with the baseline, folders with folders.

One folder: each policy against the baseline, pair by pair. Several: each variant of the further
folders against its namesake in the first; pair by pair if both have the same seed, so the same
luck, and as independent samples if not. With --why, one pair of runs that a policy drove apart is
played again: the first order that differs, who gave it, which rules spoke, and what followed.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from wargame.cli.shared.comparison_tables import comparison, footnote
from wargame.cli.shared.options import add_margin, add_policies, add_telling
from wargame.cli.shared.terminal import print_json
from wargame.errors import WargameError, counted, no_such
from wargame.statistics.result import say

if TYPE_CHECKING:
    from wargame.batches.batch import Batch
    from wargame.cli.shared.tell_divergence import Parting
    from wargame.statistics.compare import Study

EXAMPLES = """examples:
  wargame compare runs/kherson-2022-0001
  wargame compare runs/before-the-change runs/after-it
  wargame compare runs/seed-1 runs/seed-2 runs/seed-3 --pool
  wargame compare runs/kherson-2022-0001 --policy no-private-warnings --why
  wargame compare runs/kherson-2022-0001 --policy no-private-warnings --why 4711"""

BUSIEST = -1
"""No run is named: one of the policy's most frequent exchange of endings is taken."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``wargame compare``."""
    parser.add_argument("folders", nargs="+", metavar="DIR", help="folders of results")
    add_policies(parser, "only this policy", [])
    parser.add_argument(
        "--why",
        nargs="?",
        type=int,
        const=BUSIEST,
        metavar="RUN",
        help="tell why this run went apart (default: one of the most frequent kind)",
    )
    parser.add_argument(
        "--pool",
        action="store_true",
        help="add up the pairs of folders that differ in nothing but the seed",
    )
    add_margin(parser)
    add_telling(parser, "language of the tables")


def run(args: argparse.Namespace) -> int:
    """Compare and print."""
    from wargame.batches.batch import Batch

    batches = [Batch.open(folder) for folder in args.folders]
    if args.why is not None:
        parting = why(batches[0], _one(args.policy), args.why, args.lang)
        if args.json:
            print_json({"schema": 1, "why": parting.to_json()})
        else:
            print("\n".join(parting.told()))
        return 0
    studies = compared(batches, args)
    if args.json:
        data = {
            "schema": 1,
            "folders": [str(batch.folder) for batch in batches],
            "complete": [batch.complete for batch in batches],
            **{kind: [c.to_json() for c in found] for kind, found in studies.items()},
        }
        print_json(data)
    else:
        print("\n".join(told(batches, studies, args)))
    return 0


def compared(batches: list[Batch], args: argparse.Namespace) -> dict[str, Study]:
    """The studies that the folders allow for, by kind."""
    from wargame.analysis.compare_batches import across, pooled
    from wargame.statistics.compare import study

    if args.pool:
        found = {"paired": pooled(batches, args.margin)}
    elif len(batches) > 1:
        both = across(batches, args.margin)
        kinds = {"paired": both.paired, "unpaired": both.unpaired}
        found = {kind: one for kind, one in kinds.items() if one is not None}
    else:
        pairs = [one for one in batches[0].summary.pairs if one.n]
        if not pairs:
            raise WargameError(f"{batches[0].folder} has no policy to compare with the baseline")
        found = {"paired": study(pairs, tolerance=args.margin)}
    for policy in args.policy:
        if not any(policy in batch.headers for batch in batches):
            raise WargameError(_no_policy(batches[0], policy))
    return found


def told(batches: list[Batch], studies: dict[str, Study], args: argparse.Namespace) -> list[str]:
    """The comparisons as a person reads them."""
    from wargame.show.text.text_layout import wrapped
    from wargame.show.text.titles import Titles

    titles = Titles.of_batch(batches[0], args.lang)
    lines: list[str] = []
    for batch in batches:
        if not batch.complete:
            done, total = batch.counts()
            lines += [
                say(
                    args.lang,
                    en=f"{batch.folder} is not complete: {done:,} of {counted(total, 'run')}",
                    ja=f"{batch.folder}は途中：{total:,}回中{done:,}回",
                ),
                "",
            ]
        if unchecked := batch.unchecked(args.lang):
            lines += [*wrapped(unchecked), ""]
    for found in studies.values():
        for one in found:
            if not args.policy or one.variant.rpartition("#")[2] in args.policy:
                lines += [*comparison(one, titles), ""]
    tests = sum(found.tests for found in studies.values())
    return [*lines, *footnote(tests, args.lang)]


def _one(policies: list[str]) -> str | None:
    if len(policies) > 1:
        raise WargameError(f"--why tells of one policy, not of {', '.join(policies)}")
    return policies[0] if policies else None


def why(batch: Batch, policy: str | None, number: int, lang: str) -> Parting:
    """The story of one pair of runs."""
    from wargame.analysis.divergence import discordant_run, divergence, pair_of_runs
    from wargame.batches.store.plan import BASELINE
    from wargame.cli.shared.tell_divergence import Parting
    from wargame.show.text.titles import Titles

    policies = [name for name in batch.headers if name != BASELINE]
    if policy is None and len(policies) == 1:
        policy = policies[0]
    if policy is None or policy not in policies:
        raise WargameError(_no_policy(batch, policy))
    chosen = discordant_run(batch, policy) if number == BUSIEST else number
    found = divergence(*pair_of_runs(batch, policy, chosen))
    return Parting(found, (BASELINE, policy), Titles.of_batch(batch, lang))


def _no_policy(batch: Batch, policy: str | None) -> str:
    from wargame.batches.store.plan import BASELINE

    known = [name for name in batch.headers if name != BASELINE]
    if policy:
        return f"{batch.folder}: {no_such('policy', policy, known)}"
    return f"name one policy: --policy P (there are: {', '.join(known) or 'none'})"
