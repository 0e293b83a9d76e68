"""What commands share in telling what policies change: one table for each comparison."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from wargame.cli.shared.terminal import table
from wargame.errors import counted
from wargame.show.text.text_layout import packed
from wargame.statistics.result import (
    about,
    decimals,
    percent,
    percent_bound,
    say,
    signed,
    signed_interval,
    whole,
)

if TYPE_CHECKING:
    from wargame.show.text.titles import Titles
    from wargame.statistics.compare import Comparison, Difference, Transition
    from wargame.statistics.verdict import Verdict

MOST_FLOWS = 6


def comparison(found: Comparison, titles: Titles) -> list[str]:
    """One policy against the base: a heading, a table of outcomes, and who changed places."""
    lang = titles.lang
    lines = [heading(found, titles)]
    rows = [
        tuple(
            say(lang, en=en, ja=ja)
            for en, ja in (
                ("", ""),
                *(
                    (("first", "最初の"), ("other", "もう一方"))
                    if "#" in found.base
                    else ((found.base, titles(found.base)), ("policy", "政策"))
                ),
                ("points", "差"),
                ("95 % interval", "95 % 区間"),
                ("ratio", "比"),
                ("verdict", "判定"),
                ("p (BY)", "p（BY）"),
                ("pairing", "対の効果"),
            )
        )
    ]
    rows += [_row(row.called(titles), lang) for row in found]
    lines += table(rows, right=(1, 2, 3, 4, 5, 7, 8))
    moved = (
        say(lang, en="the mix of endings moved", ja="結末の構成は変化した")
        if found.mix_moved
        else say(
            lang,
            en="the mix of endings is not shown to move",
            ja="結末の構成が変化したとは言えない",
        )
    )
    p = f"p = {found.mix_p:.2g}"
    lines.append(f"  {moved}" + say(lang, en=f" ({p})", ja=f"（{p}）"))
    if found.transitions:
        lines += flows([flow.called(titles.head) for flow in found.transitions], lang)
    return lines


def heading(found: Comparison, titles: Titles) -> str:
    """Who is compared with whom, and by how many runs."""
    from wargame.statistics.unpaired import Unpaired

    lang, runs = titles.lang, whole(found.n)
    base, variant = titles.typed(found.base), titles.typed(found.variant)
    if isinstance(found, Unpaired):
        others = whole(found.base_n)
        return say(
            lang,
            en=f"{variant} ({counted(found.n, 'run')}) against {base} ({others}), "
            "each its own luck",
            ja=f"{base}の実行{others}回に対する{variant}の{runs}回：運は別々",
        )
    return say(
        lang,
        en=f"{variant} against {base}: {counted(found.n, 'pair')} of runs under the same luck",
        ja=f"{base}に対する{variant}：同じ運の実行{runs}組",
    )


def _row(row: Difference, lang: str) -> tuple[str, ...]:
    verdict = row.verdict
    if verdict.kind == "void":
        return (f"  {row.name}", "", "", "", "", "", in_short(verdict, lang), "", "")
    places = decimals(50 * (row.worst_high - row.worst_low))
    gain = row.pairing
    return (
        f"  {row.name}",
        percent(row.base, max(places, 1)),
        percent(row.variant, max(places, 1)),
        signed(row.difference, places),
        signed_interval(row.worst_low, row.worst_high, lang, places),
        verdict.times(lang),
        in_short(verdict, lang),
        f"{row.adjusted_p:.1g}",
        "" if gain == float("inf") else f"x{gain:.1f}",
    )


def in_short(verdict: Verdict, lang: str = "en") -> str:
    """A verdict in a few words, its numbers being told beside it."""
    match verdict.kind:
        case "up":
            return say(lang, en="resolved up", ja="上昇と確定")
        case "down":
            return say(lang, en="resolved down", ja="低下と確定")
        case "small":
            places = decimals(50 * (verdict.high - verdict.low))
            bound = percent_bound(verdict.bound, places).removesuffix(" %")
            return say(
                lang,
                en=f"no difference larger than {bound}",
                ja=f"差はあっても{bound}以内",
            )
        case "masked":
            return say(lang, en="failed runs could undo it", ja="失敗した実行次第で覆りうる")
        case "void":
            return say(lang, en="its condition never occurred", ja="条件が一度も成立せず")
    if verdict.more is None:
        return say(lang, en="not resolved", ja="未確定")
    more, margin = about(verdict.more), f"{100 * verdict.tolerance:g}"
    if verdict.aim == "bound":
        return say(
            lang,
            en=f"{whole(more)} more to bound by {margin}",
            ja=f"あと{whole(more)}回で{margin}以内と示せる",
        )
    return say(lang, en=f"{whole(more)} more to resolve", ja=f"あと{whole(more)}回で確定")


def flows(transitions: Sequence[Transition], lang: str = "en") -> list[str]:
    """Which endings changed places, the busiest exchanges first, as lines that fit."""
    told = [flow.words(lang) for flow in transitions[:MOST_FLOWS]]
    rest = len(transitions) - MOST_FLOWS
    if rest > 0:
        told.append(
            say(lang, en=f"and {counted(rest, 'rarer exchange')}", ja=f"他に稀な入れ替わり{rest}種")
        )
    lead = say(lang, en="  changed places: ", ja="  入れ替わり：")
    return packed(lead, told, say(lang, en="; ", ja="、"))


def footnote(tests: int, lang: str = "en") -> list[str]:
    """How to read the tables."""
    return say(
        lang,
        en=(
            "Points are percentage points of model runs. Intervals hold together for all rows of\n"
            "a policy; a verdict also stands after Benjamini and Yekutieli over all "
            f"{counted(tests, 'test')}\n(p BY). Pairing x3: without shared luck, 3 times the runs. "
            "More: so many further runs would, if\nthe truth is as seen, resolve the difference or "
            "show it to be within the margin, with 80 % power."
        ),
        ja=(
            "差はモデル実行の割合の差（パーセントポイント）。区間は政策ごとに全行が同時に成り立つ。\n"
            f"判定は全{tests}検定に対するBenjamini-Yekutieli補正（p BY）後も成り立つ。\n"
            "対の効果x3とは、運を共有しなければ同じ精度に3倍の実行が要るという意味。\n"
            "「あと〇回」とは、真の差が今回見えたとおりなら、その回数の追加で検出力80 %で\n"
            "差を確定できる、または許容幅以内と示せるという意味。"
        ),
    ).splitlines()
