"""What if? Play one turn of a run otherwise, under the same luck, and see what follows.

Says what exactly would have differed in this one run, and with --runs what usually follows: many
futures after the forked turn beside as many of the original. With --out the fork is written as a
new log that names its parent.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from typing import TYPE_CHECKING, Any, get_args

from wargame.commands.terminal import Meter, table

if TYPE_CHECKING:
    from wargame.experiment.odds import Usual
    from wargame.fork import Apart, Fork
    from wargame.orders import Ruling

EXAMPLES = """examples:
  wargame fork autumn-2022 --turn 6 --order ukraine=hold,hold
  wargame fork game.jsonl --turn 5 --order usa=private_warning --runs 1000 --out what-if.jsonl
  wargame fork game.jsonl --turn 9 --inject '{title: Aid stops, effects: {ukraine.supply: -200}}'
  wargame fork game.jsonl --turn 12 --ruling russia=fail --json"""

SHOWN = 12  # so many turns that differ are told in a terminal


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``wargame fork``."""
    parser.add_argument("log", help="a turn log, runs/DIR#RUN, or the name of a history")
    parser.add_argument("--turn", type=int, required=True, metavar="T", help="the turn to change")
    parser.add_argument(
        "--order",
        action="append",
        default=[],
        metavar="ACTOR=MOVE[,MOVE]",
        help="what an actor does instead; orders that are not named stay; repeat",
    )
    parser.add_argument(
        "--inject",
        action="append",
        default=[],
        metavar="YAML",
        help="news thrown in: a file, or {title: ..., effects: {...}}; repeat",
    )
    parser.add_argument(
        "--ruling",
        action="append",
        default=[],
        metavar="ACTOR=RULING[,RULING]",
        help="accept, skip, succeed or fail, for each of the actor's orders; repeat",
    )
    parser.add_argument(
        "--runs", type=int, default=0, metavar="N", help="also play N futures of both (default: 0)"
    )
    parser.add_argument("--out", metavar="FILE", help="write the fork as a new turn log")
    parser.add_argument(
        "--jobs", type=int, metavar="J", help="processes for --runs (default: one for each core)"
    )
    parser.add_argument(
        "--json", action="store_true", help="print one JSON object and nothing else"
    )


def run(args: argparse.Namespace) -> int:
    """Fork, and say what differs."""
    from wargame.errors import WargameError
    from wargame.experiment.library import read_playthrough
    from wargame.experiment.odds import usually
    from wargame.fork import fork
    from wargame.injects import parse_inject
    from wargame.orders import read_orders

    if not 0 <= args.runs <= 1_000_000:
        raise WargameError(f"--runs must be between 0 and 1,000,000, not {args.runs:,}")
    jobs = args.jobs if args.jobs is not None else os.cpu_count() or 1
    if not 1 <= jobs <= 1024:
        raise WargameError(f"--jobs must be between 1 and 1024, not {jobs}")
    done = fork(
        read_playthrough(args.log),
        args.turn,
        read_orders(args.order),
        [parse_inject(text) for text in args.inject],
        _rulings(args.ruling),
        args.out,
    )
    usual = None
    if args.runs:
        meter = Meter("futures")
        usual = usually(done, args.runs, jobs, meter.show)
        meter.clear()
    if args.json:
        json.dump(_data(done, usual, args.out), sys.stdout, ensure_ascii=False)
        print()
    else:
        print(told(done, usual, args.out))
    return 0


def _rulings(entries: list[str]) -> dict[str, tuple[Ruling, ...]]:
    from wargame.orders import Malformed, Ruling, no_such, read_orders

    known = get_args(Ruling.model_fields["verdict"].annotation)
    found = {}
    for actor, verdicts in read_orders(entries).items():
        for verdict in verdicts:
            if verdict not in known or verdict == "modify":
                raise Malformed(no_such("ruling", verdict, [k for k in known if k != "modify"]))
        found[actor] = tuple(Ruling.model_validate({"verdict": v}) for v in verdicts)
    return found


def _data(fork: Fork, usual: Usual | None, out: str | None) -> dict[str, Any]:
    return {
        "parent": fork.parent.name,
        "turn": fork.turn,
        "endings": {
            "parent": fork.parent.playthrough.ending,
            "fork": fork.replay.playthrough.ending,
        },
        "turns": {"parent": fork.parent.playthrough.turns, "fork": fork.replay.playthrough.turns},
        "apart": [vars(apart) for apart in fork.apart],
        "left_out": [{"turn": t, **left.to_data(), "why": left.why} for t, left in fork.left_out],
        "usual": usual and usual.to_json(),
        "out": out,
    }


def told(fork: Fork, usual: Usual | None, out: str | None) -> str:
    """What differs, as a person reads it."""
    lines = [f"{fork.parent.name}, forked in turn {fork.turn}, same luck"]
    for apart in fork.apart[:SHOWN]:
        lines += ["", f"turn {apart.turn}", *(f"  {line}" for line in _lines(apart))]
    if not fork.apart:
        lines += ["", "nothing differs"]
    elif len(fork.apart) > SHOWN:
        lines += ["", f"... and {len(fork.apart) - SHOWN} more turns that differ"]
    lines += ["", f"ends: {_end(fork.parent)} -> {_end(fork.replay)}"]
    for turn, left in fork.left_out:
        lines.append(f"left out in turn {turn}: {left.actor} {left.order.move}: {left.why}")
    if usual is not None:
        rows = [("", "as it was", "forked", "change", "95 % interval")]
        for change in usual.changes():
            of = "endings" if change.name in usual.header.endings else "milestones"
            before, after = (usual.world_json(w)[of][change.name]["share"] for w in (0, 1))
            rows.append(
                (
                    change.name,
                    f"{100 * before:.1f} %",
                    f"{100 * after:.1f} %",
                    f"{100 * change.difference:+.1f}",
                    f"{100 * change.low:+.1f} to {100 * change.high:+.1f}",
                )
            )
        lines += [
            "",
            f"What usually follows: {usual.n:,} futures after turn {fork.turn}, same luck",
        ]
        lines += table(rows, right=(1, 2, 3))
    if out:
        lines += ["", f"Written to {out}"]
    return "\n".join(lines)


def _lines(apart: Apart) -> list[str]:
    def moves(made: tuple[str | None, ...]) -> str:
        return ", ".join(move or "nothing" for move in made)

    lines = [f"{actor}: {moves(was)} -> {moves(now)}" for actor, (was, now) in apart.orders.items()]
    lines += [f"no longer happens: {name}" for name in apart.news[0]]
    lines += [f"happens: {name}" for name in apart.news[1]]
    lines += [f"stage of {dyad}: {was} -> {now}" for dyad, (was, now) in apart.stages.items()]
    largest = sorted(apart.gauges.items(), key=lambda item: -abs(item[1][1] - item[1][0]))[:4]
    if largest:
        told = ", ".join(f"{name} {was} -> {now}" for name, (was, now) in largest)
        more = len(apart.gauges) - len(largest)
        lines.append(f"gauges: {told}" + (f" and {more} more" if more else ""))
    return lines


def _end(replay: Any) -> str:
    run = replay.playthrough
    return f"{run.ending or 'goes on'} (turn {run.turns})"
