"""What drives the endings: the assumptions without a source, the unknowns, and luck.

Turns hundreds of assumed numbers (weights, thresholds, odds, effects, paces, ties, starts, the
ladder), looks closely at those that seem to count, and says which move each ending, by how much,
and whether that is resolved. How many runs it comes to is said before the first. Sobol and PAWN
indices need SALib (pip install 'wargame[sensitivity]').
"""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from wargame.cli.shared.options import (
    add_overlay,
    add_players,
    add_policies,
    add_telling,
    add_worldviews,
    seed_of,
)
from wargame.cli.shared.outputs import add_out, joins
from wargame.cli.shared.studies import add_resume, study_of
from wargame.cli.shared.terminal import Meter, print_json, table
from wargame.errors import WargameError

if TYPE_CHECKING:
    from pathlib import Path

    from wargame.analysis.sensitivity.answer import Cost, Difference, Sensitivity
    from wargame.show.text.titles import Titles

EXAMPLES = """examples:
  wargame sensitivity kherson-2022
  wargame sensitivity kherson-2022 --only tornado --pairs 5000
  wargame sensitivity kherson-2022 --out runs/mine
  wargame sensitivity kherson-2022 --only regret --policy off-ramp --worldview samotsvety"""

TOP = 8  # rows of a table


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``wargame sensitivity``."""
    from wargame.analysis.sensitivity.study import SCREEN

    parser.add_argument("scenario", help="a scenario's name or path")
    add_overlay(parser, "laid over it throughout")
    add_policies(parser, "for the regrets", [])
    add_worldviews(parser, "for the regrets", [])
    parser.add_argument(
        "--only", default="", metavar="PART,...", help="of: tornado, sobol, regions, regret"
    )
    parser.add_argument(
        "--pairs", type=int, default=2000, metavar="N", help="runs behind each bar (default: 2000)"
    )
    parser.add_argument(
        "--screen",
        type=int,
        default=SCREEN,
        metavar="N",
        help=f"runs of the screening (default: {SCREEN})",
    )
    parser.add_argument(
        "--base", type=int, default=1024, metavar="N", help="Sobol's rows, a power of two"
    )
    add_players(parser)
    add_resume(parser)
    add_out(
        parser,
        "DIR",
        "keep the answer in a batch's folder, for its report",
        writes=joins("sensitivity.json"),
    )
    add_telling(parser)


def run(args: argparse.Namespace) -> int:
    """Play, and say what counts."""
    from wargame.analysis.sensitivity.study import PARTS, sensitivity
    from wargame.batches.store.folder import write_json
    from wargame.show.text.titles import Titles

    parts = [part.strip() for part in args.only.split(",")] if args.only else PARTS
    if (args.policy or args.worldview) and "regret" not in parts:
        raise WargameError(
            "--policy and --worldview are for the regrets, which --only leaves out: "
            "--overlay lays one over the scenario"
        )

    def tell(cost: Cost) -> None:
        print(cost.words(args.lang), file=sys.stderr)

    # Read before the playing, in which somebody may change a file.
    titles = Titles.of_scenario(args.scenario, (*args.policy, *args.worldview), args.lang)
    if args.out and (known := stored(args.out, titles, args.lang)):
        print(known, file=sys.stderr)
    meter = Meter("playing")
    with study_of(args) as study:
        found = sensitivity(
            args.scenario,
            overlays=args.overlay,
            policies=args.policy,
            worldviews=args.worldview,
            parts=parts,
            pairs=args.pairs,
            screen=args.screen,
            base=args.base,
            seed=seed_of(args),
            jobs=study,
            on_cost=tell,
            on_progress=meter.show,
        )
    meter.clear()
    if args.out:
        write_json(args.out / "sensitivity.json", found.to_json())
    if args.json:
        print_json(found.to_json())
    else:
        print(told(found.called(titles.head), args.lang))
    return 0


def stored(folder: Path, titles: Titles, lang: str = "en") -> str:
    """What the runs that a folder of results holds say already, before any further one is played.

    "" if it holds no batch, or too few runs. Raises StoreError for a batch that is damaged.
    """
    from wargame.analysis.profile import profile
    from wargame.batches.batch import Batch
    from wargame.batches.store.folder import MANIFEST
    from wargame.batches.store.plan import BASELINE
    from wargame.show.text.language import read
    from wargame.statistics.given_data import settles, strongest
    from wargame.statistics.result import say, whole

    if not (folder / MANIFEST).is_file():
        return ""
    batch = Batch.open(folder)
    base, unknowns = profile(batch), batch.spec(BASELINE).scenario.unknowns
    if not base.telling:
        return ""
    runs = whole(len(base.happened[base.telling[0]]))
    lines = [
        say(
            lang,
            en=f"Known already from {runs} runs in {folder}:",
            ja=f"{folder}の{runs}回の実行から既にわかること：",
        )
    ]
    for name in base.telling:
        happened = base.happened[name]
        found = {
            read(unknowns[k].title, lang) or k: settles(x, happened) for k, x in base.varied.items()
        }
        lines.append("  " + strongest(titles.head(name), found, lang))
    return "\n".join(lines)


def told(found: Sensitivity, lang: str = "en") -> str:
    """The answer as text for a terminal: sentences, then the tables behind them."""
    from wargame.analysis.sensitivity.parameters.parameter import KINDS
    from wargame.show.text.units import translated

    ja = lang == "ja"
    lines = [found.words(lang)]
    for name, bars in found.tornado.items():
        rows: list[Any] = [
            (name, "下げる" if ja else "turned down", "上げる" if ja else "turned up", "p")
        ]
        for bar in bars[:TOP]:
            less = _moved(bar.less, "下げられない" if ja else "cannot be turned down")
            more = _moved(bar.more, "上げられない" if ja else "cannot be turned up")
            rows.append((_fit(bar.title[lang], 60), less, more, f"{bar.p:.2g}"))
        head, *body = table(rows, right=(1, 2, 3))
        lines += ["", head]
        for line, bar in zip(body, bars, strict=False):
            source = _fit(bar.source, 60) if bar.source else "出典なし" if ja else "no source"
            unit = translated(bar.unit[lang], lang)
            facts = (bar.place, KINDS[bar.kind][ja], f"{bar.turned()} {unit}", source)
            lines += [line, "    " + ("、" if ja else "; ").join(facts)]
    for name, indices in found.indices.items():
        rows = [(name, "Sobol 1", "Sobol total", "PAWN", "floor")]
        for index in indices:
            rows.append(
                (
                    index.title[lang],
                    f"{index.first:.2f} ±{index.first_error:.2f}",
                    f"{index.total:.2f} ±{index.total_error:.2f}",
                    "" if index.pawn is None else f"{index.pawn:.3f}",
                    "" if index.floor is None else f"{index.floor:.3f}",
                )
            )
        lines += ["", *table(rows, right=(1, 2, 3, 4))]
    note = (
        "差は、同じ運のもとで一つの仮定だけを動かしたときの％ポイント。\n"
        "モデル実行の割合であり、戦争の確率ではない。"
        if ja
        else "Differences are points of model runs, one assumption turned at a time under the\n"
        "same luck. Shares of model runs are not probabilities of war."
    )
    return "\n".join([*lines, "", note])


def _moved(side: Difference | None, cannot: str) -> str:
    """A difference with its interval, in points."""
    if side is None:
        return cannot
    difference, low, high = (100 * one for one in side)
    return f"{difference:+.2f} ({low:+.2f} … {high:+.2f})"


def _fit(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
