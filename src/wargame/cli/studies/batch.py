"""Play many runs of a scenario and count how they end, for the baseline and for each policy.

All variants are played under the same luck, so that they can be compared run by run. Everything
that has been played is on disk: a batch may be interrupted at any moment and gone on with.
"""

from __future__ import annotations

import argparse
import shlex
import sys
from typing import TYPE_CHECKING, Any

from wargame.batches.store.folder import MANIFEST, PARQUET, TALLY
from wargame.boundary import interrupts
from wargame.cli.shared.options import (
    STOOD_IN,
    add_players,
    add_policies,
    add_seat,
    add_telling,
    add_worldview,
    jobs_of,
    seed_of,
)
from wargame.cli.shared.outputs import add_out, fills
from wargame.cli.shared.terminal import Meter, print_json
from wargame.errors import counted

if TYPE_CHECKING:
    from wargame.batches.batch import Batch, Interrupted
    from wargame.batches.request import Request
    from wargame.batches.runners.runner import Runner
    from wargame.batches.runners.scheduler import Progress
    from wargame.batches.stood_in import StoodIn
    from wargame.seats.play import Programs
    from wargame.show.text.titles import Titles
    from wargame.statistics.anytime import Look

EXAMPLES = """examples:
  wargame batch kherson-2022
  wargame batch kherson-2022 --runs 20000 --policy no-private-warnings --policy off-ramp+aid-freeze
  wargame batch kherson-2022 --policy aid-surge --until 0.01 --look
  wargame batch kherson-2022 --out runs/mine --resume
  wargame batch scenarios/my-crisis.yaml --json
  wargame batch kherson-2022 --runs 20 --seat "china=python3 agent.py"

exit codes: 0 all runs played; 1 some failed (they are counted, and named); 2 a mistake;
3 rules stood in for a program that holds a seat (it says how often, and why);
130 interrupted by Ctrl-C (go on with --resume); 141 nobody reads the output any more"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``wargame batch``."""
    parser.add_argument("scenario", help="a scenario's name or path")
    add_policies(parser, "a policy")
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
    add_players(parser, "threads, or processes where NumPy or programs play")
    add_out(
        parser,
        "DIR",
        "folder of results (default: a new one in runs/)",
        writes=fills(MANIFEST, TALLY, PARQUET),
    )
    parser.add_argument(
        "--resume",
        action="store_true",
        help="go on with the batch in --out; what is not said again is as it was begun",
    )
    parser.add_argument(
        "--retry", action="store_true", help="with --resume: play runs that failed again"
    )
    add_telling(parser, "language of the tables")


def run(args: argparse.Namespace) -> int:
    """Play the batch and print its tables."""
    if args.rare:
        from wargame.cli.studies.rare import of_batch

        return of_batch(args)

    batch = played(
        args,
        policies=args.policy,
        worldview=args.worldview,
        runs=args.runs,
        until=args.until,
        look=args.look,
        programs=_programs(args.seat),
    )
    if batch is None:
        return interrupts.INTERRUPTED
    if args.json:
        print_json(batch.to_json())
    else:
        from wargame.cli.shared.batch_tables import told

        print("\n".join(told(batch, args.lang)))
    reasons = _why_rules_stood_in(batch)
    for line in reasons:
        print(f"wargame: {line}", file=sys.stderr)
    return 1 if batch.summary.failures else STOOD_IN if reasons else 0


def _programs(entries: list[str]) -> Programs | None:
    if not entries:
        return None
    from wargame.seats.play import Programs
    from wargame.seats.programs import parse_seats

    return Programs(parse_seats(entries))


def _why_rules_stood_in(batch: Batch) -> list[str]:
    """For each program that left turns to its actor's rules, where and why it first did."""
    told: dict[str, str] = {}
    for found in batch.stood_in:
        if found.first is not None and found.actor not in told:
            told[found.actor] = _first_time(batch, found)
    return list(told.values())


def _first_time(batch: Batch, found: StoodIn) -> str:
    from wargame.batches.store.folder import run_log
    from wargame.replay.log_file import read_log
    from wargame.seats.play import first_reason

    assert found.first is not None
    log = read_log(run_log(batch.folder, found.policy, found.first))
    return (
        f"rules stood in for the program of {found.actor}, first in {found.policy}, "
        f"run {found.first}, {first_reason(log, found.actor)}"
    )


def played(args: argparse.Namespace, look: bool = False, **asked: Any) -> Batch | None:
    """Play a batch with a progress line; None if it was interrupted, which has then been told."""
    from wargame.batches.request import Request

    policies, programs = asked.pop("policies", None), asked.pop("programs", None)
    request = Request(
        args.scenario,
        None if policies is None else tuple(policies),
        seed=seed_of(args),
        seats=tuple(programs.named) if programs else None,
        programs=programs,
        **asked,
    )
    if args.resume:
        request = request.resumed(args.out)
    with request.runner(jobs_of(args), args.cluster) as runner:
        # The workers get ready while this process still imports what it needs.
        return _played(args, request, runner, look)


def _played(args: argparse.Namespace, request: Request, runner: Runner, look: bool) -> Batch | None:
    from wargame.batches.batch import Interrupted, play_batch
    from wargame.show.text.titles import Titles

    meter = Meter("playing")

    titles = Titles.of_scenario(
        request.scenario,
        (request.policies or ()) if look else (),
        args.lang if look else "en",
        request.worldview or "",
    )
    looks = _Looks(meter, titles)

    def progress(p: Progress) -> None:
        looks.go_on(p.played + p.failed)
        meter.show(p.played + p.failed, p.total, p.rate, p.remaining)

    try:
        return play_batch(
            request,
            runner,
            args.out,
            args.resume,
            args.retry,
            on_progress=progress,
            on_look=looks.hold if look else None,
        )
    except Interrupted as stop:
        interrupts.ignore()  # what there is to say will be said
        meter.clear()
        print(interrupted(stop, args), file=sys.stderr)
        return None
    finally:
        meter.clear()


class _Looks:
    """Tells each look once the batch has gone on: the last is the tables', which say more."""

    def __init__(self, meter: Meter, titles: Titles) -> None:
        self.meter = meter
        self.titles = titles
        self.held: tuple[Look, ...] = ()
        self.played = -1
        self.told = 0

    def hold(self, looks: tuple[Look, ...]) -> None:
        """Keep a look until more was played than it saw."""
        self.held, self.played = looks, -1

    def go_on(self, played: int) -> None:
        """So many runs were played."""
        if self.held and self.played < 0:
            self.played = played
        elif self.held and played > self.played:
            from wargame.cli.shared.batch_tables import glance

            self.meter.clear()
            lines = glance(self.held, self.titles, first=not self.told)
            print("\n".join(lines), file=self.meter.stream)
            self.held, self.told = (), self.told + 1


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
