"""Charts as SVG: what is drawn, said, and told apart without colour."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from wargame.show.replay_page.charts import (
    BOX_HEIGHT,
    BOX_WIDTH,
    ENDING_FILL,
    LINES,
    NET_HEIGHT,
    NET_WIDTH,
    RISK_HEIGHT,
    STAGE_FILL,
    STAGE_TEXT,
    Cell,
    Chart,
    Deed,
    Tie,
    Turning,
    layout,
    network,
    odds_area,
    risk_lines,
    strip,
)

SVG = "{http://www.w3.org/2000/svg}"


def drawn(chart: Chart) -> ElementTree.Element:
    """The whole chart, parsed: so it is well formed."""
    return ElementTree.fromstring(chart.whole("a chart"))


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast ratio (WCAG 2.2)."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize(("fill", "ink"), list(zip(STAGE_FILL, STAGE_TEXT, strict=True)))
def test_the_number_of_a_stage_can_be_read_on_its_colour(fill: str, ink: str) -> None:
    assert contrast(fill, ink) >= 4.5


def test_the_ladder_darkens_with_every_stage() -> None:
    shades = [luminance(fill) for fill in STAGE_FILL]
    assert shades == sorted(shades, reverse=True)


def test_lines_differ_in_dash_and_can_be_seen_on_white() -> None:
    assert len({dash for _, dash in LINES.values()}) == len(LINES)
    assert all(contrast(stroke, "#ffffff") >= 3 for stroke, _ in LINES.values())


def test_every_cell_of_the_ladder_has_its_number_and_its_sentence() -> None:
    root = drawn(strip([[Cell(7, 0, "start")], [Cell(8, 1, "up <now>")], [Cell(7, -1, "down")]]))
    cells = [g for g in root.iter(f"{SVG}g") if g.find(f"{SVG}title") is not None]
    assert [g.findtext(f"{SVG}text") for g in cells] == ["7", "8↑", "7↓"]
    assert [g.findtext(f"{SVG}title") for g in cells] == ["start", "up <now>", "down"]


def test_areas_of_a_turn_stack_to_the_whole_height() -> None:
    shares = [{"a": 0.25, "b": 0.75}, {"a": 0.5, "b": 0.5}]
    chart = odds_area(shares, {"a": "A", "b": "B"}, [Turning(1, "??", "why")])
    root = drawn(chart)
    polygons = list(root.iter(f"{SVG}polygon"))
    assert [p.get("fill") for p in polygons] == [*ENDING_FILL[:2]] * 2
    heights = []
    for polygon in polygons[2:]:
        ys = [float(pair.split(",")[1]) for pair in polygon.get("points", "").split()]
        heights.append(ys[3] - ys[2])  # on the right, where the turn has come
    assert heights == [90, 90]
    assert [t.text for t in root.iter(f"{SVG}text")] == ["??"]


def test_a_slice_is_only_its_own_turn() -> None:
    chart = odds_area([{"a": 1.0}, {"a": 1.0}, {"a": 1.0}], {"a": "A"}, [Turning(2, "!", "x")])
    assert "!" not in chart.slices[1] + chart.marks[1] and "!" in chart.marks[2]
    assert 'data-turn="2"' in chart.slices[2] and "data-turn" not in chart.frame


def test_marks_lie_on_top_of_every_area_and_not_on_each_other() -> None:
    turnings = [Turning(1, "?!", "one"), Turning(1, "??", "two"), Turning(2, "!", "three")]
    chart = odds_area([{"a": 1.0}] * 4, {"a": "A"}, turnings)
    tags = [element.tag for element in drawn(chart).iter()]
    assert tags.index(f"{SVG}text") > max(k for k, t in enumerate(tags) if t == f"{SVG}polygon")
    places = [(t.get("x"), t.get("y")) for t in drawn(chart).iter(f"{SVG}text")]
    assert len(set(places)) == len(turnings)


def test_the_scale_of_a_risk_is_the_same_whatever_comes() -> None:
    """A frame that depended on the run would tell its future to a class that predicts."""
    calm, grave = ([(share, share / 2, share)] * 3 for share in (0.01, 0.9))
    assert risk_lines({"A": calm}).frame == risk_lines({"A": grave}).frame
    root = drawn(risk_lines({"A": [(0.25, 0.16, 0.36)], "B": [(0.0, 0.0, 0.04)]}))
    lines = [line for line in root.iter(f"{SVG}line") if line.get("stroke-width") == "2.5"]
    levels = [float(line.get("y2", "")) for line in lines]
    assert levels[1] - levels[0] == pytest.approx(RISK_HEIGHT / 2)  # the root of 0.25
    assert len({line.get("stroke-dasharray") for line in lines}) == 2
    titles = [title.text for title in root.iter(f"{SVG}title")]
    assert titles == ["A: 25.0% (16.0% – 36.0%)", "B: 0.0% (0.0% – 4.0%)"]


@pytest.mark.parametrize("count", range(1, 12))
def test_actors_stand_apart_and_inside(count: int) -> None:
    places = list(layout([f"a{i}" for i in range(count)]).values())
    for place, (x, y) in enumerate(places):
        assert BOX_WIDTH / 2 <= x <= NET_WIDTH - BOX_WIDTH / 2 or count > 10
        assert BOX_HEIGHT / 2 <= y <= NET_HEIGHT - BOX_HEIGHT / 2
        for u, v in places[:place]:
            assert abs(x - u) >= BOX_WIDTH or abs(y - v) >= BOX_HEIGHT or count > 10


def test_deeds_lie_along_ties_and_aimless_ones_at_their_actor() -> None:
    names = {"a": "A", "b": "B", "c": "C"}
    deeds = [
        Deed("a", ("b",), "escalate", "a hits b"),
        Deed("b", (), "neutral", "b waits"),
        Deed("a", ("nobody",), "neutral", "lost"),
    ]
    chart = network(names, [Tie("a", "b", 500, "a can move b")], [(), deeds])
    root = drawn(chart)
    titles = [title.text for title in root.iter(f"{SVG}title")]
    assert titles == ["a can move b", "a hits b", "b waits"]
    assert chart.slices[0] == ""


def test_a_scenario_without_actors_has_an_empty_network() -> None:
    assert drawn(network({}, [], [()])) is not None
