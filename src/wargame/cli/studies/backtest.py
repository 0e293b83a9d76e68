"""Test the model's odds against what was really done, week by week.

In each week every actor's rules state odds for what it will do, from the true history so far. They
are scored against three naive guesses: anything allowed is equally likely (uniform); what this
actor has done so far, as often (base rate); the same again (last week). Scores are bits of
surprise: less is better, and 4 bits are as surprising as four heads in a row.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from wargame.cli.shared.options import add_seed, add_telling, add_worldview, seed_of
from wargame.cli.shared.studies import add_resume, study_of
from wargame.cli.shared.terminal import print_json, table
from wargame.errors import counted
from wargame.statistics.result import say, whole

if TYPE_CHECKING:
    from wargame.analysis.validation.backtest import Backtest

EXAMPLES = """examples:
  wargame backtest
  wargame backtest autumn-2022 --worldview forecasters
  wargame backtest --actors russia,ukraine,usa,nato,china,india --json

With intervals from whole weeks drawn again; a dozen weeks carry no more than that."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``wargame backtest``."""
    parser.add_argument(
        "history", nargs="?", default="autumn-2022", help="a history (default: autumn-2022)"
    )
    add_worldview(parser)
    parser.add_argument(
        "--actors", default="", metavar="A,B,...", help="who is scored (default: all)"
    )
    parser.add_argument(
        "--runs", type=int, metavar="N", help="draws of unknowns and noise (default: 10000)"
    )
    add_seed(parser)
    parser.add_argument(
        "--smoothing",
        type=float,
        metavar="X",
        help='share of "anything at all" in every forecast, the guesses\' too (default: 0.1)',
    )
    add_resume(parser)
    add_telling(parser)


def run(args: argparse.Namespace) -> int:
    """Score and print."""
    from wargame.analysis.validation.backtest import RUNS, backtest
    from wargame.analysis.validation.foresight import SMOOTHING

    with study_of(args) as study:
        found = backtest(
            args.history,
            worldview=args.worldview,
            actors=[name.strip() for name in args.actors.split(",") if name.strip()],
            runs=RUNS if args.runs is None else args.runs,
            seed=seed_of(args),
            smoothing=SMOOTHING if args.smoothing is None else args.smoothing,
            jobs=study,
        )
    if args.json:
        print_json({"schema": 1, **found.to_json()})
    else:
        print("\n".join(told(found, args.lang)))
    return 0


def told(found: Backtest, lang: str = "en") -> list[str]:
    """The backtest as a person reads it."""
    held = f"{found.history}, {found.scenario}"
    if found.worldview:
        held += f" + {found.worldview}"
    lines = [
        say(
            lang,
            en=f"{held}: {counted(found.runs, 'draw')} of what nobody knew, seed {found.seed};"
            f" smoothing {found.smoothing:g}",
            ja=f"{held}：未知数の抽選{whole(found.runs)}回、シード{found.seed}、"
            f"平滑化{found.smoothing:g}",
        ),
        say(
            lang,
            en="Bits of surprise in an actor's week: less is better.",
            ja="1者1週あたりの意外さ（ビット）。小さいほどよい。",
        ),
    ]
    for part in found.parts:
        rows = found.table(part, lang)
        lines += ["", part.title(found.until, lang), *table(rows, right=(1, 2, 3, 4, 6))]
        lines += ["", say(lang, en="Do its chances come true?", ja="述べた確率は当たるか")]
        lines += table(found.calibration(part, lang), right=(0, 1))
    lines += ["", say(lang, en="What surprised the model most:", ja="モデルが最も意外とした週：")]
    lines += [f"  {found.told(surprise, lang)}" for surprise in found.surprises]
    return [*lines, "", found.words(lang)]
