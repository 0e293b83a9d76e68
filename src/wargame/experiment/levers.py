"""Every number that rests on an assumption, as a lever that can be turned in each run apart.

A rule's weights, an event's odds, a drift's pace, a move's weight and its effects are multiplied
by a hidden gauge that stands at 1000, per mille. As long as it does, every run goes as it is
written, to the last number; set another value in some runs, and in those the assumption is
stronger or weaker. So one compiled scenario plays any mixture of assumptions side by side, under
the same luck. Starts of gauges and unknowns need no hidden gauge: their own cells are set.

What is left out: ties and starting stages, which are fixed when a scenario is compiled, and the
ladder's resistances, which are part of the program.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from wargame.course import CHUNK, finish
from wargame.draws import Luck
from wargame.record import Outcomes
from wargame.scenario import Scenario, Unknown
from wargame.spec import (
    ActorSpec,
    ChanceSpec,
    Effect,
    Expr,
    Favour,
    GaugeSpec,
    MoveSpec,
    RuleSpec,
    Spec,
    Text,
)
from wargame.turn import begin, derive

Ints = npt.NDArray[np.int64]
Kind = Literal["rule", "start", "unknown", "chance", "drift", "weight", "effects"]

USUAL = 1000  # a lever as the scenario is written
LESS, MORE = 667, 1500  # two thirds, and half as much again: the same step either way
STEP = 5  # per cent of a gauge's range, by which its start is moved
FEWEST = 10  # a range smaller than this is a flag or a count, whose start is a fact


@dataclass(frozen=True)
class Lever:
    """One assumption. Turning it means that the cell `cell` begins at `less` or at `more`.

    usual: where it stands as written; None for an unknown, which is drawn.
    """

    cell: str
    kind: Kind
    name: str
    title: Mapping[str, str]
    source: str
    less: int
    more: int
    usual: int | None


def assumed(source: Text | None) -> bool:
    """Whether a number rests on an assumption: its source says so, or there is none."""
    return source is None or "assumption" in source.en.lower()


def with_levers(spec: Spec) -> tuple[Spec, tuple[Lever, ...]]:
    """`spec` with a hidden gauge for every assumption that needs one, and all levers."""
    file = spec.scenario
    shop = _Workshop(
        frozenset(name for name, gauge in file.gauges.items() if gauge.max - gauge.min < FEWEST)
    )
    moves = {name: shop.move(name, move) for name, move in spec.moves.items()}
    actors = tuple(shop.actor(actor) for actor in spec.actors)
    chance = tuple(shop.chance(event) for event in file.chance)
    drift = {
        name: item.model_copy(
            update={
                "value": Expr(
                    f"{name} + (({item.value.text}) - {name}) * "
                    f"{shop.add('drift', name, _titled(name, file), item.source)} // 1000"
                )
            }
        )
        if assumed(item.source) and name in file.gauges
        else item
        for name, item in file.drift.items()
    }
    hidden = {
        lever.cell: GaugeSpec(start=Expr(str(USUAL)), min=0, max=2000, source=Text(en="lever"))
        for lever in shop.levers
    }
    changed = file.model_copy(
        update={"chance": chance, "drift": drift, "gauges": {**file.gauges, **hidden}}
    )
    levered = replace(spec, scenario=changed, actors=actors, moves=moves)
    return levered, (*shop.levers, *_starts(spec))


def unknown_levers(spec: Spec, scenario: Scenario) -> tuple[Lever, ...]:
    """The unknowns whose range is an assumption, from their 10th to their 90th percentile."""
    return tuple(
        Lever(
            cell=unknown.name,
            kind="unknown",
            name=unknown.name,
            title=_titled(unknown.name, spec.scenario),
            source=str(spec.scenario.unknowns[unknown.name].source or ""),
            less=int(quantile(unknown, np.array([0.1]))[0]),
            more=int(quantile(unknown, np.array([0.9]))[0]),
            usual=None,
        )
        for unknown in scenario.unknowns
        if len(unknown.values) > 1 and assumed(spec.scenario.unknowns[unknown.name].source)
    )


def quantile(unknown: Unknown, share: npt.NDArray[np.float64]) -> Ints:
    """The values below which lie these shares, in 0..1, of what an unknown is drawn from."""
    place = np.searchsorted(unknown.edges, share * unknown.edges[-1], side="right")
    values: Ints = unknown.values[np.minimum(place, len(unknown.values) - 1)]
    return values


def play_set(
    scenario: Scenario,
    cells: Mapping[str, npt.ArrayLike],
    runs: Ints,
    seed: int,
    chunk: int = CHUNK,
) -> Iterator[Outcomes]:
    """Play runs that begin with some cells set, {name: one value, or one for each run}.

    runs: run numbers, each as often as one likes. Yields outcomes of `chunk` rows at a time, in
    the order of `runs`.
    """
    tables = {name: np.broadcast_to(np.asarray(v), runs.shape) for name, v in cells.items()}
    for first in range(0, len(runs), chunk):
        part = slice(first, first + chunk)
        luck = Luck(seed, runs[part])
        world = begin(scenario, luck)
        start = world.cells.copy()
        for name, values in tables.items():
            start[world.names[name]] = values[part]
        yield finish(scenario, replace(world, cells=derive(scenario, start, 0)), luck)


class _Workshop:
    """Gathers levers while it rewrites the parts of a spec.

    flags: gauges whose changes are facts, not magnitudes.
    """

    def __init__(self, flags: frozenset[str]) -> None:
        self.flags = flags
        self.levers: list[Lever] = []

    def add(self, kind: Kind, name: str, title: Mapping[str, str], source: Text | None) -> str:
        cell = f"lever.{kind}.n{len(self.levers)}"
        self.levers.append(Lever(cell, kind, name, title, str(source or ""), LESS, MORE, USUAL))
        return cell

    def chance(self, event: ChanceSpec) -> ChanceSpec:
        if not assumed(event.source):
            return event
        title = _both(event.title, event.id)
        return event.model_copy(
            update={
                "chance": _scaled(event.chance, self.add("chance", event.id, title, event.source))
            }
        )

    def move(self, name: str, move: MoveSpec) -> MoveSpec:
        if not assumed(move.source):
            return move
        title = _both(move.title, name)
        update: dict[str, object] = {}
        if move.base.text != "0":
            update["base"] = _scaled(move.base, self.add("weight", name, title, move.source))
        effects, failure = (
            {key: e for key, e in part.items() if self.turns(key, e)}
            for part in (move.effects, move.failure)
        )
        if effects or failure or move.heat:
            cell = self.add("effects", name, title, move.source)
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
            turned = [one for one in rule.favour.values() if one.op != "forbid"]
            rules += self.rule(actor, rule) if assumed(rule.source) and turned else [rule]
        return actor.model_copy(update={"rules": tuple(rules)})

    def rule(self, actor: ActorSpec, rule: RuleSpec) -> list[RuleSpec]:
        """The rule with its additions scaled; and, where it multiplies or divides, in its place
        three that do so by the usual factor, a smaller and a larger one, as the lever stands."""
        who, why = actor.short or actor.title, _both(rule.because, rule.id)
        title = {"en": f"{who.get('en')}: {why['en']}", "ja": f"{who.get('ja')}：{why['ja']}"}
        cell = self.add("rule", f"{actor.id}.{rule.id}", title, rule.source)
        factors = {move: one for move, one in rule.favour.items() if one.op in ("times", "over")}
        rest = {
            move: Favour("add", _scaled(one.value, cell)) if one.op == "add" else one
            for move, one in rule.favour.items()
            if move not in factors
        }
        found = [rule.model_copy(update={"favour": rest})] if rest else []
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
    return Favour(favour.op, max(1, (favour.value * level + USUAL // 2) // USUAL))


def _scaled(value: Expr | int, cell: str) -> Expr:
    text = str(value) if isinstance(value, int) else value.text
    return Expr(f"({text}) * {cell} // 1000")


def _effects(effects: Mapping[str, Effect], cell: str) -> dict[str, Effect]:
    return {key: Effect("add", _scaled(effect.value, cell)) for key, effect in effects.items()}


def _starts(spec: Spec) -> Iterator[Lever]:
    for name, gauge in spec.scenario.gauges.items():
        if not assumed(gauge.source) or gauge.max - gauge.min < FEWEST:
            continue
        if not gauge.start.text.lstrip("-").isdecimal():
            continue
        usual = int(gauge.start.text)
        step = (gauge.max - gauge.min) * STEP // 100
        yield Lever(
            cell=name,
            kind="start",
            name=name,
            title=_titled(name, spec.scenario),
            source=str(gauge.source or ""),
            less=max(gauge.min, usual - step),
            more=min(gauge.max, usual + step),
            usual=usual,
        )


def _both(text: Text | None, otherwise: str) -> dict[str, str]:
    if text is None:
        return {"en": otherwise, "ja": otherwise}
    return {lang: " ".join(text.get(lang).split()) for lang in ("en", "ja")}


def _titled(name: str, file: object) -> dict[str, str]:
    for part in ("gauges", "unknowns"):
        item = getattr(file, part).get(name)
        if item is not None:
            return _both(item.title, name)
    return {"en": name, "ja": name}
