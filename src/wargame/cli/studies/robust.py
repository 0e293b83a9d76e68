"""See which conclusions about policies hold whatever one believes about the world.

Plays every policy and the baseline under every worldview, under the same luck: a table of shares
and paired differences, what holds under all worldviews and what under some, and regret.
"""

from __future__ import annotations

import argparse

from wargame.cli.shared.options import (
    add_players,
    add_policies,
    add_telling,
    add_worldviews,
    named,
    seed_of,
)
from wargame.cli.shared.outputs import add_out, fills
from wargame.cli.shared.studies import add_resume, study_of
from wargame.cli.shared.terminal import Meter, print_json, table
from wargame.errors import WargameError

EXAMPLES = """examples:
  wargame robust kherson-2022 --policy off-ramp,no-private-warnings \\
      --worldview forecasters,tegmark,restraint
  wargame robust kherson-2022 --policy off-ramp --worldview as-written,tegmark --json
  wargame robust kherson-2022 --policy off-ramp --worldview tegmark --out runs/r --resume"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``wargame robust``."""
    parser.add_argument("scenario", help="a scenario's name or path")
    add_policies(parser, "a policy", [])
    add_worldviews(parser, "a worldview; as-written is the scenario itself", [])
    parser.add_argument(
        "--outcomes",
        default="",
        metavar="E,F,...",
        help='endings, milestones, "KABOOM|kaboom" (default: all endings and milestones)',
    )
    parser.add_argument(
        "--avoid",
        default="",
        metavar="E,F,...",
        help="outcomes of which less is better, for the regret (default: KABOOM,kaboom)",
    )
    parser.add_argument(
        "--runs", type=int, default=2000, metavar="N", help="runs of each pair (default: 2000)"
    )
    add_players(parser)
    add_out(parser, "DIR", "folder that keeps what was played", writes=fills())
    add_resume(parser)
    add_telling(parser)


def run(args: argparse.Namespace) -> int:
    """Play, and print the tables and the conclusions."""
    from wargame.analysis.robust import heading, robust, told
    from wargame.show.text.titles import Titles
    from wargame.statistics.result import say

    meter = Meter("playing")
    policies, worldviews = args.policy, args.worldview
    if not policies or not worldviews:
        what = "policy" if not policies else "worldview"
        raise WargameError(f"name at least one {what}: --{what} {what[0].upper()}")
    # Read before the playing, in which somebody may change a file.
    titles = Titles.of_scenario(args.scenario, (*policies, *worldviews), args.lang)
    with study_of(args, args.out) as study:
        result = robust(
            args.scenario,
            policies,
            worldviews,
            outcomes=named(args.outcomes),
            avoid=named(args.avoid),
            runs=args.runs,
            seed=seed_of(args),
            jobs=study,
            on_progress=lambda p: meter.show(p.played + p.failed, p.total, p.rate, p.remaining),
        )
    meter.clear()
    if args.json:
        print_json(result.to_json())
        return 0
    print(heading(result, args.lang))
    for (outcome, *worlds), *rows in told(result):
        head = (titles(outcome), *map(titles, worlds))
        body = ((titles.typed(policy), *cells) for policy, *cells in rows)
        print()
        print("\n".join(table([head, *body], right=range(1, len(head)))))
    shown = {rows[0][0] for rows in told(result)}
    if still := [outcome for outcome in result.outcomes if outcome not in shown]:
        names = say(args.lang, en=", ", ja="、").join(map(titles.head, still))
        print()
        print(
            say(
                args.lang,
                en=f"No table for {names}: no policy is shown to move them.",
                ja=f"表のない結果（{names}）：どの政策でも差は示されなかった。",
            )
        )
    print()
    print(result.called(titles.head).words(args.lang))
    return 0
