"""Is a log what this engine makes of its orders? If not: the first turn, phase and gauge."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from wargame.engine.scenario import Scenario
from wargame.errors import counted
from wargame.replay.turn_log import Header, TurnEvent

PHASES = {
    "scenario": "シナリオ",
    "opening": "開始時の世界",
    "news": "知らせ",
    "decide": "決定",
    "resolve": "結果",
    "escalate": "段階の上下",
    "drift": "世界の動き",
    "judge": "終わりの判定",
    "record": "記録",
}


@dataclass(frozen=True)
class Difference:
    """Where a log and this engine part: turn 0 is before the first turn.

    phase: one of `PHASES`. what: the gauge, the actor or the record. logged, found: its value in
    the log, and the one that this engine finds.
    """

    turn: int
    phase: str
    what: str
    logged: str
    found: str

    def words(self, lang: str = "en") -> str:
        """One sentence."""
        if lang == "ja":
            when = f"第{self.turn}ターン" if self.turn else "最初のターンの前"
            return (
                f"最初の違いは{when}、局面「{PHASES[self.phase]}」の{self.what}："
                f"ログでは{self.logged}、このエンジンでは{self.found}"
            )
        return (
            f"first differs in turn {self.turn}, phase {self.phase}, at {self.what}: "
            f"the log says {self.logged}, this engine finds {self.found}"
        )


@dataclass(frozen=True)
class Verdict:
    """What verifying a log came to.

    logged_by: the engine that the log names as its writer, which proves nothing. torn: what was
    left out of a torn end, if anything. most: the turn that a run which has not ended may still
    reach; None once it has ended.
    """

    name: str
    turns: int
    difference: Difference | None
    logged_by: str
    engine: str
    torn: str | None
    most: int | None = None

    @property
    def ended(self) -> bool:
        """Whether the log tells its run to the end."""
        return self.most is None

    @property
    def whole(self) -> bool:
        """Whether the log is verified: every turn came out as it says, and none is missing."""
        return self.identical and self.ended

    @property
    def identical(self) -> bool:
        """Whether every turn came out as the log says."""
        return self.difference is None

    def words(self, lang: str = "en") -> str:
        """One line; where the engines differ or the run has not ended, it says so."""
        if self.difference is None:
            text = f"identical, {counted(self.turns, 'turn')}"
            text = f"一致（{self.turns}ターン）" if lang == "ja" else text
        else:
            text = self.difference.words(lang)
        if self.difference is not None and self.logged_by != self.engine:
            text += (
                f"（ログの記載ではエンジン{self.logged_by}、今は{self.engine}。閲覧のみ可能）"
                if lang == "ja"
                else f" (the log names engine {self.logged_by}, this is {self.engine}; view only)"
            )
        if self.most is not None:
            text += (
                f"。実行は終わっていない：ログは第{self.turns}ターンまで（最長{self.most}ターン）"
                if lang == "ja"
                else f"; the run has not ended: its log stops after turn {self.turns} of at most "
                f"{self.most}"
            )
        if self.torn:
            text += f"。末尾：{self.torn}" if lang == "ja" else f"; torn end: {self.torn}"
        return text

    def to_json(self) -> dict[str, Any]:
        """As the command line prints it."""
        found = self.difference
        return {
            "log": self.name,
            "identical": self.identical,
            "turns": self.turns,
            "ended": self.ended,
            "difference": None if found is None else vars(found),
            "written_by": self.logged_by,
            "engine": self.engine,
            "torn": self.torn,
        }


def opening_difference(
    header: Header, scenario: Scenario, cells: Mapping[str, int], digest: str
) -> Difference | None:
    """Where a log's set-up differs from what this engine makes of it."""
    if header.digest != scenario.spec.digest:
        return Difference(0, "scenario", "digest", header.digest[:16], scenario.spec.digest[:16])
    for name, logged, found in _unequal(header.opening, cells):
        return Difference(0, "opening", name, logged, found)
    if header.opening_digest != digest:
        return Difference(0, "opening", "digest", header.opening_digest[:16], digest[:16])
    return None


def difference(
    scenario: Scenario,
    logged: TurnEvent,
    found: TurnEvent,
    unlawful: Sequence[tuple[str, str]] = (),
) -> Difference | None:
    """The first place, in the order of the phases, where two accounts of a turn differ.

    A log records the world after the news and after the turn. What differs at the end, with the
    same news, orders and successes, is laid to the first phase that could have changed it.
    """
    return next(_differences(scenario, logged, found, unlawful), None)


def _differences(
    scenario: Scenario, logged: TurnEvent, found: TurnEvent, unlawful: Sequence[tuple[str, str]]
) -> Iterator[Difference]:
    def at(phase: str, what: str, was: object, now: object) -> Difference:
        return Difference(logged.turn, phase, what, str(was), str(now))

    for name in _apart(logged.news, found.news):
        yield at("news", name, *("happened" if name in e.news else "-" for e in (logged, found)))
    if logged.opened != found.opened:
        yield at("news", "the world after the news", *(_short(e.opened) for e in (logged, found)))
    for actor in _keys(logged.orders, found.orders):
        was, now = (_moves(event, actor) for event in (logged, found))
        if was != now:
            yield at("decide", actor, was, now)
    for actor, move in unlawful:
        yield at("decide", actor, move, "that it may not be made")
    for actor in _keys(logged.success, found.success):
        if logged.success.get(actor) != found.success.get(actor):
            yield at("resolve", actor, *(_done(event, actor) for event in (logged, found)))
    gauges = sorted(
        _unequal(logged.changed, found.changed),
        key=lambda cell: (_ORDER.index(_phase(scenario, cell[0])), scenario.rows.get(cell[0], -1)),
    )
    for name, one, other in gauges:
        yield at(_phase(scenario, name), name, one, other)
    if logged.ending != found.ending:
        yield at("judge", "the ending", logged.ending or "none", found.ending or "none")
    if logged.after != found.after:
        yield at("record", "the digest", _short(logged.after), _short(found.after))


_ORDER = ("resolve", "escalate", "drift", "judge")


def _phase(scenario: Scenario, cell: str) -> str:
    """The first phase that could have made a difference in this cell."""
    kind = cell.partition("(")[0]
    if kind in ("held", "reached"):
        return "judge"
    if kind in ("stage", "heat", "forced", "peak"):
        return "escalate"
    return "drift" if cell in scenario.spec.scenario.drift else "resolve"


def _unequal(logged: Mapping[str, int], found: Mapping[str, int]) -> Iterator[tuple[str, str, str]]:
    for name in _keys(logged, found):
        if logged.get(name) != found.get(name):
            yield name, str(logged.get(name, "unchanged")), str(found.get(name, "unchanged"))


def _keys(one: Iterable[str], other: Iterable[str]) -> list[str]:
    return list(dict.fromkeys((*one, *other)))


def _apart(one: Sequence[str], other: Sequence[str]) -> list[str]:
    return [name for name in _keys(one, other) if (name in one) != (name in other)]


def _moves(event: TurnEvent, actor: str) -> str:
    return ", ".join(order.move or "none" for order in event.orders.get(actor, ())) or "nothing"


def _done(event: TurnEvent, actor: str) -> str:
    flags = event.success.get(actor, ())
    return ", ".join("success" if flag else "failure" for flag in flags) or "nothing"


def _short(digest: str | None) -> str:
    return digest[:16] if digest else "none"
