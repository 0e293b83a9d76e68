"""What if? Play one turn of a run otherwise, under the same luck, and see what follows.

Says what exactly would have differed in this one run, and with --runs what usually follows: many
futures after the forked turn beside as many of the original. With --out the fork is written as a
new log that names its parent.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any, get_args

from wargame.cli.shared.options import add_jobs, add_telling, jobs_of
from wargame.cli.shared.outputs import add_out, new_file
from wargame.cli.shared.terminal import Meter, caution, print_json, table

if TYPE_CHECKING:
    from wargame.analysis.odds import Usual
    from wargame.replay.fork import Fork
    from wargame.replay.orders import Ruling

EXAMPLES = """examples:
  wargame fork autumn-2022 --turn 6 --order ukraine=hold,hold
  wargame fork game.jsonl --turn 5 --order usa=private_warning --runs 1000 --out what-if.jsonl
  wargame fork game.jsonl --turn 9 --inject '{title: Aid stops, effects: {ukraine.supply: -200}}'
  wargame fork game.jsonl --turn 12 --ruling russia=fail --json"""

SHOWN = 6  # so many turns that differ are told in a terminal


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
    add_out(parser, "FILE", "write the fork as a new turn log", writes=new_file)
    add_jobs(parser, "processes for --runs")
    add_telling(parser, "language of the telling")


def run(args: argparse.Namespace) -> int:
    """Fork, and say what differs."""
    from wargame.analysis.odds import usually
    from wargame.batches.open_run import read_playthrough
    from wargame.errors import WargameError
    from wargame.replay.fork import fork
    from wargame.replay.injects import parse_inject
    from wargame.replay.orders import read_orders

    if not 0 <= args.runs <= 1_000_000:
        raise WargameError(f"--runs must be between 0 and 1,000,000, not {args.runs:,}")
    jobs = jobs_of(args)
    replay = read_playthrough(args.log)
    caution(replay, args.lang)
    done = fork(
        replay,
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
    out = args.out and str(args.out)
    if args.json:
        print_json(_data(done, usual, out))
    else:
        print(told(done, usual, out, args.lang))
    return 0


def _rulings(entries: list[str]) -> dict[str, tuple[Ruling, ...]]:
    from wargame.errors import no_such
    from wargame.replay.orders import Malformed, Ruling, read_orders

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


def told(fork: Fork, usual: Usual | None, out: str | None, lang: str = "en") -> str:
    """What differs, side by side, as a person reads it."""
    from wargame.show.replay_page.fork_diff import Beside, following, unreached
    from wargame.show.text.plain_text import beside
    from wargame.show.text.text_layout import wrapped
    from wargame.statistics.result import signed

    both = Beside(fork, lang)
    say = both.now.say
    head = say("{turn}, played again under the same luck").format(turn=both.now.heading(fork.turn))
    lines = [*wrapped(both.now.name), head, *wrapped(both.changed(), "  ")]
    heads = ("", say("as it was"), say("played otherwise"))
    for turn in both.turns[:SHOWN]:
        rows = [(row.what, row.was, row.now) for row in both.rows(turn)]
        if rows:
            lines += ["", *beside([(both.now.heading(turn), *heads[1:]), *rows])]
    if not both.turns:
        lines += ["", say("Nothing differs.")]
    elif len(both.turns) > SHOWN:
        rest = len(both.turns) - SHOWN
        lines += ["", say("More turns that differ: {n}").format(n=rest)]
    lines += ["", *beside([heads, (say("How it ends"), *both.ends())])]
    lines += [line for left in both.left_out() for line in wrapped(left)]
    if usual is not None:
        title = say("What usually follows: {n} futures of each, from the end of turn {turn} on")
        named = (*heads, say("change"), say("95 % interval"))
        shares = [
            (
                row.title,
                row.was.brief(lang),
                row.now.brief(lang),
                signed(row.change.difference),
                f"{signed(row.change.low)} … {signed(row.change.high)}",
            )
            for row in following(usual, both.now)
        ]
        lines += ["", *wrapped(title.format(n=f"{usual.n:,}", turn=fork.turn))]
        lines += table([named, *shares], right=(1, 2, 3))
        if never := unreached(usual, both.now):
            told = say("No future of either came to: {names}.")
            lines += wrapped(told.format(names=say("; ").join(never)))
        lines.append(say("Shares of model runs, not probabilities of war."))
    if out:
        lines += ["", say("Written to {file}").format(file=out)]
    return "\n".join(lines)
