"""Weights, odds, paces and effects: what is written, times a hidden gauge that stands at 1000.

Everything is a whole number, and `//` rounds down: -1 times two thirds would stay -1, and 1 would
become 0. So products are rounded to the nearest, as `nearest` does; what is too small for the
lever's share to change it cannot be turned that way. Of a drift, which goes by one or two in most
turns, that would still be no pace: its steps are rounded down in some turns and up in others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from wargame.analysis.sensitivity.parameters.parameter import (
    FEWEST,
    LESS,
    MORE,
    USUAL,
    Bench,
    assumed,
    both,
    nearest,
    of,
    titled,
)
from wargame.analysis.sensitivity.parameters.thresholds import Ranges, Thresholds
from wargame.content.spec import (
    ActorSpec,
    ChanceSpec,
    DriftSpec,
    Effect,
    Expr,
    Favour,
    MoveSpec,
    RuleSpec,
    Spec,
)
from wargame.errors import SpecError
from wargame.expression import Name, Number, interval, parse, walk

CERTAIN = 1000  # per mille
SPREAD = 703  # its multiples, modulo 1000, spread evenly whether turns are few or many


def turn(bench: Bench, spec: Spec) -> Spec:
    """The spec in which every magnitude that is to be turned is scaled, and every threshold that
    is to be turned is read from a cell."""
    shop = _Workshop(bench, spec)
    moves = {name: shop.move(name, move) for name, move in spec.moves.items()}
    actors = tuple(shop.actor(actor) for actor in spec.actors)
    file = spec.scenario
    update = {
        "chance": tuple(shop.chance(event) for event in file.chance),
        "drift": {name: shop.drift(name, item) for name, item in file.drift.items()},
    }
    return replace(spec, scenario=file.model_copy(update=update), actors=actors, moves=moves)


class _Workshop:
    """Adds levers while it rewrites the parts of a spec.

    flags: gauges whose changes are facts, not magnitudes.
    """

    def __init__(self, bench: Bench, spec: Spec) -> None:
        self.bench = bench
        self.file = spec.scenario
        self.thresholds = Thresholds(bench, spec.scenario)
        self.ranges = Ranges(spec.scenario)
        self.flags = frozenset(
            name for name, gauge in spec.scenario.gauges.items() if gauge.max - gauge.min < FEWEST
        )

    def chance(self, event: ChanceSpec) -> ChanceSpec:
        """An event's odds. What is certain cannot be made likelier, nor what never happens."""
        if not assumed(event.source):
            return event
        title = of(both(event.title, event.id), "frequency", "頻度")
        sides = _sides([event.chance], 0, CERTAIN)
        cell = self.bench.add("chance", event.id, title, event, sides)
        if cell is None:
            return event
        return event.model_copy(update={"chance": times(event.chance, cell)})

    def drift(self, name: str, item: DriftSpec) -> DriftSpec:
        """A drift's pace: how far it goes in a turn. One that counts has none, and one that is
        reckoned anew each turn, whatever it was, cannot be faster."""
        if not assumed(item.source) or name not in self.file.gauges:
            return item
        title = of(titled(name, self.file), "pace of its change", "変化の速さ")
        counts, own = self.counts(name, item), Name(name) in walk(parse(item.value.text).node)
        sides = USUAL if counts else LESS, MORE if own and not counts else USUAL
        cell = self.bench.add("drift", name, title, item, sides, at=item.value.at)
        if cell is None:
            return item
        value = f"{name} + {paced(f'({item.value.text}) - {name}', cell)}"
        return item.model_copy(update={"value": Expr(value, item.value.at)})

    def counts(self, name: str, item: DriftSpec) -> bool:
        """Whether a drift moves by one at most, from every value that its gauge can have."""
        gauge, value = self.file.gauges[name], parse(item.value.text, item.value.at)
        try:
            return all(
                abs(end - now) <= 1
                for now in range(gauge.max, gauge.min - 1, -1)
                for end in interval(value.bind({name: Number(now)}), self.ranges)
            )
        except SpecError:
            return False  # it asks for what `ranges` does not know

    def move(self, name: str, move: MoveSpec) -> MoveSpec:
        if not assumed(move.source):
            return move
        title = both(move.title, name)
        update: dict[str, object] = {}
        if move.base.text != "0":
            weight = of(title, "weight", "重み")
            cell = self.bench.add("weight", name, weight, move, _sides([move.base]))
            if cell is not None:
                update["base"] = times(move.base, cell)
        effects, failure = (
            {key: e for key, e in part.items() if self.turns(key, e)}
            for part in (move.effects, move.failure)
        )
        if effects or failure or move.heat:
            values = [effect.value for part in (effects, failure) for effect in part.values()]
            sides = _sides([*values, *move.heat.values()])
            cell = self.bench.add("effects", name, of(title, "effects", "効果"), move, sides)
            if cell is not None:
                update["effects"] = {**move.effects, **_effects(effects, cell)}
                update["failure"] = {**move.failure, **_effects(failure, cell)}
                update["heat"] = {key: times(e, cell) for key, e in move.heat.items()}
        return move.model_copy(update=update)

    def turns(self, gauge: str, effect: Effect) -> bool:
        """Whether an effect has a magnitude: it adds to no flag, and more than one or two."""
        text = str(effect.value.text).lstrip("-")
        counts = text.isdecimal() and int(text) < 3
        return effect.op == "add" and gauge not in self.flags and not counts

    def actor(self, actor: ActorSpec) -> ActorSpec:
        rules: list[RuleSpec] = []
        for rule in actor.rules:
            if not assumed(rule.source):
                rules.append(rule)
                continue
            when = self.thresholds.turned(actor, rule)
            asked = rule if when is rule.when else rule.model_copy(update={"when": when})
            turned = [one for one in rule.favour.values() if one.op != "forbid"]
            rules += self.rule(actor, asked) if turned else [asked]
        return actor.model_copy(update={"rules": tuple(rules)})

    def rule(self, actor: ActorSpec, rule: RuleSpec) -> list[RuleSpec]:
        """The rule with its additions scaled; and, where it multiplies or divides, in its place
        three that do so by the usual factor, a smaller and a larger one, as the lever stands."""
        factors = {move: one for move, one in rule.favour.items() if one.op in ("times", "over")}
        rest = {move: one for move, one in rule.favour.items() if move not in factors}
        added = _sides(one.value for one in rest.values() if one.op == "add")
        less, more = (
            level if any(_factor(one, level) != one for one in factors.values()) else side
            for level, side in zip((LESS, MORE), added, strict=True)
        )
        who, why = both(actor.short or actor.title, actor.id), both(rule.because, rule.id)
        cell = self.bench.add(
            "rule",
            f"{actor.id}.{rule.id}",
            of(who, **why),
            rule,
            (less, more),
        )
        if cell is None:
            return [rule]
        scaled = {
            move: Favour("add", times(one.value, cell)) if one.op == "add" else one
            for move, one in rest.items()
        }
        found = [rule.model_copy(update={"favour": scaled})] if rest else []
        for which, sign, level in (
            ("usual", "==", USUAL),
            ("less", "<", LESS),
            ("more", ">", MORE),
        ):
            if factors:
                update = {
                    "id": f"{rule.id}.{which}",
                    "when": Expr(f"({rule.when.text}) and {cell} {sign} {USUAL}"),
                    "favour": {move: _factor(one, level) for move, one in factors.items()},
                }
                found.append(rule.model_copy(update=update))
        return found


def _factor(favour: Favour, level: int) -> Favour:
    """The factor or divisor at a level of the lever, to the nearest whole number from 1 up."""
    assert isinstance(favour.value, int)
    return replace(favour, value=max(1, nearest(favour.value, level)))


def _constant(value: Expr | int) -> int | None:
    """The number, if it is nothing else that is written."""
    text = _text(value).replace(" ", "")
    return int(text) if text.removeprefix("-").isdecimal() else None


def _sides(
    values: Iterable[Expr | int], low: int | None = None, high: int | None = None
) -> tuple[int, int]:
    """The two levels of a lever that scales `values`, each USUAL where it changes none of them.

    low, high: what lies beyond counts as these.
    """

    def kept(value: int) -> int:
        value = value if low is None else max(low, value)
        return value if high is None else min(high, value)

    constants = [_constant(value) for value in values]
    less, more = (
        level
        if any(one is None or kept(nearest(one, level)) != kept(one) for one in constants)
        else USUAL
        for level in (LESS, MORE)
    )
    return less, more


def times(value: Expr | int, cell: str) -> Expr:
    """`nearest` of the value and the cell, in the language of rules.

    A formula is written once only, since it may be as long as one can be. So its sign is not asked
    for: the larger side is larger by half a per mille, and no product ends on a half. At the two
    levels this is `nearest` for all amounts below 1000 but one, -500 turned down (-333, not -334).
    """
    constant = _constant(value)
    if constant is not None:
        return Expr(f"({constant} * {cell} + {USUAL // 2 - (constant < 0)}) // {USUAL}")
    level = f"({cell} * 2 + ({cell} > {USUAL}))"
    return Expr(f"(({_text(value)}) * {level} + {USUAL}) // {2 * USUAL}")


def paced(step: str, cell: str) -> str:
    """The step of a drift times the cell, rounded down or up as the turn has it.

    Equal steps of either sign add up to exactly their share in a thousand turns, and are never
    two ahead or behind in the first hundred.
    """
    return f"(({step}) * {cell} + turn * {SPREAD} % {USUAL}) // {USUAL}"


def _effects(effects: Mapping[str, Effect], cell: str) -> dict[str, Effect]:
    return {key: Effect("add", times(effect.value, cell)) for key, effect in effects.items()}


def _text(value: Expr | int) -> str:
    return str(value) if isinstance(value, int) else value.text
