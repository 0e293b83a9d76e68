"""Figures: what stands in them is what the statistics say, and nothing is cut off."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text
from shipped import shipped_spec

from wargame.show.documents import figures
from wargame.statistics.compare import study
from wargame.statistics.pairs import Outcomes, pair
from wargame.statistics.shares import shares

ENDINGS = ("KABOOM", "Vietnam", "Finland", "Korea", "Kosovo", "Libya", "unresolved")
N = 4000
RNG = np.random.default_rng(5)
BASE = RNG.choice(7, N, p=[0.012, 0.04, 0.07, 0.18, 0.02, 0.67, 0.008])


def outcomes(name: str, more: float) -> Outcomes:
    """A variant with `more` KABOOM instead of Libya."""
    ending = np.where((ENDINGS.index("Libya") == BASE) & (RNG.random(N) < more), 0, BASE)
    return Outcomes(name, np.arange(N), ENDINGS, ending, {"kaboom": ending == 0})


VARIANTS = [outcomes("baseline", 0.0), outcomes("a-policy", 0.05), outcomes("same", 0.0)]
STUDY = study([pair(VARIANTS[0], other) for other in VARIANTS[1:]])
ROWS = {one.variant: tuple(shares(one.counts())) for one in VARIANTS}
PASSED = {v: tuple(shares({"kaboom": 400}, n=N)) for v in ROWS}
PEAKS = {"russia-ukraine": [0] * 6 + [600, 2400, 1000], "russia-usa": [400] * 4 + [480] * 5}
TURNS = {
    name: np.bincount(RNG.integers(1, 53, max(1, int((i == BASE).sum()))), minlength=53)
    for i, name in enumerate(ENDINGS)
}
TORNADO = [
    {"title": "A rule of one actor with a long name", "less": (-0.004, -0.006, -0.002),
     "more": (0.006, 0.004, 0.008)},
    {"title": "覚悟", "less": (-0.002, -0.003, -0.001), "more": (0.002, 0.001, 0.003)},
]  # fmt: skip
HEAT = np.array([[0.1, 0.02], [0.2, 0.05], [0.01, 0.0]])

DRAWN: dict[str, Callable[..., Any]] = {
    "shares": partial(figures.ending_shares, ROWS, PASSED),
    "differences": partial(figures.differences, STUDY, "KABOOM"),
    "heat": partial(
        figures.policy_by_worldview, HEAT, list(ROWS), ["tegmark", "samotsvety"], "KABOOM", n=N
    ),
    "time": partial(figures.time_to_ending, TURNS, N),
    "stages": partial(figures.highest_stages, PEAKS),
    "tornado": partial(figures.tornado, TORNADO, "KABOOM", n=N),
}


def titles(lang: str) -> dict[str, str]:
    file = shipped_spec("kherson-2022").scenario
    named = {**file.endings, **file.milestones}
    return {name: item.title.get(lang) for name, item in named.items() if item.title}


@pytest.fixture(params=list(DRAWN))
def draw(request: pytest.FixtureRequest) -> Callable[..., Any]:
    return DRAWN[request.param]


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_nothing_is_cut_off_and_the_foot_owns_up(draw: Callable[..., Any], lang: str) -> None:
    if lang == "ja" and not set(figures.JAPANESE) & figures._installed():
        pytest.skip("no Japanese font on this machine")
    figure = Figure(layout="constrained")
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a glyph that the font has not, a layout that fails
        draw(titles=titles(lang), lang=lang, figure=figure)
        figure.draw_without_rendering()
    box, (wide, tall) = figure.get_tightbbox(), figure.get_size_inches()
    assert box.x0 > -0.03 and box.x1 < wide + 0.03
    assert box.y0 > -0.03 and box.y1 < tall + 0.03
    said = " ".join(t.get_text() for t in figure.findobj(Text) if isinstance(t, Text))
    said = said.replace("\n", " " if lang == "en" else "")
    assert "4,000" in said or "2,0" in said
    assert ("Shares of model runs" if lang == "en" else "モデル実行に占める割合") in said
    assert "95" in said


def test_stacked_shares_add_up_and_whiskers_are_the_intervals() -> None:
    stacked, *panels = DRAWN["shares"](figure=Figure())
    widths = [bar.get_width() for bar in stacked.patches]
    assert np.allclose(np.reshape(widths, (3, 7)).sum(axis=1), 100)
    kaboom = panels[0]
    lines = [line.get_xdata() for line in kaboom.lines]
    for (between, dot), rows in zip(zip(lines[::2], lines[1::2], strict=True), ROWS.values(),
                                    strict=True):  # fmt: skip
        row = next(row for row in rows if row.name == "KABOOM")
        assert np.allclose(between, [100 * row.low, 100 * row.high])
        assert np.allclose(dot, [100 * row.share])


def test_marks_say_the_verdict_without_colour() -> None:
    ax: Axes = DRAWN["differences"](figure=Figure())
    marks = [line.get_marker() for line in ax.lines if line.get_marker() not in ("None", "")]
    assert [one["KABOOM"].verdict.kind for one in STUDY] == ["up", "small"]
    assert marks == [">", "s"]


def test_a_heat_cell_carries_its_number_readably() -> None:
    ax: Axes = DRAWN["heat"](figure=Figure())
    cells = [text.get_text() for text in ax.texts]
    assert len(cells) == HEAT.size
    assert cells[0].startswith("10.0") and "±" in cells[0]


def test_a_line_of_time_ends_at_the_share() -> None:
    ax: Axes = DRAWN["time"](figure=Figure())
    ends = sorted(float(np.asarray(line.get_ydata())[-1]) for line in ax.lines)
    assert np.allclose(ends, sorted(100 * counts.sum() / N for counts in TURNS.values()))


def test_svg_is_text_has_its_own_ids_and_asks_for_nothing() -> None:
    draw = DRAWN["differences"]
    one, again = (figures.svg(draw, "one", titles=titles("ja"), lang="ja", label='a "b" < c')
                  for _ in range(2))  # fmt: skip
    assert one == again
    assert "KABOOM：全面核戦争" in one
    ids = re.findall(r'\bid="([^"]+)"', one)
    assert len(ids) == len(set(ids)) and all(name.startswith("one-") for name in ids)
    used = set(re.findall(r"url\(#([^)]+)\)", one)) | set(re.findall(r'href="#([^"]+)"', one))
    assert used and used <= set(ids)
    outside = set(re.findall(r"https?://[^\"' )]+", one))
    assert outside <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}
    assert 'aria-label="a &quot;b&quot; &lt; c"' in one


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_a_tornado_has_no_bar_for_what_cannot_be_turned(lang: str) -> None:
    rows = [{**TORNADO[0], "more": None}, {**TORNADO[1], "less": None}]
    ax = figures.tornado(rows, "KABOOM", n=N, lang=lang, figure=Figure())
    assert sorted(bar.get_width() for bar in ax.patches) == pytest.approx([-0.4, 0.2])
    told = {text.get_text() for text in ax.texts}
    assert told == {
        "en": {"cannot be turned up", "cannot be turned down"},
        "ja": {"これ以上は上げられない", "これ以上は下げられない"},
    }[lang]  # fmt: skip


def test_a_notebook_needs_no_figure() -> None:
    from matplotlib import pyplot

    pyplot.switch_backend("Agg")
    ax = figures.tornado(TORNADO, "KABOOM", n=N)
    assert ax.figure is pyplot.gcf()
    pyplot.close("all")
