"""Weights, odds, paces and effects: what is written, times a hidden gauge that stands at 1000."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from wargame.experiment.levers.lever import (
    FEWEST,
    LESS,
    MORE,
    USUAL,
    Bench,
    assumed,
    both,
    of,
    titled,
)
from wargame.experiment.levers.thresholds import Thresholds
from wargame.spec import (
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

CERTAIN = 1000  # per mille


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
        self.flags = frozenset(
            name for name, gauge in spec.scenario.gauges.items() if gauge.max - gauge.min < FEWEST
        )

    def chance(self, event: ChanceSpec) -> ChanceSpec:
        """An event's odds. What is certain cannot be made likelier, nor what never happens."""
        if not assumed(event.source):
            return event
        written = event.chance.text
        constant = int(written) if written.lstrip("-").isdecimal() else None
        cell = self.bench.add(
            "chance",
            event.id,
            of(both(event.title, event.id), "frequency", "頻度"),
            event.source,
            event.at,
            less=USUAL if constant is not None and constant <= 0 else LESS,
            more=USUAL if constant is not None and (constant <= 0 or constant >= CERTAIN) else MORE,
        )
        if cell is None:
            return event
        return event.model_copy(update={"chance": _scaled(event.chance, cell)})

    def drift(self, name: str, item: DriftSpec) -> DriftSpec:
        if not assumed(item.source) or name not in self.file.gauges:
            return item
        title = of(titled(name, self.file), "pace of its change", "変化の速さ")
        cell = self.bench.add("drift", name, title, item.source, item.value.at)
        if cell is None:
            return item
        value = Expr(f"{name} + (({item.value.text}) - {name}) * {cell} // 1000")
        return item.model_copy(update={"value": value})

    def move(self, name: str, move: MoveSpec) -> MoveSpec:
        if not assumed(move.source):
            return move
        title = both(move.title, name)
        update: dict[str, object] = {}
        if move.base.text != "0":
            cell = self.bench.add("weight", name, of(title, "weight", "重み"), move.source, move.at)
            if cell is not None:
                update["base"] = _scaled(move.base, cell)
        effects, failure = (
            {key: e for key, e in part.items() if self.turns(key, e)}
            for part in (move.effects, move.failure)
        )
        if effects or failure or move.heat:
            cell = self.bench.add(
                "effects", name, of(title, "effects", "効果"), move.source, move.at
            )
            if cell is not None:
                update["effects"] = {**move.effects, **_effects(effects, cell)}
                update["failure"] = {**move.failure, **_effects(failure, cell)}
                update["heat"] = {key: _scaled(e, cell) for key, e in move.heat.items()}
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
        adds = any(one.op == "add" for one in rest.values())
        less, more = (
            level if adds or any(_factor(one, level) != one for one in factors.values()) else USUAL
            for level in (LESS, MORE)
        )
        who, why = both(actor.short or actor.title, actor.id), both(rule.because, rule.id)
        cell = self.bench.add(
            "rule",
            f"{actor.id}.{rule.id}",
            {"en": f"{who['en']}: {why['en']}", "ja": f"{who['ja']}：{why['ja']}"},
            rule.source,
            rule.at,
            less=less,
            more=more,
        )
        if cell is None:
            return [rule]
        scaled = {
            move: Favour("add", _scaled(one.value, cell)) if one.op == "add" else one
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
    value = max(1, (favour.value * level + USUAL // 2) // USUAL)
    return replace(favour, value=value)


def _scaled(value: Expr | int, cell: str) -> Expr:
    text = str(value) if isinstance(value, int) else value.text
    return Expr(f"({text}) * {cell} // 1000")


def _effects(effects: Mapping[str, Effect], cell: str) -> dict[str, Effect]:
    return {key: Effect("add", _scaled(effect.value, cell)) for key, effect in effects.items()}
