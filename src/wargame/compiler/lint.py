"""What is allowed and yet can hardly be meant, beside what can never happen.

Conditions that hold always, chances beyond 0 to 1000, dates beyond the last turn, gauges that
nobody reads, another side's secret read exactly, placeholders that nothing fills.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from wargame.compiler.context import Workshop
from wargame.compiler.rows import written
from wargame.content.diagnostics import place
from wargame.content.source_marks import shown
from wargame.content.spec import Expr, MoveSpec
from wargame.engine.layout import SEEN
from wargame.errors import Fault
from wargame.expression import Interval
from wargame.expression.bounds import YES, bounds
from wargame.expression.tree import Symbol, walk

CERTAIN = 1000
_FILLED = {"actor", "target"}
_PLACE = re.compile(r"\{(\w*)\}")


def lint(shop: Workshop) -> Iterator[Fault]:
    """Every oddity of a scenario that compiles, in no particular order; some more than once."""
    yield from _endings(shop)
    yield from _news(shop)
    yield from _odds(shop)
    yield from _secrets(shop)
    for move in shop.spec.moves.values():
        yield from _headline(move)


# ------------------------------------------------------------- conditions


def _endings(shop: Workshop) -> Iterator[Fault]:
    horizon = shop.file.turn.horizon
    last = next(reversed(shop.file.endings), "")
    for name, ending in shop.file.endings.items():
        if ending.for_ > horizon:
            message = f"the ending {name} can never be reached: it must hold for {ending.for_} "
            yield Fault(message + f"turns, and there are {horizon}", ending.at)
        elif _always(shop, ending.when):
            if not ending.at_horizon:
                message = f"the ending {name} is always reached, in turn {ending.for_}"
                yield Fault(f"{message}: {ending.when}", ending.when.at)
            elif name != last:
                message = f"no ending after {name} can be reached at the horizon"
                yield Fault(f"{message}: {ending.when}", ending.when.at, "put it last")
        elif not ending.at_horizon and ending.for_ == 1 and _at_once(shop, ending.when):
            message = f"the ending {name} holds as the scenario begins"
            yield Fault(f"{message}: {ending.when}", ending.when.at)
    for name, milestone in shop.file.milestones.items():
        if _always(shop, milestone.when):
            yield Fault(f"the milestone {name} always holds: {milestone.when}", milestone.when.at)
        elif _never(shop, milestone.when):
            message = f"the milestone {name} can never be reached: {milestone.when}"
            yield Fault(message, milestone.when.at)


def _always(shop: Workshop, when: Expr) -> bool:
    return 0 not in shop.read(shop.parse(when)).bounds


def _never(shop: Workshop, when: Expr) -> bool:
    return shop.read(shop.parse(when)).never


def _at_once(shop: Workshop, when: Expr) -> bool:
    """Whether it holds in the world of the start, whatever the unknowns are."""
    node = shop.read(shop.parse(when)).expression.node
    unsure = {shop.layout.rows[name] for name in (*shop.file.unknowns, *shop.file.derived)}
    known = {
        symbol: Interval(start, start)
        for symbol in walk(node)
        if isinstance(symbol, Symbol) and symbol.array == "c" and symbol.row is not None
        if symbol.row not in unsure
        for start in [shop.layout.start[symbol.row]]
    }
    return bounds(node, known) == YES


# ------------------------------------------------------------- what comes, and how likely


def _news(shop: Workshop) -> Iterator[Fault]:
    horizon = shop.file.turn.horizon
    for index, inject in enumerate(shop.file.injects, 1):
        name = f"the inject {inject.id or index}"
        if inject.turn > horizon:
            message = f"{name} comes in turn {inject.turn}, and the last is {horizon}"
            yield Fault(message, place(inject))
        elif inject.when is not None and _never(shop, inject.when):
            yield Fault(f"{name} can never come: {inject.when}", inject.when.at)


def _odds(shop: Workshop) -> Iterator[Fault]:
    for event in shop.file.chance:
        yield from _beyond(shop, event.chance, f"the chance of {event.id}")
        for outcome in event.outcomes:
            if shop.read(shop.parse(outcome.weight)).bounds.high <= 0:
                message = f"an outcome of {event.id} can never be drawn: {outcome.weight}"
                yield Fault(message, outcome.weight.at)
    for actor in shop.actors:
        for name in shop.moves[actor]:
            move = shop.spec.moves[name]
            ends = (actor, move.target or "")
            yield from _beyond(shop, move.success, f"the success of {name}", *ends)
            if shop.read(shop.parse(move.success, *ends)).bounds.low < CERTAIN and not move.attempt:
                message = f"{name} can fail, and nothing says how that is told"
                yield Fault(message, move.at, "give it an attempt: beside its headline")
            yield from _beyond(shop, move.consent, f"the consent to {name}", *ends)
    for name, gauge in shop.file.gauges.items():
        for width in gauge.noise.values():
            if shop.read(shop.parse(width)).bounds.high < 0:
                yield Fault(f"the noise of {name} is below 0: {width}", width.at)


def _beyond(shop: Workshop, share: Expr, what: str, *ends: str) -> Iterator[Fault]:
    """A share per mille that lies beyond 0 to 1000 in every run."""
    found = shop.read(shop.parse(share, *ends)).bounds
    if found.high < 0 or found.low > CERTAIN:
        yield Fault(f"{what} is not between 0 and 1000: {share}", share.at, "shares are per mille")


# ------------------------------------------------------------- who reads what


def unread(shop: Workshop) -> Iterator[Fault]:
    """Quantities that no rule, move, event, drift of another gauge, or goal depends on."""
    read = {
        name.removeprefix(SEEN)
        for owner, expression in written(shop)
        for name in expression.names()
        if name != owner
    }
    for kind, names in (
        ("gauge", shop.file.gauges),
        ("unknown", shop.file.unknowns),
        ("derived gauge", shop.file.derived),
    ):
        for name in names:
            if name not in read:
                yield Fault(f"nothing reads the {kind} {name}", place(name))


def _secrets(shop: Workshop) -> Iterator[Fault]:
    """Rules that know for sure what their actor can only guess, or only somebody else can know."""
    for actor in shop.spec.actors:
        others = {*shop.actors} - {actor.id}
        for rule in actor.rules:
            for expr in (rule.when, *(favour.value for favour in rule.favour.values())):
                at = expr.at if isinstance(expr, Expr) else rule.at
                reads = f"the rule {rule.id} of {actor.id} reads"
                for name in sorted(shop.parse(expr).names()):
                    owner = name.partition(".")[0]
                    gauge = shop.file.gauges.get(name)
                    if name in shop.file.unknowns and owner in others:
                        message = f"{reads} {name} exactly, an unknown of {owner}"
                        yield Fault(message, at, "let it read a gauge that shows it, through seen.")
                    elif gauge is not None and owner in others and {actor.id, "*"} & {*gauge.noise}:
                        message = f"{reads} {name} exactly, though it sees that through noise"
                        yield Fault(message, at, f"write seen.{name}")


# ------------------------------------------------------------- words


def _headline(move: MoveSpec) -> Iterator[Fault]:
    for text in filter(None, (move.headline or move.title, move.attempt)):
        for words in (text.en, text.ja or ""):
            for name in _PLACE.findall(words):
                if name not in _FILLED:
                    hint = "there are {actor} and {target}"
                    yield Fault(f"nothing fills {{{name}}} in {shown(words)}", place(text), hint)
                elif name == "target" and move.target is None:
                    yield Fault(f"this move has no target: {shown(words)}", place(text))
