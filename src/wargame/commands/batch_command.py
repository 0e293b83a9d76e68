"""Play many runs of a scenario and count how they end, for the baseline and for each policy.

All variants are played under the same luck, so that they can be compared run by run. Everything
that has been played is on disk: a batch may be interrupted at any moment and gone on with.
"""

from __future__ import annotations

import argparse
import shlex
import sys
from typing import TYPE_CHECKING, Any

from wargame.commands.options import (
    add_jobs,
    add_json,
    add_lang,
    add_out,
    add_seat,
    add_seed,
    add_worldview,
    jobs_of,
    seed_of,
)
from wargame.commands.terminal import Meter, print_json, table
from wargame.english import agreeing, counted
from wargame.show.lines import packed
from wargame.statistics.result import decimals, interval, percent, percent_bound, say, whole

if TYPE_CHECKING:
    from wargame.experiment.batch import Batch, Interrupted
    from wargame.experiment.execute import Crew
    from wargame.experiment.journal import FailedRun
    from wargame.experiment.request import Request
    from wargame.experiment.results import Tally
    from wargame.show.titles import Titles
    from wargame.statistics import Look

EXAMPLES = """examples:
  wargame batch kherson-2022
  wargame batch kherson-2022 --runs 20000 --policy no-private-warnings --policy off-ramp+aid-freeze
  wargame batch kherson-2022 --policy aid-surge --until 0.01 --look
  wargame batch kherson-2022 --out runs/mine --resume
  wargame batch scenarios/my-crisis.yaml --json
  wargame batch kherson-2022 --runs 20 --seat "china=python3 agent.py"

exit codes: 0 all runs played; 1 some failed (they are counted, and named); 2 a mistake;
130 interrupted by Ctrl-C (go on with --resume); 141 nobody reads the output any more"""

MOST_FAILURES = 5
SEATED = ("wargame.seminar.outside:play", "wargame.seminar.outside:prepare")
"""What plays runs in which programs hold seats, as workers find it."""

INTERRUPTED = 130


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``wargame batch``."""
    parser.add_argument("scenario", help="a scenario's name or path")
    parser.add_argument(
        "--policy", action="append", metavar="P", help="a policy; a+b composes two; repeat"
    )
    add_worldview(parser)
    parser.add_argument(
        "--runs", type=int, metavar="N", help="runs of each variant (default: 1000)"
    )
    parser.add_argument(
        "--until",
        type=float,
        metavar="H",
        help="play until every interval is at most ±H (a share: 0.005), --runs at most",
    )
    parser.add_argument(
        "--rare", metavar="E", help="estimate an ending too rare to be counted (see wargame rare)"
    )
    add_seat(parser)
    add_playing_arguments(parser)
    parser.add_argument(
        "--look", action="store_true", help="show results while it runs, safe to look at any time"
    )


def add_playing_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of every command that plays a batch."""
    add_seed(parser)
    add_jobs(parser)
    parser.add_argument(
        "--cluster", metavar="ADDRESS", help="play on a Dask cluster: tcp://host:8786"
    )
    add_out(parser, "DIR", "folder of results (default: a new one in runs/)")
    parser.add_argument(
        "--resume",
        action="store_true",
        help="go on with the batch in --out; what is not said again is as it was begun",
    )
    parser.add_argument(
        "--retry", action="store_true", help="with --resume: play runs that failed again"
    )
    add_lang(parser, "language of the tables")
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Play the batch and print its tables."""
    if args.rare:
        from wargame.commands.rare_command import of_batch

        return of_batch(args)

    batch = played(
        args,
        policies=args.policy,
        worldview=args.worldview,
        runs=args.runs,
        until=args.until,
        look=args.look,
        seats=_seats(args.seat),
    )
    if batch is None:
        return INTERRUPTED
    if batch.seats:
        tell_programs(batch)
    if args.json:
        print_json(batch.to_json())
    else:
        print("\n".join(told(batch, args.lang)))
    return 1 if batch.summary.failures else 0


def _seats(entries: list[str]) -> dict[str, str]:
    if not entries:
        return {}
    from wargame.seminar.agents import parse_seats

    return parse_seats(entries)


def tell_programs(batch: Batch) -> None:
    """Say how often a program's actor was left to its rules, and where the runs' logs lie."""
    from wargame.experiment.folder import run_log
    from wargame.log import read_log
    from wargame.seminar.outside import faults

    with batch.journal() as journal:
        runs = journal.plan.runs
    paths = (run_log(batch.folder, name, run) for name in batch.headers for run in runs)
    for line in faults(read_log(path) for path in paths if path.exists()):
        print(f"wargame: {line}", file=sys.stderr)


def played(args: argparse.Namespace, look: bool = False, **asked: Any) -> Batch | None:
    """Play a batch with a progress line; None if it was interrupted, which has then been told."""
    from wargame.experiment.request import Request

    policies, seats = asked.pop("policies", None), asked.pop("seats", None)
    request = Request(
        args.scenario,
        None if policies is None else tuple(policies),
        seed=seed_of(args),
        seats=seats or None,
        **asked,
    )
    if args.resume:
        request = request.resumed(args.out)
    if args.cluster:
        return _played(args, request, args.cluster, look)
    with request.crew(jobs_of(args), SEATED) as crew:
        # The workers get ready while this process still imports what it needs.
        return _played(args, request, crew, look)


def _played(
    args: argparse.Namespace, request: Request, players: Crew | str, look: bool
) -> Batch | None:
    from wargame.experiment.batch import Interrupted, play_batch

    meter = Meter("playing")

    def show(looks: tuple[Look, ...]) -> None:
        from wargame.show.titles import Titles

        titles = Titles.of_scenario(
            request.scenario, request.policies or (), args.lang, request.worldview or ""
        )
        meter.clear()
        print("\n".join(glance(looks, titles)), file=meter.stream)

    try:
        return play_batch(
            request,
            players,
            args.out,
            args.resume,
            args.retry,
            on_progress=lambda p: meter.show(p.played + p.failed, p.total, p.rate, p.remaining),
            on_look=show if look and meter.live else None,
        )
    except Interrupted as stop:
        meter.clear()
        print(interrupted(stop, args), file=sys.stderr)
        return None
    finally:
        meter.clear()


def interrupted(stop: Interrupted, args: argparse.Namespace) -> str:
    """What has become of an interrupted batch, and the command that goes on with it."""
    done, total = stop.batch.counts()
    again = shlex.join(
        ["wargame", args.command, args.scenario, "--out", str(stop.batch.folder), "--resume"]
    )
    return (
        f"wargame: interrupted after {done:,} of {counted(total, 'run')}; nothing played is lost. "
        f"Go on with:\n  {again}"
    )


def told(batch: Batch, lang: str = "en") -> list[str]:
    """The results as a person reads them."""
    from wargame.commands.comparing import comparison, footnote
    from wargame.show.titles import Titles

    summary, titles = batch.summary, Titles.of_batch(batch, lang)
    seed = batch.header.seed
    lines = [
        say(
            lang,
            en=f"{batch.header.scenario}, seed {seed}",
            ja=f"{batch.header.scenario}、シード{seed}",
        )
    ]
    for tally in summary.tallies:
        lines += ["", *shares_of(tally, titles)]
        lines += failures(
            [failure for failure in summary.failures if failure.variant == tally.policy], lang
        )
        lines.append("  " + say(lang, en="digest ", ja="ダイジェスト ") + tally.digest[:16])
    if summary.study:
        for found in summary.study:
            lines += ["", *comparison(found, titles)]
        lines += ["", *footnote(summary.study.tests, lang)]
    if batch.stop:
        lines += ["", batch.stop.called(titles.head).words(lang)]
    if batch.seats:
        lines += ["", batch.held_by_programs(lang)]
    return [
        *lines,
        "",
        *say(
            lang,
            en="Intervals of shares hold together for all endings of a variant (Goodman). Shares\n"
            "of model runs are not probabilities of war: they say what this model does, and why\n"
            "can be replayed.",
            ja="割合の区間は、変種ごとに全結末について同時に成り立つ（Goodman）。モデル実行の割合は\n"
            "戦争の確率ではない。このモデルの振る舞いを示すもので、理由は再生して確かめられる。",
        ).splitlines(),
        say(lang, en="Results: ", ja="結果：") + str(batch.folder),
    ]


def shares_of(tally: Tally, titles: Titles) -> list[str]:
    """How the runs of one variant ended, as a table."""
    lang = titles.lang
    head = (
        ("", ""),
        ("count", "回数"),
        ("share of model runs", "モデル実行の割合"),
        ("95 % interval", "95 % 区間"),
        ("turn: median (10 to 90 %)", "ターン：中央値（10～90 %）"),
        ("", ""),
    )
    rows = [tuple(say(lang, en=en, ja=ja) for en, ja in head)]
    unseen = []
    for place, group in enumerate((tally.ending_shares(), tally.milestone_shares())):
        if place and group:
            rows.append((say(lang, en="on the way", ja="途中で"), "", "", "", "", ""))
        for row in group:
            when = tally.turns.get(row.name)
            rows.append(
                (
                    f"  {titles(row.name)}",
                    whole(row.count),
                    percent(row.share, 2),
                    interval(row.low, row.high, lang, 2),
                    f"{when.median} ({when.early}-{when.late})" if when else "",
                    "█" * round(30 * row.share),
                )
            )
            if row.at_most is not None:
                bound = percent_bound(row.at_most, decimals(100 * row.at_most))
                unseen.append(
                    say(
                        lang,
                        en=f"{row.name} (at most {bound})",
                        ja=f"{titles.head(row.name)}（多くとも{bound}）",
                    )
                )
    runs, policy = whole(tally.runs), titles.typed(tally.policy)
    lines = [say(lang, en=f"{policy}: {counted(tally.runs, 'run')}", ja=f"{policy}：実行{runs}回")]
    lines += table(rows, right=(1, 2, 3, 4))
    if unseen:
        lead = say(lang, en="  never seen: ", ja="  一度も起きず：")
        lines += packed(lead, unseen, say(lang, en=", ", ja="、"))
    return lines


def failures(failed: list[FailedRun], lang: str) -> list[str]:
    """The runs that failed, with the commands that play the first of them again."""
    if not failed:
        return []
    count = len(failed)
    return [
        "  "
        + say(
            lang,
            en=f"{counted(count, 'run')} failed: counted {agreeing(count, 'as a run', 'as runs')}, "
            "but not as any ending. To see why:",
            ja=f"{whole(count)}回の実行が失敗：実行には数え、どの結末にも数えない。原因を見るには：",
        ),
        *(f"    {failure.command}  # {failure.reason}" for failure in failed[:MOST_FAILURES]),
    ]


def glance(looks: tuple[Look, ...], titles: Titles) -> list[str]:
    """How things stand while the batch runs: the baseline's shares, and what policies moved."""
    base, *others = looks
    lang, runs = titles.lang, whole(base.n)
    lines = [
        say(
            lang,
            en=f"after {counted(base.n, 'run')} of each "
            "(intervals that hold at all looks together):",
            ja=f"各{runs}回の時点（何度見ても同時に成り立つ区間）：",
        )
    ]
    lines += [f"  {row.called(titles.head).words(lang)}" for row in base.rows if row.share > 0]
    for look in others:
        moved = [
            f"{titles.head(row.name)} {'↑' if row.difference > 0 else '↓'}"
            for row in look.rows
            if row.resolved
        ]
        nothing = say(lang, en="nothing resolved yet", ja="まだ何も確定せず")
        told = say(lang, en=", ", ja="、").join(moved) or nothing
        lines.append(f"  {titles(look.variant)}" + say(lang, en=": ", ja="：") + told)
    return lines
