"""Figures of results, with matplotlib: for a notebook, a slide, a page in print.

Each takes plain answers of `wargame.statistics`, draws on one figure and returns its axes. Every
figure says how many runs it stands on, what its intervals promise, and that it shows shares of
model runs. Colours are those of Okabe and Ito, told apart with any colour vision and in grey by
their labels; nothing is said by colour alone.

figure: where to draw; left out, a new one of pyplot, which a notebook shows by itself.
titles: what to call endings, milestones, policies and dyads; a name that is missing stands for
itself. lang: "en" or "ja".
"""

from __future__ import annotations

import io
import re
import textwrap
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from wargame.errors import counted
from wargame.show.replay_page.charts import ENDING_FILL, STAGE_FILL, STAGE_TEXT
from wargame.show.text.titles import head
from wargame.show.text.units import lasting
from wargame.statistics.compare import Study
from wargame.statistics.result import decimals, say, whole
from wargame.statistics.shares import Share, critical, share_interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.typing import ColorType

Titles = Mapping[str, str]

INK, PALE, RULE = "#111111", "#5d5d5d", "#d8d8d8"
UP, DOWN, NEITHER = "#d55e00", "#0072b2", "#5d5d5d"
WIDE = 7.4  # inches: the text width of an A4 page
JAPANESE = ("Noto Sans CJK JP", "Noto Sans JP", "Hiragino Sans", "Yu Gothic", "IPAexGothic")
LATIN = "DejaVu Sans"
PANELS = 3  # in a row below the stacked shares
DIRECT = 0.07  # the smallest segment that carries its number


def ending_shares(
    rows: Mapping[str, Sequence[Share]],
    milestones: Mapping[str, Sequence[Share]] | None = None,
    *,
    titles: Titles | None = None,
    lang: str = "en",
    figure: Figure | None = None,
) -> list[Axes]:
    """Shares of all endings by variant, stacked; below, one panel an ending with intervals.

    rows: the shares of each variant's endings, in the scenario's order; milestones: likewise, each
    with a panel of its own. Returns the stacked axes, then the panels.
    """
    called = _called(titles, lang)
    variants = list(rows)
    endings = [row.name for row in next(iter(rows.values()))]
    panels = [(name, rows) for name in endings]
    if milestones:
        panels += [(row.name, milestones) for row in next(iter(milestones.values()))]
    lines = -(-len(panels) // PANELS)
    tall = 0.24 * len(variants) + 0.75
    figure = _figure(figure, WIDE, tall + 0.5 + lines * (tall + 0.25) + 0.6)
    with _style(lang):
        heights = [tall + 0.5, lines * (tall + 0.25)]
        top, below = figure.subfigures(2, 1, squeeze=False, height_ratios=heights).flat
        stacked = top.subplots()
        _stack(stacked, rows, called)
        stacked.set_title(say(lang, en="How the runs end", ja="結末の内訳"))
        axes = [stacked]
        grid = below.subplots(lines, PANELS, sharey=True, squeeze=False)
        for place, (name, part) in enumerate(panels):
            ax = grid.flat[place]
            fill = ENDING_FILL[place % len(ENDING_FILL)] if place < len(endings) else PALE
            _whiskers(ax, [{row.name: row for row in part[v]}[name] for v in variants], fill)
            ax.set_title(_short(head(called(name)), 24), fontsize=9)
            ax.set_yticks(range(len(variants)), [called(v) for v in variants])
            axes.append(ax)
        for ax in grid.flat[len(panels) :]:
            ax.set_visible(False)
        fewest = min(row.n for part in rows.values() for row in part)
        _foot(
            figure,
            lang,
            fewest,
            "dot: share; line: 95 % interval, together for all endings of a variant",
            "点：割合、線：95％区間。変種ごとに全結末で同時に成立",
        )
    return axes


def differences(
    found: Study,
    outcome: str,
    *,
    titles: Titles | None = None,
    lang: str = "en",
    figure: Figure | None = None,
) -> Axes:
    """How each policy moves one outcome against the baseline, under the same luck: a forest plot.

    The thick line is the interval of this row alone, the thin one holds for all rows of the
    policy together. Filled marks are resolved: up, down, or no difference that matters.
    """
    called = _called(titles, lang)
    rows = [(one.variant, one[outcome]) for one in found]
    figure = _figure(figure, WIDE, 0.3 * len(rows) + 1.7)
    with _style(lang):
        ax = figure.subplots()
        ax.axvline(0, color=INK, linewidth=1)
        margin = 100 * found.tolerance
        ax.axvspan(-margin, margin, color="#eeeeee", zorder=0, linewidth=0)
        for y, (_, row) in enumerate(rows):
            kind = row.verdict.kind
            colour = {"up": UP, "down": DOWN}.get(kind, NEITHER)
            mark = {"up": ">", "down": "<", "small": "s"}.get(kind, "o")
            ax.plot([100 * row.joint_low, 100 * row.joint_high], [y, y], color=colour, linewidth=1)
            ax.plot([100 * row.low, 100 * row.high], [y, y], color=colour, linewidth=3.2)
            ax.plot(
                [100 * row.difference],
                [y],
                mark,
                color=colour,
                markersize=8,
                markerfacecolor=colour if kind in ("up", "down", "small") else "white",
                markeredgewidth=1.4,
            )
            places = decimals(50 * (row.high - row.low))
            text = f"{100 * row.difference:+.{min(places, 2)}f}"
            ax.annotate(
                text, (1.01, y), xycoords=("axes fraction", "data"), va="center", fontsize=9
            )
        unit = say(
            lang, en="difference from the baseline, percentage points", ja="基準との差（％点）"
        )
        _forest(ax, called(outcome), [called(name) for name, _ in rows], unit)
        _legend(
            ax,
            [
                (say(lang, en="resolved up", ja="上昇と確定"), UP, ">", True),
                (say(lang, en="resolved down", ja="低下と確定"), DOWN, "<", True),
                (
                    say(lang, en="no difference that matters", ja="意味のある差なし"),
                    NEITHER,
                    "s",
                    True,
                ),
                (say(lang, en="not resolved", ja="未確定"), NEITHER, "o", False),
            ],
        )
        _foot(
            figure,
            lang,
            min(one.n for one in found),
            "pairs under the same luck; thick: 95 % interval of the row, thin: of all rows "
            "together; grey band: differences too small to matter",
            "同じ運の対で比較。太線：その行の95％区間、細線：全行で同時の区間、灰色：無視できる差",
        )
    return ax


def policy_by_worldview(
    values: npt.ArrayLike,
    policies: Sequence[str],
    worldviews: Sequence[str],
    outcome: str,
    *,
    n: int,
    titles: Titles | None = None,
    lang: str = "en",
    figure: Figure | None = None,
) -> Axes:
    """A heat table: the share of an outcome, policies x worldviews, each cell with its number.

    values: not a number where a policy cannot be played; the cell then says so. n: runs in each
    cell. The half-width of the 95 % interval stands below each share.
    """
    called = _called(titles, lang)
    table = np.asarray(values, dtype=float)
    low, high = share_interval(np.round(table * n), n, critical(0.05))
    figure = _figure(figure, WIDE, 0.42 * len(policies) + 1.9)
    with _style(lang):
        from matplotlib import colormaps

        ax = figure.subplots()
        top = max(float(np.nanmax(table)), 1e-9)
        # Drawn as areas, not as a picture: a report may load none, not even its own.
        edges = (np.arange(length + 1) - 0.5 for length in reversed(table.shape))
        ax.pcolormesh(*edges, table, cmap="cividis_r", vmin=0, vmax=top, edgecolors="white")
        ax.invert_yaxis()
        for (i, j), value in np.ndenumerate(table):
            if np.isnan(value):
                ax.text(j, i, "–", ha="center", va="center", fontsize=8, color=INK)
                continue
            dark = _dark(colormaps["cividis_r"](value / top))
            half = float(50 * (high[i, j] - low[i, j]))
            ax.text(
                j,
                i,
                f"{100 * value:.{min(2, decimals(half))}f}\n±{half:.2g}",
                ha="center",
                va="center",
                fontsize=8,
                color="white" if dark else INK,
            )
        ax.set_xticks(range(len(worldviews)), [called(name) for name in worldviews])
        ax.set_yticks(range(len(policies)), [called(name) for name in policies])
        ax.tick_params(length=0)
        if len(worldviews) > 4:
            ax.tick_params(axis="x", rotation=25)
        ax.set_title(called(outcome))
        _foot(
            figure,
            lang,
            n,
            "in each cell; % of them, ± half a 95 % interval",
            "各欄はその％、±は95％区間の半幅",
        )
    return ax


def time_to_ending(
    ended: Mapping[str, npt.ArrayLike],
    n: int,
    *,
    turn_length: str = "1 week",
    titles: Titles | None = None,
    lang: str = "en",
    figure: Figure | None = None,
) -> Axes:
    """When runs come to each ending: the share that has, by turn, with 95 % intervals.

    ended: for each ending, runs by turn, from turn 0 on. n: all runs.
    """
    called = _called(titles, lang)
    figure = _figure(figure, WIDE, 3.9)
    with _style(lang):
        ax = figure.subplots()
        ends = []
        for place, (name, counts) in enumerate(ended.items()):
            so_far = np.cumsum(np.asarray(counts, dtype=np.int64))
            if not so_far[-1]:
                continue
            turns = np.arange(len(so_far))
            colour = ENDING_FILL[place % len(ENDING_FILL)]
            low, high = share_interval(so_far, n, critical(0.05))
            ax.fill_between(
                turns, 100 * low, 100 * high, step="post", color=colour, alpha=0.3, linewidth=0
            )
            ax.step(turns, 100 * so_far / n, where="post", color=colour, linewidth=1.8)
            ends.append((100 * so_far[-1] / n, called(name), colour))
        last = max(len(np.asarray(counts)) for counts in ended.values()) - 1
        _at_the_end(ax, last, ends)
        ax.set_xlim(0, last)
        ax.set_ylim(bottom=0)
        _grid(ax)
        ax.set_xlabel(
            say(
                lang,
                en=f"turn (each is {turn_length})",
                ja=f"ターン（1ターンは{lasting(turn_length, 'ja')}）",
            )
        )
        ax.set_ylabel(say(lang, en="% of model runs, so far", ja="モデル実行の％（累計）"))
        ax.set_title(say(lang, en="When the endings come", ja="結末はいつ訪れるか"))
        _foot(figure, lang, n, "band: 95 % interval", "帯：95％区間")
    return ax


def highest_stages(
    peaks: Mapping[str, npt.ArrayLike],
    *,
    titles: Titles | None = None,
    lang: str = "en",
    figure: Figure | None = None,
) -> Axes:
    """The highest stage of Glasl's ladder that each dyad reached in a run, stacked.

    peaks: for each dyad, runs by stage, stages 1 to 9.
    """
    called = _called(titles, lang)
    figure = _figure(figure, WIDE, 0.5 * len(peaks) + 1.7)
    with _style(lang):
        ax = figure.subplots()
        n = 0
        for y, counts in enumerate(peaks.values()):
            runs = np.asarray(counts, dtype=np.int64)
            n = int(runs.sum())
            left = 0.0
            for stage, share in enumerate(100 * runs / max(n, 1), start=1):
                fill, ink = STAGE_FILL[stage - 1], STAGE_TEXT[stage - 1]
                ax.barh(
                    y, share, left=left, height=0.66, color=fill, edgecolor="white", linewidth=0.8
                )
                if share >= 100 * DIRECT:
                    half = 100 * critical(0.05) * (share / 100 * (1 - share / 100) / n) ** 0.5
                    ax.text(
                        left + share / 2,
                        y,
                        f"{stage}\n{share:.0f} ±{half:.1f}",
                        ha="center",
                        va="center",
                        color=ink,
                        fontsize=7.5,
                        linespacing=1.1,
                    )
                left += share
        _legend(
            ax,
            [(str(stage), STAGE_FILL[stage - 1], "s", True) for stage in range(1, 10)],
            columns=9,
        )
        ax.set_yticks(range(len(peaks)), [called(name) for name in peaks])
        ax.set_ylim(len(peaks) - 0.5, -0.5)
        ax.set_xlim(0, 100)
        ax.set_xlabel(say(lang, en="% of model runs", ja="モデル実行の％"))
        ax.set_title(
            say(
                lang,
                en="Highest stage of escalation, pair by pair",
                ja="対立の組ごとに達した最高の段階",
            )
        )
        _foot(
            figure,
            lang,
            n,
            "in each segment: stage, share, ± half a 95 % interval",
            "各区画：段階、割合、±95％区間の半幅",
        )
    return ax


def tornado(
    rows: Sequence[Mapping[str, Any]],
    outcome: str,
    *,
    n: int,
    titles: Titles | None = None,
    lang: str = "en",
    figure: Figure | None = None,
) -> Axes:
    """How far each assumption alone moves an outcome, the strongest on top.

    rows: each with `title`, and for `less` and `more` (the assumption turned down and up) the
    paired difference as (difference, low, high), in shares, or None where it cannot be turned
    that way, as the figure then says. n: pairs behind each.
    """
    called = _called(titles, lang)
    figure = _figure(figure, WIDE, 0.42 * len(rows) + 1.7)
    with _style(lang):
        ax = figure.subplots()
        ax.axvline(0, color=INK, linewidth=1)
        cannot = {
            "less": say(lang, en="cannot be turned down", ja="これ以上は下げられない"),
            "more": say(lang, en="cannot be turned up", ja="これ以上は上げられない"),
        }
        absent: list[tuple[float, str, str]] = []
        for y, row in enumerate(rows):
            for side, colour, shift in (("less", DOWN, -0.19), ("more", UP, 0.19)):
                if row[side] is None:
                    absent.append((y + shift, cannot[side], colour))
                    continue
                middle, low, high = (100 * value for value in row[side])
                ax.barh(y + shift, middle, height=0.32, color=colour, alpha=0.85)
                ax.plot([low, high], [y + shift] * 2, color=INK, linewidth=1)
        left, right = ax.get_xlim()
        away = 1 if right >= -left else -1  # to the side with more room
        for height, text, colour in absent:
            ax.annotate(
                text,
                (0, height),
                xytext=(5 * away, 0),
                textcoords="offset points",
                ha="left" if away > 0 else "right",
                va="center",
                fontsize=8,
                color=colour,
            )
        unit = say(
            lang, en="difference, percentage points of model runs", ja="差（モデル実行の％点）"
        )
        _forest(ax, called(outcome), [_two_lines(str(row["title"])) for row in rows], unit)
        _legend(
            ax,
            [
                (say(lang, en="turned down", ja="下げたとき"), DOWN, "s", True),
                (say(lang, en="turned up", ja="上げたとき"), UP, "s", True),
            ],
        )
        _foot(
            figure,
            lang,
            n,
            "pairs under the same luck; line: 95 % interval of each bar",
            "同じ運の対で比較。線：各棒の95％区間",
        )
    return ax


# ------------------------------------------------------------------------------ into a page


def svg(draw: Callable[..., object], name: str, *args: Any, label: str = "", **named: Any) -> str:
    """What `draw` draws, as one ``<svg>`` element whose text stays text.

    name: letters that make its ids its own. label: what a screen reader says of it.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    figure = Figure(layout="constrained")
    draw(*args, **named, figure=figure)
    out = io.StringIO()
    # A fixed salt and no date: the same results give the same bytes.
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": name}):
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    text = out.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r'\bid="([^"]+)"', rf'id="{name}-\1"', text)
    text = re.sub(r"url\(#([^)]+)\)", rf"url(#{name}-\1)", text)
    text = re.sub(r'(xlink:href|href)="#([^"]+)"', rf'\1="#{name}-\2"', text)
    text = re.sub(r' xmlns:\w+="[^"]*"', _used_names(text), text)
    wide, tall = figure.get_size_inches()
    said = label.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
    head = (
        f'<svg role="img" aria-label="{said}" viewBox="0 0 {72 * wide:g} {72 * tall:g}" '
        f'style="max-width:{wide * 110:.0f}px"'
    )
    return head + re.sub(r"^<svg[^>]*>", ' xmlns="http://www.w3.org/2000/svg">', text, count=1)


def _used_names(text: str) -> str:
    return ' xmlns:xlink="http://www.w3.org/1999/xlink"' if "xlink:" in text else ""


# ------------------------------------------------------------------------------ small things


def _stack(ax: Axes, rows: Mapping[str, Sequence[Share]], called: Callable[[str], str]) -> None:
    for y, parts in enumerate(rows.values()):
        left = 0.0
        for place, part in enumerate(parts):
            share = 100 * part.share
            fill = ENDING_FILL[place % len(ENDING_FILL)]
            ax.barh(y, share, left=left, height=0.7, color=fill, edgecolor="white", linewidth=0.8)
            if part.share >= DIRECT:
                ax.text(
                    left + share / 2,
                    y,
                    f"{share:.0f}",
                    ha="center",
                    va="center",
                    fontsize=8,
                    color="white" if _dark(fill) else INK,
                )
            left += share
    ax.set_yticks(range(len(rows)), [called(name) for name in rows])
    ax.set_ylim(len(rows) - 0.5, -0.5)
    ax.set_xlim(0, 100)
    ax.spines[["left"]].set_visible(False)
    names = [part.name for part in next(iter(rows.values()))]
    _legend(
        ax,
        [
            (_short(called(name), 32), ENDING_FILL[i % len(ENDING_FILL)], "s", True)
            for i, name in enumerate(names)
        ],
        columns=3,
    )


def _whiskers(ax: Axes, shares: Sequence[Share], fill: str) -> None:
    from matplotlib.ticker import MaxNLocator

    for y, row in enumerate(shares):
        ax.plot([100 * row.low, 100 * row.high], [y, y], color=INK, linewidth=1.2)
        ax.plot(
            [100 * row.share],
            [y],
            "o",
            color=fill,
            markersize=5.5,
            markeredgecolor=INK,
            markeredgewidth=0.7,
        )
    ax.set_ylim(len(shares) - 0.5, -0.5)
    low = min(100 * row.low for row in shares)
    high = max(100 * row.high for row in shares)
    # A panel begins at 0 unless that would flatten it to a line.
    start = 0.0 if low < 0.6 * high else low - 0.15 * (high - low)
    ax.set_xlim(start, high + 0.06 * (high - start))
    ax.xaxis.set_major_locator(MaxNLocator(3))
    ax.xaxis.set_major_formatter("{x:g} %")
    _grid(ax)


def _grid(ax: Axes, axis: Literal["both", "x"] = "both") -> None:
    """Pale lines behind what is drawn."""
    ax.grid(axis=axis, color=RULE, linewidth=0.6)
    ax.set_axisbelow(True)


def _forest(ax: Axes, title: str, rows: Sequence[str], unit: str) -> None:
    """The frame of rows of differences: their names beside them, the first on top."""
    ax.set_yticks(range(len(rows)), rows)
    ax.set_ylim(len(rows) - 0.4, -0.6)
    _grid(ax, axis="x")
    ax.set_xlabel(unit)
    ax.set_title(title)


def _at_the_end(ax: Axes, x: float, ends: Sequence[tuple[float, str, str]]) -> None:
    """Names beside the ends of lines, pushed apart where they would overlap."""
    low, high = ax.get_ylim()
    gap = 0.065 * (high - low)
    at = low - gap
    for y, name, colour in sorted(ends):
        at = max(y, at + gap)
        ax.annotate(
            f"{_short(name, 24)}  {y:.2g} %",
            (x, y),
            (1.04, (at - low) / (high - low)),
            textcoords="axes fraction",
            ha="left",
            va="center",
            fontsize=8.5,
            arrowprops={"arrowstyle": "-", "color": colour, "linewidth": 1.6, "relpos": (0, 0.5)},
        )


def _legend(
    ax: Axes, entries: Sequence[tuple[str, str, str, bool]], columns: int | None = None
) -> None:
    """A legend above the axes; each entry: its words, colour, mark, and whether it is filled."""
    from matplotlib.lines import Line2D

    handles = [
        Line2D(
            [],
            [],
            linestyle="",
            marker=mark,
            markersize=8,
            color=colour,
            label=label,
            markerfacecolor=colour if filled else "white",
            markeredgecolor=INK if mark == "s" and colour != NEITHER else colour,
            markeredgewidth=0.6 if mark == "s" else 1.4,
        )
        for label, colour, mark, filled in entries
    ]
    ax.figure.legend(
        handles=handles,
        loc="outside upper center",
        ncols=columns or min(4, len(handles)),
        frameon=False,
        fontsize=8.5,
        handletextpad=0.3,
        columnspacing=1.4,
    )


def _foot(figure: Figure, lang: str, n: int, en: str, ja: str) -> None:
    """What every figure owes its reader; en, ja: what is drawn."""
    text = say(
        lang,
        en=f"n = {counted(n, 'model run')} ({en}). Shares of model runs, not probabilities of war.",
        ja=f"モデル実行 n = {whole(n)}回（{ja}）。"
        "モデル実行に占める割合であり、戦争の確率ではない。",
    )
    wrapped = _wrapped(text, 126 if lang != "ja" else 76)
    figure.supxlabel(wrapped, fontsize=7.5, color=PALE, x=0.01, ha="left")


def _wrapped(text: str, columns: int) -> str:
    if any(ord(letter) > 0x2E80 for letter in text):
        return "\n".join(text[i : i + columns] for i in range(0, len(text), columns))
    return "\n".join(textwrap.wrap(text, columns))


def _two_lines(text: str, columns: int = 38) -> str:
    """A long name as two lines at most; a Japanese letter is as wide as two Latin ones."""
    wide = columns // 2 if any(ord(letter) > 0x2E80 for letter in text) else columns
    first, *rest = _wrapped(text, wide).split("\n")
    return "\n".join([first, *([_short(" ".join(rest), wide)] if rest else [])])


def _short(text: str, most: int = 30) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def _called(titles: Titles | None, lang: str) -> Callable[[str], str]:
    known = {
        "baseline": say(lang, en="baseline", ja="基準"),
        "unresolved": say(lang, en="unresolved", ja="決着なし"),
        "failed": say(lang, en="failed", ja="失敗"),
        **(titles or {}),
    }
    return lambda name: known.get(name, name)


def _dark(colour: ColorType) -> bool:
    from matplotlib.colors import to_rgb

    red, green, blue = to_rgb(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue < 0.5


def _figure(figure: Figure | None, wide: float, tall: float) -> Figure:
    """The figure to draw on. Outside of `_style`: a notebook's backend, which pyplot wakes with
    its first figure, would be put to sleep again with the style."""
    if figure is None:
        from matplotlib import pyplot

        return pyplot.figure(figsize=(wide, tall), layout="constrained")
    figure.set_size_inches(wide, tall)
    return figure


def _style(lang: str) -> Any:
    from matplotlib import rc_context

    japanese = [family for family in JAPANESE if family in _installed()]
    # The first family that has a letter draws it; beside Japanese, Latin looks best in its font.
    families = [*japanese, LATIN] if lang == "ja" else [LATIN, *japanese]
    return rc_context(
        {
            "font.family": families,
            "font.size": 9.5,
            "axes.titlesize": 11.5,
            "axes.titleweight": "bold" if lang != "ja" else "normal",
            "axes.titlelocation": "left",
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.edgecolor": PALE,
            "axes.labelcolor": INK,
            "text.color": INK,
            "xtick.color": INK,
            "ytick.color": INK,
            "ytick.major.size": 0,
            "figure.facecolor": "white",
            "savefig.facecolor": "white",
        }
    )


@cache
def _installed() -> frozenset[str]:
    from matplotlib import font_manager

    return frozenset(font.name for font in font_manager.fontManager.ttflist)
