"""The charts of a replay as SVG, made here so that they print, test and need no library.

A chart is a frame, which says nothing of the run, and one slice a turn. A page puts a turn's
slice into the frame when that turn may be seen; `whole` joins them for paper. Colour never
stands alone: a stage has its number, a deed its dash, and every mark its ``<title>``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from math import cos, hypot, pi, sin, sqrt

COLUMN, ROW, HEAD, LABEL = 24, 28, 18, 180  # the ladder strip, in pixels
ODDS_HEIGHT, ODDS_HEAD = 180, 22
NET_WIDTH, NET_HEIGHT = 500, 400
BOX_WIDTH, BOX_HEIGHT = 108, 32
BESIDE = 90  # what the row of the others adds below
PRINCIPALS = 6

# Light where both may win, dark where both lose; the text on each meets 4.5 : 1 (tested).
STAGE_FILL = (
    "#f2f9fa",
    "#e2f1f4",
    "#cfe8ee",
    "#f9dc8e",
    "#f3bf5f",
    "#e89f3c",
    "#d9622b",
    "#b02a24",
    "#5f0f1e",
)
STAGE_TEXT = ("#111111",) * 6 + ("#000000", "#ffffff", "#ffffff")

# Okabe and Ito (2008), told apart with any colour vision; black is the worst there is.
ENDING_FILL = (
    "#111111",
    "#e69f00",
    "#009e73",
    "#56b4e9",
    "#cc79a7",
    "#b9b9b9",
    "#f0e442",
    "#0072b2",
    "#d55e00",
)
LINES = {  # direction of a move: stroke and dash
    "escalate": ("#b02a24", ""),
    "de-escalate": ("#0b5fa5", "9 5"),
    "neutral": ("#5d5d5d", "2 4"),
}


@dataclass(frozen=True)
class Chart:
    """`frame`: what does not depend on the run. `slices[t]`: what turn t adds; 0 is the start.

    width: that of all turns; a page may show fewer. left: the room that the frame takes to the
    left of them. marks[t]: what turn t adds on top of all slices, those of later turns too.
    """

    frame: str
    slices: tuple[str, ...]
    width: int
    height: int
    left: int = 0
    marks: tuple[str, ...] = ()

    def whole(self, label: str) -> str:
        """The complete chart as one SVG."""
        box = f"{-self.left} 0 {self.left + self.width} {self.height}"
        inside = self.frame + "".join((*self.slices, *self.marks))
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}" '
            'preserveAspectRatio="xMinYMid" '
            f'role="img" aria-label="{escape(label)}">{inside}</svg>'
        )


def tag(name: str, inside: str = "", **attributes: object) -> str:
    """One element; an underscore in an attribute's name stands for a hyphen."""
    written = "".join(
        f' {key.strip("_").replace("_", "-")}="{escape(str(value))}"'
        for key, value in attributes.items()
        if value != ""
    )
    return f"<{name}{written}>{inside}</{name}>" if inside else f"<{name}{written}/>"


def titled(text: str) -> str:
    """What a pointer and a screen reader are told of the element around it."""
    return tag("title", escape(text))


def text(x: float, y: float, words: str, **attributes: object) -> str:
    """A text at a place."""
    return tag("text", escape(words), x=_short(x), y=_short(y), **attributes)


# ------------------------------------------------------------------------------ the ladder


@dataclass(frozen=True)
class Cell:
    """One dyad in one turn: its stage, what it did since the turn before, and what to say.

    apart: it stands elsewhere in the other course of events that this one is laid beside.
    """

    stage: int
    change: int
    told: str
    apart: bool = False


def strip(columns: Sequence[Sequence[Cell]], labels: Sequence[str] = ()) -> Chart:
    """Dyads by turns: the number of the stage in each cell. `columns[t]` is turn t.

    labels: the dyads' names, to the left of their rows.
    """
    rows = len(columns[0]) if columns else 0
    return Chart(
        frame="".join(
            text(-6, HEAD + ROW * (row + 0.5) + 4, label, font_size=13, text_anchor="end")
            for row, label in enumerate(labels)
        ),
        left=LABEL if labels else 0,
        slices=tuple(_column(turn, cells) for turn, cells in enumerate(columns)),
        width=COLUMN * len(columns),
        height=HEAD + ROW * rows,
    )


def _column(turn: int, cells: Sequence[Cell]) -> str:
    x = COLUMN * turn
    marks = [text(x + COLUMN / 2, 12, str(turn), font_size=10, text_anchor="middle", fill="#444")]
    for row, cell in enumerate(cells):
        y = HEAD + ROW * row
        arrow = {1: "↑", -1: "↓"}.get((cell.change > 0) - (cell.change < 0), "")
        marks.append(
            tag(
                "g",
                titled(cell.told)
                + tag(
                    "rect",
                    x=x,
                    y=y,
                    width=COLUMN,
                    height=ROW - 2,
                    fill=STAGE_FILL[cell.stage - 1],
                    stroke="#dfe4e8",
                )
                + (_frame(x, y) if cell.apart else "")
                + text(
                    x + COLUMN / 2,
                    y + ROW / 2 + 4,
                    f"{cell.stage}{arrow}",
                    font_size=13,
                    font_weight="bold" if arrow else "",
                    text_anchor="middle",
                    fill=STAGE_TEXT[cell.stage - 1],
                ),
            )
        )
    return tag("g", "".join(marks), data_turn=turn)


def _frame(x: float, y: float) -> str:
    """Marks a cell that differs: two lines, light and dark, to be seen on every stage."""

    def edge(stroke: str, width: int) -> str:
        return tag(
            "rect",
            x=x + 2,
            y=y + 2,
            width=COLUMN - 4,
            height=ROW - 6,
            fill="none",
            stroke=stroke,
            stroke_width=width,
        )

    return edge("#ffffff", 4) + edge("#111111", 2)


# ------------------------------------------------------------------------------ the odds


@dataclass(frozen=True)
class Turning:
    """A move that changed the odds: `mark` is a sign such as ??, `told` says what it did."""

    turn: int
    mark: str
    told: str


def odds_area(
    shares: Sequence[Mapping[str, float]],
    told: Mapping[str, str],
    turnings: Sequence[Turning] = (),
    said: Sequence[Mapping[str, str]] = (),
) -> Chart:
    """Stacked areas of how futures end, by turn.

    shares[t]: ending to share (0..1, summing to 1) after turn t. told: ending to its title, in
    the order of the stack. said[t]: ending to its share in words, with its interval.
    """
    height = ODDS_HEAD + ODDS_HEIGHT
    width = COLUMN * len(shares)
    lines = [
        tag(
            "line",
            x1=0,
            x2=width,
            y1=_short(_level(share)),
            y2=_short(_level(share)),
            stroke="#777777",
            stroke_width=0.5,
        )
        for share in (0.25, 0.5, 0.75)
    ]
    slices, marks = [], []
    for turn, after in enumerate(shares):
        words = said[turn] if said else {}
        areas = _areas(turn, shares[turn - 1] if turn else after, after, told, words)
        slices.append(tag("g", "".join(areas), data_turn=turn))
        here = [item for item in turnings if item.turn == turn]
        marks.append(_turnings(turn, here) if here else "")
    return Chart("".join(lines), tuple(slices), width, height, marks=tuple(marks))


def _level(share: float) -> float:
    return ODDS_HEAD + ODDS_HEIGHT * (1 - share)


def _areas(
    turn: int,
    before: Mapping[str, float],
    after: Mapping[str, float],
    told: Mapping[str, str],
    said: Mapping[str, str],
) -> list[str]:
    left, right = COLUMN * (turn - 0.5 if turn else 0), COLUMN * (turn + 0.5)
    low = [0.0, 0.0]
    marks = []
    for place, (ending, title) in enumerate(told.items()):
        high = [low[0] + before.get(ending, 0.0), low[1] + after.get(ending, 0.0)]
        if high != low:
            corners = ((left, low[0]), (left, high[0]), (right, high[1]), (right, low[1]))
            marks.append(
                tag(
                    "polygon",
                    titled(f"{title}: {said[ending]}" if ending in said else title),
                    points=" ".join(f"{_short(x)},{_short(_level(y))}" for x, y in corners),
                    fill=ENDING_FILL[place % len(ENDING_FILL)],
                    stroke=ENDING_FILL[place % len(ENDING_FILL)],  # closes the seam between turns
                    stroke_width=0.6,
                )
            )
        low = high
    return marks


def _turnings(turn: int, here: Sequence[Turning]) -> str:
    """The marks of a turn above it, each below the one before."""
    x = COLUMN * turn + COLUMN / 2
    line = tag(
        "line",
        x1=_short(x),
        x2=_short(x),
        y1=ODDS_HEAD,
        y2=ODDS_HEAD + ODDS_HEIGHT,
        stroke="#111111",
        stroke_dasharray="3 3",
    )
    signs = (_sign(x, 15 + 15 * place, item) for place, item in enumerate(here))
    return tag("g", line + "".join(signs), data_turn=turn)


def _sign(x: float, y: float, item: Turning) -> str:
    return tag(
        "g",
        titled(item.told)
        + text(
            x,
            y,
            item.mark,
            font_size=14,
            font_weight="bold",
            text_anchor="middle",
            stroke="#ffffff",
            stroke_width=3,
            paint_order="stroke",
        ),
    )


# ------------------------------------------------------------------------------ the risks

Range = tuple[float, float, float]  # a share, and the ends of its interval

RISK_HEIGHT = 130
RISK_TICKS = (1, 0.5, 0.2, 0.05, 0)
RISK_LINES = (("#b02a24", ""), ("#111111", "7 4"))


def risk_lines(curves: Mapping[str, Sequence[Range]]) -> Chart:
    """How a few shares that matter went, by turn: a line in the band of its intervals each.

    curves: title to (share, low, high) after every turn, at most two. The scale goes with the
    square root: it is the same for every run, gives nothing away of later turns, and shows
    small shares.
    """
    turns = len(next(iter(curves.values()), ()))
    width, height = COLUMN * turns, ODDS_HEAD + RISK_HEIGHT
    frame = "".join(
        tag("line", x1=0, x2=width, y1=_short(y), y2=_short(y), stroke="#b9bfc5", stroke_width=0.7)
        for y in map(_risk_level, RISK_TICKS)
    )
    slices = []
    for turn in range(turns):
        marks = [
            _risk(turn, points[max(turn - 1, 0)], points[turn], title, *RISK_LINES[place])
            for place, (title, points) in enumerate(curves.items())
        ]
        slices.append(tag("g", "".join(marks), data_turn=turn))
    return Chart(frame, tuple(slices), width, height)


def _risk_level(share: float) -> float:
    return ODDS_HEAD + RISK_HEIGHT * (1 - sqrt(share)) - 2


def _risk(turn: int, before: Range, after: Range, title: str, stroke: str, dash: str) -> str:
    x1, x2 = COLUMN * (turn - 0.5 if turn else 0), COLUMN * (turn + 0.5)
    corners = ((x1, before[1]), (x1, before[2]), (x2, after[2]), (x2, after[1]))
    return tag(
        "g",
        titled(f"{title}: {after[0]:.1%} ({after[1]:.1%} – {after[2]:.1%})")
        + tag(
            "polygon",
            points=" ".join(f"{_short(x)},{_short(_risk_level(y))}" for x, y in corners),
            fill=stroke,
            fill_opacity=0.2,
        )
        + tag(
            "line",
            x1=_short(x1),
            x2=_short(x2),
            y1=_short(_risk_level(before[0])),
            y2=_short(_risk_level(after[0])),
            stroke=stroke,
            stroke_width=2.5,
            stroke_dasharray=dash,
        ),
    )


def axis(ticks: Sequence[float], level: Callable[[float], float], height: int) -> list[list[str]]:
    """Labels for the left of a chart: what to write, and how far down, in per cent."""
    return [[f"{100 * share:.0f} %", f"{100 * level(share) / height:.1f}%"] for share in ticks]


def odds_axis() -> list[list[str]]:
    """That of `odds_area`."""
    return axis((1, 0.75, 0.5, 0.25, 0), _level, ODDS_HEAD + ODDS_HEIGHT)


def risk_axis() -> list[list[str]]:
    """That of `risk_lines`."""
    return axis(RISK_TICKS, _risk_level, ODDS_HEAD + RISK_HEIGHT)


# ------------------------------------------------------------------------------ the network


@dataclass(frozen=True)
class Tie:
    """A standing tie: `weight` is the leverage, per mille."""

    one: str
    other: str
    weight: int
    told: str


@dataclass(frozen=True)
class Deed:
    """A move along a tie, or, with no `aims`, one that an actor made for itself."""

    actor: str
    aims: tuple[str, ...]
    direction: str
    told: str


def network(
    names: Mapping[str, str], ties: Iterable[Tie], deeds: Sequence[Sequence[Deed]]
) -> Chart:
    """Who can move whom, and what was done along it: the same places in every turn.

    names: actor to label; the first six stand on the polygon, the others beside it. deeds[t] are
    those of turn t.
    """
    places = layout(list(names))
    frame = "".join(
        tag(
            "path",
            titled(tie.told),
            d=_curve(places[tie.one], places[tie.other], 8)[0],
            fill="none",
            stroke="#c9c9c9",
            stroke_width=_short(1 + tie.weight / 125),
        )
        for tie in ties
        if tie.one in places and tie.other in places
    )
    boxes = "".join(_box(places[actor], label) for actor, label in names.items())
    slices = tuple(
        tag("g", _arrows(items, places), data_turn=turn) if items else ""
        for turn, items in enumerate(deeds)
    )
    return Chart(frame + boxes, slices, NET_WIDTH, NET_HEIGHT)


def layout(actors: Sequence[str]) -> dict[str, tuple[float, float]]:
    """Where each actor stands: the first six on a polygon, the rest in a row below it."""
    corners, beside = actors[:PRINCIPALS], actors[PRINCIPALS:]
    height = NET_HEIGHT - (BESIDE if beside else 0)
    places = {}
    for place, actor in enumerate(corners):
        angle = 2 * pi * (place + 0.5) / len(corners) - pi / 2
        places[actor] = (
            NET_WIDTH / 2 + (NET_WIDTH / 2 - BOX_WIDTH / 2 - 4) * sin(angle),
            height / 2 - (height / 2 - BOX_HEIGHT) * cos(angle),
        )
    for place, actor in enumerate(beside):
        x = NET_WIDTH * (place + 0.5) / len(beside)
        places[actor] = (x, NET_HEIGHT - BOX_HEIGHT)
    return places


def _box(at: tuple[float, float], label: str) -> str:
    x, y = at
    return tag(
        "rect",
        x=_short(x - BOX_WIDTH / 2),
        y=_short(y - BOX_HEIGHT / 2),
        width=BOX_WIDTH,
        height=BOX_HEIGHT,
        rx=6,
        fill="#ffffff",
        stroke="#333333",
    ) + text(x, y + 5, label, font_size=15, text_anchor="middle", fill="#111111")


def _arrows(deeds: Sequence[Deed], places: Mapping[str, tuple[float, float]]) -> str:
    drawn: dict[tuple[str, str], int] = {}
    marks = []
    for deed in deeds:
        stroke, dash = LINES[deed.direction]
        for aim in deed.aims or (deed.actor,):
            if deed.actor not in places or aim not in places:
                continue
            count = drawn[deed.actor, aim] = drawn.get((deed.actor, aim), 0) + 1
            if aim == deed.actor:
                marks.append(_spot(places[aim], count, stroke, dash, deed.told))
                continue
            curve, head = _curve(places[deed.actor], places[aim], 8 + 12 * count)
            marks.append(
                tag(
                    "g",
                    titled(deed.told)
                    + tag(
                        "path",
                        d=curve,
                        fill="none",
                        stroke=stroke,
                        stroke_width=3,
                        stroke_dasharray=dash,
                    )
                    + tag("polygon", points=head, fill=stroke),
                )
            )
    return "".join(marks)


def _spot(at: tuple[float, float], count: int, stroke: str, dash: str, told: str) -> str:
    """A deed that is aimed at nobody: a ring at the corner of its actor's box."""
    x = at[0] - BOX_WIDTH / 2 + 4 + 18 * (count - 1)
    return tag(
        "circle",
        titled(told),
        cx=_short(x),
        cy=_short(at[1] - BOX_HEIGHT / 2 - 3),
        r=7,
        fill="#ffffff",
        stroke=stroke,
        stroke_width=3,
        stroke_dasharray=dash and "4 2",
    )


def _curve(start: tuple[float, float], end: tuple[float, float], bend: float) -> tuple[str, str]:
    """A bent line between two boxes, to the right of the straight one, and its arrow head."""
    (x1, y1), (x2, y2) = start, end
    length = hypot(x2 - x1, y2 - y1) or 1
    across = ((y1 - y2) / length, (x2 - x1) / length)
    cx, cy = (x1 + x2) / 2 + across[0] * bend * 2, (y1 + y2) / 2 + across[1] * bend * 2
    x1, y1 = _edge(start, (cx, cy))
    x2, y2 = _edge(end, (cx, cy))
    back = hypot(x2 - cx, y2 - cy) or 1
    along = ((x2 - cx) / back, (y2 - cy) / back)
    foot = (x2 - along[0] * 11, y2 - along[1] * 11)
    side = (-along[1] * 6, along[0] * 6)
    corners = ((x2, y2), *((foot[0] + k * side[0], foot[1] + k * side[1]) for k in (1, -1)))
    points = " ".join(f"{_short(x)},{_short(y)}" for x, y in corners)
    middle = f"{_short(cx)} {_short(cy)}"
    return f"M{_short(x1)} {_short(y1)}Q{middle} {_short(foot[0])} {_short(foot[1])}", points


def _edge(box: tuple[float, float], toward: tuple[float, float]) -> tuple[float, float]:
    """Where the line from the middle of a box leaves it."""
    dx, dy = toward[0] - box[0], toward[1] - box[1]
    scale = 1 / max(abs(dx) / (BOX_WIDTH / 2 + 3), abs(dy) / (BOX_HEIGHT / 2 + 3), 1e-9)
    return box[0] + dx * scale, box[1] + dy * scale


def _short(number: float) -> str:
    """A coordinate without digits that nobody sees."""
    return f"{number:.1f}".rstrip("0").rstrip(".")
