"""How the runs of a batch ended, as tables for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wargame.cli.shared.comparison_tables import comparison, footnote
from wargame.cli.shared.terminal import table
from wargame.errors import agreeing, counted
from wargame.show.text.text_layout import packed
from wargame.show.text.titles import Titles
from wargame.statistics.result import decimals, interval, percent, percent_bound, say, whole

if TYPE_CHECKING:
    from wargame.batches.batch import Batch
    from wargame.batches.results import Tally
    from wargame.batches.store.journal import FailedRun
    from wargame.statistics.anytime import Look

MOST_FAILURES = 5


def told(batch: Batch, lang: str = "en") -> list[str]:
    """The results as a person reads them."""
    summary, titles = batch.summary, Titles.of_batch(batch, lang)
    seed, worldview = batch.header.seed, batch.worldview
    lines = [
        say(
            lang,
            en=f"{batch.header.scenario}, {worldview or 'as written'}, seed {seed}",
            ja=f"{batch.header.scenario}、{worldview or '記述どおり'}、シード{seed}",
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
        colon = say(lang, en=": ", ja="：")
        lines += [
            f"  {titles.typed(seat.policy)}{colon}{seat.words(lang)}" for seat in batch.stood_in
        ]
    return [
        *lines,
        "",
        *say(
            lang,
            en="Intervals of shares are exact (Clopper-Pearson) and simultaneous over all endings\n"
            "of a variant. Shares of model runs are not probabilities of war: they say what this\n"
            "model does, and why can be replayed.",
            ja="割合の区間は正確な区間（Clopper-Pearson）で、変種ごとに全結末について同時に成り立つ。\n"
            "モデル実行の割合は戦争の確率ではない。このモデルの振る舞いを示すもので、理由は再生して確かめられる。",
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


def glance(looks: tuple[Look, ...], titles: Titles, first: bool = True) -> list[str]:
    """How things stand while the batch runs: the baseline's shares, and what policies moved.

    first: whether the reader has not yet been told what the intervals are.
    """
    base, *others = looks
    lang, runs = titles.lang, whole(base.n)
    heading = say(lang, en=f"baseline after {counted(base.n, 'run')}", ja=f"基準、{runs}回の時点")
    if first:
        heading += say(
            lang,
            en=" (intervals that hold at all looks together)",
            ja="（何度見ても同時に成り立つ区間）",
        )
    lines = [heading + say(lang, en=":", ja="：")]
    lines += [f"  {row.called(titles.head).words(lang)}" for row in base.rows if row.share > 0]
    for look in others:
        moved = [
            f"{titles.head(row.name)} {'↑' if row.difference > 0 else '↓'}"
            for row in look.rows
            if row.resolved
        ]
        nothing = say(lang, en="nothing resolved yet", ja="まだ何も確定せず")
        told = say(lang, en=", ", ja="、").join(moved) or nothing
        pairs = whole(look.n)
        after = say(lang, en=f" after {pairs} pairs: ", ja=f"、{pairs}組の時点：")
        lines.append(f"  {titles(look.variant)}" + after + told)
    return lines
