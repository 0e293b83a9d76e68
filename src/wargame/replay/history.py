"""What really happened, played on the model's ladder.

The moves of a history are scripted orders and always succeed; whoever is not named waits and
sees; nature does only what the history says. What the model would not allow in that turn is left
out and reported, never dropped in silence.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from wargame.compiler.cached import opened
from wargame.content.diagnostics import place
from wargame.content.load import load_history
from wargame.content.spec import Effect, HappeningSpec, HistorySpec, NatureSpec, Text
from wargame.engine.scenario import Scenario
from wargame.errors import Fault, SpecError, counted, nearest, no_such
from wargame.replay.orders import HOLD, Desk, Order, Ruling, plain
from wargame.replay.replay import Look, Plan, Replay, StrPath, header_for, record
from wargame.replay.turn_log import LeftOut

IT_HAPPENED = Ruling(verdict="succeed", reason=Text(en="It happened.", ja="実際に起きた。"))
_DAYS = {"day": 1, "week": 7}


@dataclass(frozen=True)
class History:
    """A history and its replay. `left_out`: (turn, order that the model does not allow then)."""

    spec: HistorySpec
    replay: Replay

    @property
    def left_out(self) -> tuple[tuple[int, LeftOut], ...]:
        """What the model did not allow, by turn."""
        return tuple((event.turn, left) for event in self.replay.turns for left in event.left_out)


def play_history(
    history: HistorySpec | str, scenario: Scenario | None = None, path: StrPath | None = None
) -> History:
    """Play a history, given by name, path or as it was loaded, from its first to its last turn.

    scenario: the one that it is told in, compiled, if it is at hand. path: where its log is
    written. Raises SpecError for names that the scenario does not know and days outside it.
    """
    spec = load_history(history) if isinstance(history, str) else history
    scenario = scenario or opened(spec.scenario)
    _check(spec, scenario)
    deeds: dict[int, list[HappeningSpec]] = {}
    for deed in spec.events:
        deeds.setdefault(turn_of(deed.date, scenario), []).append(deed)
    nature: dict[int, list[NatureSpec]] = {}
    for event in spec.nature:
        nature.setdefault(turn_of(event.date, scenario), []).append(event)

    def script(turn: int, look: Look) -> Plan:
        thrown = [_news(scenario, event) for event in nature.get(turn, ())]
        return _plan(look(thrown), deeds.get(turn, ()), thrown)

    header = header_for(
        scenario,
        nature="still",
        seats=dict.fromkeys(scenario.header.actors, "script"),
        history=spec.id,
        title=spec.title,
        about=spec.about,
        until=max((*deeds, *nature), default=0),
    )
    return History(spec, record(scenario, header, script, path, "" if path else spec.id))


def turn_of(day: datetime.date, scenario: Scenario) -> int:
    """The turn into which a day falls; below 1 before the scenario begins.

    Raises SpecError if the scenario has no calendar of days or weeks.
    """
    count, unit = scenario.header.turn_length.split()
    days = _DAYS.get(unit.removesuffix("s"))
    if days is None or not scenario.header.start:
        what = f"{scenario.header.scenario} does not count its turns in days or weeks of a calendar"
        raise SpecError([Fault(what, None, "a history needs to know which turn a day is in")])
    start = datetime.date.fromisoformat(scenario.header.start)
    return (day - start).days // (days * int(count)) + 1


def read_history(name_or_path: str) -> HistorySpec:
    """A history that fits its scenario. Raises SpecError with all its faults."""
    spec = load_history(name_or_path)
    _check(spec, opened(spec.scenario))
    return spec


def _check(spec: HistorySpec, scenario: Scenario) -> None:
    """Raise SpecError with every name that the scenario does not know and every day outside it."""
    known, faults = scenario.spec.moves, []
    chances = {event.id: event for event in scenario.spec.scenario.chance}
    for deed in spec.events:
        if deed.actor not in scenario.header.actors:
            faults.append(Fault(no_such("actor", deed.actor, scenario.header.actors), deed.at))
        elif deed.move not in scenario.header.moves[deed.actor]:
            own = scenario.header.moves[deed.actor]
            hint = nearest(deed.move, own) if deed.move not in known else ""
            what = f"{deed.actor} has no move {deed.move!r} in {scenario.header.scenario}"
            faults.append(Fault(what, deed.at, hint))
    for event in spec.nature:
        if event.chance not in chances:
            faults.append(Fault(no_such("chance event", event.chance, chances), event.at))
        elif event.outcome > max(1, len(chances[event.chance].outcomes)):
            what = f"{event.chance} has no outcome {event.outcome}"
            faults.append(Fault(what, event.at, "they are counted from 1"))
    endings, milestones = scenario.header.endings, scenario.header.milestones
    if spec.ending is not None and spec.ending not in endings:
        faults.append(Fault(no_such("ending", spec.ending, endings), place(spec.ending)))
    for name in spec.milestones:
        if name not in milestones:
            faults.append(Fault(no_such("milestone", name, milestones), place(name)))
    told = [(deed.date, deed.at) for deed in spec.events]
    told += [(event.date, event.at) for event in spec.nature]
    for day, at in told:
        if not 1 <= turn_of(day, scenario) <= scenario.horizon:
            faults.append(Fault(f"{day} is outside {scenario.header.scenario}", at))
    if faults:
        raise SpecError(faults)


def _plan(desk: Desk, deeds: Iterable[HappeningSpec], thrown: list[dict[str, Any]]) -> Plan:
    """The deeds of one turn as orders, as far as the model allows them."""
    orders: dict[str, list[Order]] = {actor: [] for actor in desk.scenario.header.actors}
    left_out = []
    for deed in deeds:
        order = Order(
            move=deed.move,
            by="script",
            intent=deed.title,
            source=deed.source,
            date=deed.date.isoformat(),
        )
        given = orders[deed.actor]
        why = desk.why_not(deed.actor, deed.move)
        if not why and len(given) == desk.most:
            why = f"{deed.actor} gives only {counted(desk.most, 'order')} a turn"
        if not why and any(deed.move == other.move for other in given):
            why = f"{deed.actor} made it already this turn"
        if why:
            left_out.append(LeftOut(actor=deed.actor, order=order, why=why))
        else:
            given.append(order)
    full = {
        actor: (*given, *desk.waiting(actor, desk.most - len(given), "script"))
        for actor, given in orders.items()
    }
    rulings = {
        actor: tuple(
            IT_HAPPENED if order.move not in (HOLD, None) else Ruling(verdict="accept")
            for order in given
        )
        for actor, given in full.items()
        if orders[actor]
    }
    return Plan(full, rulings, thrown, left_out)


def _news(scenario: Scenario, event: NatureSpec) -> dict[str, Any]:
    """What nature did, as an inject with the effects that the scenario gives to that chance."""
    chance = next(it for it in scenario.spec.scenario.chance if it.id == event.chance)
    outcome = chance.outcomes[event.outcome - 1] if chance.outcomes else chance
    title = event.title or outcome.title or chance.title or Text(en=chance.id)
    found: dict[str, Any] = {
        "title": plain(title),
        "effects": _written(outcome.effects),
        "heat": {str(dyad): str(amount) for dyad, amount in outcome.heat.items()},
        "visible": str(chance.visible),
    }
    source = event.source or chance.source
    return found if source is None else {**found, "source": plain(source)}


def _written(effects: Mapping[str, Effect]) -> dict[str, str]:
    """Effects as an author writes them."""
    return {
        str(gauge): f"={effect.value}" if effect.op == "set" else str(effect.value)
        for gauge, effect in effects.items()
    }
