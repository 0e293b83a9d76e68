"""What comes from outside: injects at set turns, and what nature decides."""

from __future__ import annotations

from dataclasses import dataclass, field

from wargame.compiler.changes import changes, slot
from wargame.compiler.context import URN, Reading, Results, Workshop
from wargame.content.spec import ChanceSpec, OutcomeSpec
from wargame.engine.effects import Slot
from wargame.engine.scenario import Event, Inject
from wargame.errors import Fault
from wargame.expression import Block


@dataclass
class News:
    """The first phase of a turn; `slots` are the happenings, injects first."""

    slots: list[Slot] = field(default_factory=list)
    injects: dict[int, tuple[Inject, ...]] = field(default_factory=dict)
    events: tuple[Event, ...] = ()
    results: Results = field(default_factory=Results)
    block: Block = field(init=False)


def compile_news(shop: Workshop) -> News:
    """All injects and all chance events of the scenario."""
    news = News()
    for index, inject in enumerate(shop.file.injects):
        name = f"inject {inject.id or index + 1}"
        when = None
        if inject.when is not None:
            when = shop.block(name, [(shop.read(shop.parse(inject.when)), "bool")])
        news.injects[inject.turn] = (
            *news.injects.get(inject.turn, ()),
            Inject(len(news.slots), when),
        )
        news.slots.append(slot(shop, name, changes(shop, inject.effects, inject.heat)))
    for event in shop.file.chance:
        news.results.add(_chance(shop, event), "int")
    news.events = tuple(_event(shop, event, news) for event in shop.file.chance)
    news.block = shop.block("chance", news.results.pairs)
    return news


def _chance(shop: Workshop, event: ChanceSpec) -> Reading:
    """The event's chance per mille, 0 where it cannot happen."""
    chance = shop.read(shop.parse(event.chance))
    if event.when is None:
        return chance
    condition = shop.condition(event.when, f"the event {event.id} can never happen")
    return chance.where(condition)


def _event(shop: Workshop, event: ChanceSpec, news: News) -> Event:
    """One chance event; its outcomes are appended to the slots."""
    first = len(news.slots)
    weights = []
    most = 0
    for k, outcome in enumerate(event.outcomes):
        weight = shop.read(shop.parse(outcome.weight))
        weights.append(news.results.add_unless_constant(weight))
        most += max(0, weight.bounds.high)
        news.slots.append(_outcome(shop, f"chance {event.id} {k + 1}", outcome))
    if most >= URN:
        message = f"the weights of {event.id} may sum to {most:.1e}"
        shop.fault(Fault(message, event.at, "below 2**31"))
    if not event.outcomes:
        news.slots.append(_outcome(shop, f"chance {event.id}", event))
    return Event(
        id=event.id,
        label=f"chance {event.id}",
        weights=tuple(weights),
        slots=tuple(range(first, len(news.slots))),
    )


def _outcome(shop: Workshop, name: str, it: ChanceSpec | OutcomeSpec) -> Slot:
    return slot(shop, name, changes(shop, it.effects, it.heat))
