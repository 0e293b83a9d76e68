"""What a lever is, and the bench on which levers are gathered."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, Protocol

from wargame.content.source_marks import NOWHERE
from wargame.content.spec import Expr, GaugeSpec, ScenarioSpec, Text
from wargame.errors import Mark

Kind = Literal[
    "rule",
    "threshold",
    "weight",
    "effects",
    "chance",
    "drift",
    "start",
    "unknown",
    "tie",
    "dyad",
    "ladder",
]

KINDS: Final[Mapping[Kind, tuple[str, str]]] = {
    "rule": ("weights of rules", "規則の重み"),
    "threshold": ("thresholds in rules", "規則のしきい値"),
    "weight": ("weights of moves", "手の重み"),
    "effects": ("effects of moves", "手の効果"),
    "chance": ("frequency of events", "出来事の頻度"),
    "drift": ("pace of drifts", "自然な変化の速さ"),
    "start": ("starts of gauges", "計器の初期値"),
    "unknown": ("unknowns", "未知数"),
    "tie": ("ties", "結びつき"),
    "dyad": ("starts of dyads", "開始時の段階と熱"),
    "ladder": ("the ladder", "段階の梯子"),
}

USUAL = 1000  # a lever as the scenario is written
LESS, MORE = 667, 1500  # two thirds, and half as much again: the same step either way
FEWEST = 10  # a range smaller than this is a flag or a count, whose value is a fact

AS_WRITTEN = {"en": "per mille of what is written", "ja": "記述値に対する千分率"}
PER_MILLE = {"en": "per mille", "ja": "千分率"}
HEAT = {"en": "heat", "ja": "熱"}
STAGE = {"en": "stage", "ja": "段階"}

_PLACES = ("actors", "scenarios")


@dataclass(frozen=True)
class Lever:
    """One assumption. Turning it means that the cell `cell` begins at `less` or at `more`.

    name: of what it belongs to, as the ledger's rows are named; part: which number of it, "" for
    the whole. less, more: None where it cannot be turned that way, as a certain event cannot be
    made likelier. usual: where it stands as written; None for an unknown, which is drawn. unit:
    of these three. source: what the author says it rests on, "" where nothing is said. place:
    file and line.
    """

    cell: str
    kind: Kind
    name: str
    title: Mapping[str, str]
    source: str
    less: int | None
    more: int | None
    usual: int | None
    unit: Mapping[str, str]
    place: str
    part: str = ""

    @property
    def sides(self) -> tuple[int, ...]:
        """The values that it can be turned to, the lower first."""
        return tuple(side for side in (self.less, self.more) if side is not None)


class Sourced(Protocol):
    """A part of a file that says where it stands and what it rests on."""

    @property
    def at(self) -> Mark: ...
    @property
    def source(self) -> Text | None: ...


class Bench:
    """Gathers levers, and the hidden gauges of those that are to be turned.

    only: the cells of these, or None for all.
    """

    def __init__(self, only: Collection[str] | None = None) -> None:
        self.only = only
        self.levers: list[Lever] = []
        self.hidden: dict[str, GaugeSpec] = {}

    def add(
        self,
        kind: Kind,
        name: str,
        title: Mapping[str, str],
        written: Sourced,
        sides: tuple[int, int],
        *,
        at: Mark | None = None,
        usual: int = USUAL,
        unit: Mapping[str, str] = AS_WRITTEN,
        part: str = "",
        cell: str = "",
        own: bool = False,
    ) -> str | None:
        """A lever; the cell to read, or None where the number can stay as it is written.

        written: what the number belongs to; at: where it stands, if not where that begins. A side
        that is `usual` is one to which it cannot be turned. cell: its name, where one is wanted.
        own: whether the cell is the scenario's own, and needs no hidden gauge.
        """
        cell = cell or f"lever.{kind}.n{len(self.levers)}"
        less, more = (None if side == usual else side for side in sides)
        lever = Lever(
            cell=cell,
            kind=kind,
            name=name,
            title=title,
            source=" ".join(str(written.source or "").split()),
            less=less,
            more=more,
            usual=usual,
            unit=unit,
            place=place_of(at or written.at),
            part=part,
        )
        self.levers.append(lever)
        if own or not lever.sides or (self.only is not None and cell not in self.only):
            return None
        ends = (usual, *lever.sides)
        self.hidden[cell] = GaugeSpec(start=Expr(str(usual)), min=min(ends), max=max(ends))
        return cell


def assumed(source: Text | None) -> bool:
    """Whether a number rests on an assumption: its source says so, or there is none."""
    return source is None or "assumption" in source.en.lower()


def nearest(value: int, level: int) -> int:
    """A number at a level of its lever, per mille, to the nearest whole number.

    A half goes away from zero, so that -x is turned by as much as x is. At the levels that there
    are, what is not 0 never becomes 0.
    """
    product = value * level
    return (product + USUAL // 2 - (product < 0)) // USUAL


def relative(value: int, low: int, high: int) -> tuple[int, int]:
    """A number turned down and up by the same share as all levers, kept from `low` to `high`.

    Where it is at its bound already, or too small to be turned by that share, the side is the
    number itself.
    """
    sides = sorted(nearest(value, share) for share in (LESS, MORE))
    return min(value, max(low, sides[0])), max(value, min(high, sides[1]))


def place_of(at: Mark) -> str:
    """A mark as `file:line`, "" for one that stands nowhere."""
    return "" if at == NOWHERE else f"{shown_file(at.file)}:{at.line}"


def shown_file(file: str) -> str:
    """A file as a reader of the project knows it, whatever machine it lies on."""
    parts = Path(file).parts
    for place in _PLACES:
        if place in parts[:-1]:
            return "/".join(parts[parts.index(place) :])
    return file if not Path(file).is_absolute() else Path(file).name


def both(text: Text | None, otherwise: str) -> dict[str, str]:
    """A text in both languages, on one line."""
    if text is None:
        return {"en": otherwise, "ja": otherwise}
    return {lang: " ".join(text.get(lang).split()) for lang in ("en", "ja")}


def unit_of(text: Text) -> dict[str, str]:
    """A unit in both languages; of the usual one nobody writes the Japanese."""
    return dict(PER_MILLE) if text.en == PER_MILLE["en"] and not text.ja else both(text, "")


def of(title: Mapping[str, str], en: str, ja: str) -> dict[str, str]:
    """What of the thing is turned: `Host talks: weight`."""
    return {"en": f"{title['en']}: {en}", "ja": f"{title['ja']}：{ja}"}


def titled(name: str, file: ScenarioSpec) -> dict[str, str]:
    """What a gauge, an unknown or a derived gauge is called."""
    for part in (file.gauges, file.unknowns, file.derived):
        if name in part:
            return both(part[name].title, name)
    return {"en": name, "ja": name}
