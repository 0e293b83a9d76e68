"""The odds after every turn of a run, and the moves that changed them.

After each turn, futures are played from that very world, with every seat left to its rules and
fresh luck: a curve of how this model expects the run to end. Then the moves of the turns that moved
the odds most are judged, by playing those turns again with every other move that could have been
made. Shares of model runs are no probabilities of war.
"""

from __future__ import annotations

import argparse
import re
from typing import TYPE_CHECKING, Any

from wargame.cli.shared.options import add_jobs, add_telling
from wargame.cli.shared.studies import add_resume, study_of
from wargame.cli.shared.terminal import Meter, caution, print_json, table
from wargame.errors import counted

if TYPE_CHECKING:
    from wargame.analysis.odds import Odds
    from wargame.analysis.turning_points import TurningPoint
    from wargame.show.text.narrate import Narrator
    from wargame.statistics.shares import Share

EXAMPLES = """examples:
  wargame odds autumn-2022
  wargame odds game.jsonl --runs 300 --turning-points 0
  wargame odds runs/kherson-2022-0001#4711 --json"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``wargame odds``."""
    parser.add_argument("log", help="a turn log, runs/DIR#RUN, or the name of a history")
    parser.add_argument(
        "--runs", type=int, default=1000, metavar="N", help="futures of each turn (default: 1000)"
    )
    parser.add_argument(
        "--turning-points",
        type=int,
        default=3,
        metavar="K",
        help="judge the moves of the K turns that moved the odds most (default: 3; 0: none)",
    )
    add_jobs(parser)
    add_resume(parser)
    add_telling(parser)


def run(args: argparse.Namespace) -> int:
    """Play the futures and print the curve."""
    from wargame.analysis.odds import odds_of
    from wargame.analysis.turning_points import turning_points
    from wargame.batches.open_run import read_playthrough
    from wargame.errors import WargameError
    from wargame.show.text.narrate import Narrator

    if not 1 <= args.runs <= 1_000_000:
        raise WargameError(f"--runs must be between 1 and 1,000,000, not {args.runs:,}")
    if args.turning_points < 0:
        raise WargameError("--turning-points cannot be below 0")
    replay = read_playthrough(args.log)
    if not replay.verdict.identical:
        raise WargameError(f"{args.log}: {replay.verdict.words()}; it has no odds here")
    caution(replay, args.lang)
    meter = Meter("futures")
    points: tuple[TurningPoint, ...] = ()
    with study_of(args) as study:
        odds = odds_of(replay, args.runs, study, meter.show)
        if args.turning_points:
            points = turning_points(
                replay,
                odds,
                turns=args.turning_points,
                futures=args.runs,
                jobs=study,
                on_progress=Meter("turning points").show,
            )
    meter.clear()
    if args.json:
        data: dict[str, Any] = odds.to_json()
        data["turning_points"] = [point.to_json() for point in points]
        print_json(data)
    else:
        print(told(Narrator.of(replay, args.lang), odds, points))
    return 0


def told(narrator: Narrator, odds: Odds, points: tuple[TurningPoint, ...]) -> str:
    """The curve and the turning points as a person reads them."""
    from wargame.statistics.result import say

    lang = narrator.lang
    names = (*odds.header.milestones, *odds.header.endings)
    curves = [odds.curve(name) for name in names]
    widest = max((share.half_width for curve in curves for share in curve), default=0.0)
    moved = say(lang, en="moved", ja="変化")
    heads = [re.split("[:：]", narrator.outcome(name))[0] for name in names]  # of long titles
    rows = [(say(lang, en="turn", ja="ターン"), *heads, moved)]
    for turn in range(odds.turns + 1):
        shares = (_cell(curve[turn]) for curve in curves)
        bar = "▪" * round(40 * odds.stir(turn)) if turn else ""
        rows.append((f"{turn}", *shares, bar))
    lines = [
        say(
            lang,
            en=f"{odds.name}: {counted(odds.n, 'future')} after each turn, per cent of model runs",
            ja=f"{odds.name}：各ターンのあとの{odds.n:,}通りの未来、モデルの実行に占める割合（％）",
        ),
        "",
        *table(rows, right=range(len(names) + 1)),
        "",
        say(
            lang,
            en=f"Each share is within {100 * widest:.1f} points (95 %, all of a turn together); "
            "< and > stand where none of the futures came to it, or all.",
            ja=f"どの割合の誤差も{100 * widest:.1f}ポイント以内（95％、ターンごとに同時）。"
            "「<」は該当する未来が一つもないこと、「>」はすべてが該当することを示す。",
        ),
    ]
    if points:
        lines += ["", *_judged(narrator, points)]
    return "\n".join(lines)


def _cell(share: Share) -> str:
    """A share in per cent; of none of the futures, or of all, what the interval allows."""
    if share.count == 0:
        return f"<{100 * share.high:.1f}"
    return f">{100 * share.low:.1f}" if share.count == share.n else f"{100 * share.share:.1f}"


def _judged(narrator: Narrator, points: tuple[TurningPoint, ...]) -> list[str]:
    """The moves of the turns that moved the odds most, each beside what it is held against."""
    from wargame.analysis.turning_points import SIGNS
    from wargame.statistics.result import say, signed

    lang = narrator.lang
    telling = [p for p in points if any(map(round, (p.ground.points, p.ground.low, p.ground.high)))]
    idle = len(points) - len(telling)
    if not telling:
        turns = say(lang, en=", ", ja="、").join(map(str, sorted({p.turn for p in points})))
        return [
            say(
                lang,
                en="In the turns that moved the odds most no single move made a difference to the "
                f"side that made it (turns judged: {turns}).",
                ja="見通しを最も動かしたターンで、指した側にとって差をもたらした手は一つもなかった"
                f"（評価したターン：{turns}）。",
            )
        ]
    usual = say(lang, en="what it usually does", ja="ふだんの手")
    to = say(lang, en=" to ", ja="～")
    rows = [
        (
            f"{p.turn}",
            narrator.actor(p.actor),
            narrator.move(p.played),
            SIGNS[p.mark],
            signed(p.ground.points / 100, 0),
            f"{signed(p.ground.low / 100, 0)}{to}{signed(p.ground.high / 100, 0)}",
            usual if p.ground is p.usual else narrator.move(p.alternative),
        )
        for p in telling
    ]
    rest = say(
        lang,
        en=f"{counted(idle, 'more move')} of these turns made no difference.",
        ja=f"これらのターンのほかの手{idle}件は、差をもたらさなかった。",
    )
    if lang == "ja":
        return [
            "見通しを最も動かしたターンの手。指した側から見た評価：",
            *table(
                [("ターン", "主体", "指した手", "", "点", "区間", "比べた手"), *rows], right=(0, 4)
            ),
            "!! 妙手  ! 好手  ?! 疑問手  ? 悪手  ?? 大悪手。印なし：差は見えない。",
            "点はその主体にとってのもの（1000：最悪の結末から最良の結末まで。仮定）。",
            *([rest] if idle else []),
        ]
    return [
        "Moves of the turns that moved the odds most, for the side that made them:",
        *table(
            [("turn", "actor", "played", "", "points", "interval", "than"), *rows], right=(0, 4)
        ),
        "!! brilliant  ! good  ?! dubious  ? mistake  ?? blunder; no sign: not resolved.",
        "Points are the actor's own (1000: from its worst ending to its best; an assumption).",
        *([rest] if idle else []),
    ]
