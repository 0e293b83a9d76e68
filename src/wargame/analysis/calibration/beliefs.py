"""What calibration may turn: the distributions of unknowns, and single weights.

A setting of the dials is a vector of plain numbers whose unit is the prior's own range (for an
unknown) or a doubling (for a weight), so that "as little as possible" means something; the prior,
the scenario as it is written, is where the distance is 0. A setting becomes a worldview in the
ordinary language of overlays.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import yaml

from wargame.analysis.calibration.targets import DialSpec
from wargame.content.diagnostics import Findings
from wargame.content.spec import (
    ChanceSpec,
    Effect,
    Expr,
    Favour,
    Item,
    RuleSpec,
    Spec,
    Text,
    UnknownSpec,
)

Floats = npt.NDArray[np.float64]

NARROWEST = 0.2
"""A calibrated distribution keeps at least this much of the prior's width: nobody knows more."""

FACTOR = (250, 4000)
"""How far a weight may be turned where nothing is said, per mille."""


class Dial(Protocol):
    """Something that can be turned; its part of a setting has `size` numbers."""

    @property
    def name(self) -> str: ...
    @property
    def size(self) -> int: ...
    @property
    def bounds(self) -> list[tuple[float, float]]:
        """The lowest and highest of each number."""

    @property
    def prior(self) -> list[float]:
        """The numbers that stand for the scenario as written."""

    def turned(self, part: Floats) -> Turned:
        """What a part of a setting says, in whole numbers."""

    def column(self, part: Floats, points: Floats) -> Floats:
        """Draws, 0 to 1 over the dial's reach, at quantiles `points`, shape (m,)."""


@dataclass(frozen=True)
class Turned:
    """A dial as it was and as it now stands: numbers in the words of the YAML."""

    name: str
    was: Mapping[str, Any]
    now: Mapping[str, Any]
    distance: float

    @property
    def moved(self) -> bool:
        return self.was != self.now


@dataclass(frozen=True)
class Belief:
    """The distribution of an unknown: low, perhaps likely, high.

    Its low and its high end move; what is likely keeps its place between them.
    """

    name: str
    low: int
    likely: int | None
    high: int
    within: tuple[int, int]
    size: int = 2

    @property
    def width(self) -> int:
        return self.high - self.low

    @property
    def bounds(self) -> list[tuple[float, float]]:
        low, high = self.within
        return [(low / self.width, high / self.width)] * 2

    @property
    def prior(self) -> list[float]:
        return [self.low / self.width, self.high / self.width]

    def ends(self, part: Floats) -> tuple[float, float]:
        """The ends that a part stands for: in order, and not too close."""
        low, high = sorted((part[0] * self.width, part[1] * self.width))
        least = NARROWEST * self.width
        if high - low < least:
            low = min(max(self.within[0], (low + high - least) / 2), self.within[1] - least)
            high = low + least
        return low, high

    def middle(self, low: float, high: float) -> float | None:
        """Where the distribution between these ends is likeliest."""
        if self.likely is None:
            return None
        return low + (high - low) * (self.likely - self.low) / self.width

    def turned(self, part: Floats) -> Turned:
        low, high = self.ends(part)
        now: dict[str, Any] = {"between": [round(low), round(high)]}
        was: dict[str, Any] = {"between": [self.low, self.high]}
        likely = self.middle(low, high)
        if likely is not None:
            now["likely"], was["likely"] = round(likely), self.likely
        return Turned(self.name, was, now, _length(part - np.array(self.prior)))

    def column(self, part: Floats, points: Floats) -> Floats:
        low, high = self.ends(part)
        span, likely = high - low, self.middle(low, high)
        if likely is None:
            drawn = low + span * points
        else:
            drawn = np.where(
                points < (likely - low) / span,
                low + np.sqrt(points * span * (likely - low)),
                high - np.sqrt((1 - points) * span * (high - likely)),
            )
        first, last = self.within
        return (drawn - first) / (last - first)


@dataclass(frozen=True)
class Weight:
    """A weight that is multiplied: of a move in a rule, of a move itself, or of a chance event."""

    name: str
    within: tuple[int, int]
    size: int = 1

    @property
    def bounds(self) -> list[tuple[float, float]]:
        low, high = self.within
        return [(math.log2(low / 1000), math.log2(high / 1000))]

    @property
    def prior(self) -> list[float]:
        return [0.0]

    def turned(self, part: Floats) -> Turned:
        factor = round(1000 * 2 ** float(part[0]))
        return Turned(self.name, {"factor": 1000}, {"factor": factor}, abs(float(part[0])))

    def column(self, part: Floats, points: Floats) -> Floats:
        return np.full(points.shape, self.place(1000 * 2 ** float(part[0])))

    def place(self, factor: Any) -> Any:
        """Factors per mille as places between the smallest (0) and the largest (1)."""
        low, high = np.log2(np.array(self.within) / 1000)
        return (np.log2(np.asarray(factor) / 1000) - low) / (high - low)


def _length(step: Floats) -> float:
    """How far a distribution moved: the root mean square of its numbers' moves."""
    return float(np.sqrt(np.mean(step * step)))


# ------------------------------------------------------------------------------- all of them


@dataclass(frozen=True)
class Panel:
    """All dials of a calibration, and the scenario that they belong to."""

    spec: Spec
    dials: tuple[Belief | Weight, ...]

    @property
    def prior(self) -> Floats:
        return np.array([number for dial in self.dials for number in dial.prior])

    @property
    def bounds(self) -> list[tuple[float, float]]:
        return [pair for dial in self.dials for pair in dial.bounds]

    def parts(self, setting: Floats) -> list[Floats]:
        """A setting, cut up by dial."""
        cuts = np.cumsum([dial.size for dial in self.dials])[:-1]
        return list(np.split(setting, cuts))

    def turned(self, setting: Floats) -> tuple[Turned, ...]:
        """Where a setting puts each dial."""
        pairs = zip(self.dials, self.parts(setting), strict=True)
        return tuple(dial.turned(part) for dial, part in pairs)

    def steps(self, setting: Floats, origin: Floats) -> Floats:
        """How far each dial is from another setting, shape (dials,)."""
        pairs = zip(self.parts(setting), self.parts(origin), strict=True)
        return np.array([_length(one - other) for one, other in pairs])

    def draws(self, setting: Floats, points: Floats) -> Floats:
        """What runs would draw at these quantiles (m x dials): places from 0 to 1, m x dials."""
        pairs = zip(self.dials, self.parts(setting), points.T, strict=True)
        return np.stack([dial.column(part, column) for dial, part, column in pairs], axis=1)

    def places(self, unknowns: Mapping[str, npt.NDArray[Any]], turned: Sequence[Turned]) -> Floats:
        """What runs did draw, as places: n x dials. A weight that was no unknown stood still."""
        n = len(next(iter(unknowns.values())))
        found = np.empty((n, len(self.dials)))
        for i, dial in enumerate(self.dials):
            if isinstance(dial, Weight):
                name = free_name(i)
                drawn = unknowns.get(name, np.full(n, turned[i].now["factor"] if turned else 1000))
                found[:, i] = dial.place(drawn)
            else:
                low, high = dial.within
                found[:, i] = (unknowns[dial.name] - low) / (high - low)
        return found

    def loosened(self, spec: Spec) -> Spec:
        """The scenario with every dial drawn flat over its whole reach, afresh in each run.

        A weight becomes an unknown of its own, so that one compiled scenario holds all settings.
        """
        free = {}
        for i, dial in enumerate(self.dials):
            name = dial.name if isinstance(dial, Belief) else free_name(i)
            free[name] = UnknownSpec(between=dial.within)
            if isinstance(dial, Weight):
                spec = _scaled(spec, dial.name, name)
        scenario = spec.scenario.model_copy(update={"unknowns": {**spec.scenario.unknowns, **free}})
        return replace(spec, scenario=scenario)


def free_name(number: int) -> str:
    """What a weight is called while it is an unknown."""
    return f"dial.d{number}"


def panel(spec: Spec, dials: Mapping[str, DialSpec]) -> Panel:
    """The dials of these names; all unknowns of the scenario if none is named.

    Raises SpecError for names that the scenario does not know and dials that cannot be turned.
    """
    findings = Findings()
    unknowns = spec.scenario.unknowns
    wanted = dials or {n: DialSpec() for n, u in unknowns.items() if u.between is not None}
    found: list[Belief | Weight] = []
    for name, dial in wanted.items():
        if "/" in name:
            try:
                _scaled(spec, name, "1000")
            except KeyError as error:
                what, word, known = error.args
                findings.unknown(what, word, known, name)
                continue
            found.append(Weight(str(name), dial.within or FACTOR))
        elif name not in unknowns:
            findings.unknown("unknown", name, unknowns)
        elif (between := unknowns[name].between) is None or between[0] == between[1]:
            findings.add(f"{name} is fixed, so nothing of it can be moved", name)
        else:
            low, high = between
            reach = dial.within or ((0, 1000) if low >= 0 and high <= 1000 else (low, high))
            if not (reach[0] <= low and high <= reach[1]):
                findings.add(f"{name} already reaches from {low} to {high}", dial, "widen within")
            found.append(Belief(str(name), low, unknowns[name].likely, high, reach))
    findings.stop()
    return Panel(spec, tuple(found))


# ------------------------------------------------------------------------------- turning weights


def _scaled(spec: Spec, name: str, factor: str) -> Spec:
    """The spec with one weight times `factor` (an expression), per mille.

    Raises KeyError(what, word, known) for a name that the scenario does not know.
    """
    first, *rest = name.split("/")
    if first == "chance":
        events = {event.id: event for event in spec.scenario.chance}
        event = _known("chance event", rest[0], events)
        changed = event.model_copy(update={"chance": _times(event.chance, factor)})
        chance = tuple(changed if e is event else e for e in spec.scenario.chance)
        return replace(spec, scenario=spec.scenario.model_copy(update={"chance": chance}))
    if first == "move":
        move = _known("move", rest[0], spec.moves)
        heavier = move.model_copy(update={"base": _times(move.base, factor)})
        return replace(spec, moves={**spec.moves, rest[0]: heavier})
    actor = _known("actor", first, {actor.id: actor for actor in spec.actors})
    rule = _known("rule", rest[0], {rule.id: rule for rule in actor.rules})
    favour = _known("move of that rule", rest[1], rule.favour)
    if favour.op != "add" or not isinstance(favour.value, Expr):
        raise KeyError("added weight", rest[1], ())
    more = {**rule.favour, rest[1]: Favour("add", _times(favour.value, factor))}
    new = rule.model_copy(update={"favour": more})
    rules = tuple(new if r is rule else r for r in actor.rules)
    mind = actor.model_copy(update={"rules": rules})
    return replace(spec, actors=tuple(mind if a is actor else a for a in spec.actors))


def _known(what: str, word: str, known: Mapping[str, Any]) -> Any:
    if word not in known:
        raise KeyError(what, word, tuple(known))
    return known[word]


def _times(expression: Expr, factor: str) -> Expr:
    return Expr(f"({expression.text}) * {factor} // 1000", expression.at)


# ------------------------------------------------------------------------------- as an overlay


def overlay_text(
    panel: Panel, turned: Sequence[Turned], about: Mapping[str, Any], source: str, head: str = ""
) -> str:
    """The worldview that a setting is, as YAML. `about`: its id, title and other leading keys.

    Only dials that moved are written.
    """
    data: dict[str, Any] = {"schema": 1, **about}
    spec = panel.spec
    unknowns: dict[str, Any] = {}
    rules: dict[str, dict[str, RuleSpec]] = {}
    moves: dict[str, Any] = {}
    events: dict[str, ChanceSpec] = {}
    for dial in turned:
        if not dial.moved:
            continue
        if "factor" not in dial.now:
            was = "likely {likely}, ".format(**dial.was) if "likely" in dial.was else ""
            low, high = dial.was["between"]
            before = f"{was}between {low} and {high}"
            unknowns[dial.name] = {**dial.now, "source": f"{source}; as written: {before}"}
            continue
        spec = _scaled(spec, dial.name, str(dial.now["factor"]))
        first, second = dial.name.split("/")[:2]
        note = f"{source}; {dial.name.split('/')[-1]} x {dial.now['factor'] / 1000:.3f}"
        if first == "chance":
            event = next(event for event in spec.scenario.chance if event.id == second)
            events[second] = _with_note(event, note)
        elif first == "move":
            base = plain(spec.moves[second].base)
            moves[second] = {"base": base, "source": _noted(spec.moves[second].source, note)}
        else:
            actor = next(actor for actor in spec.actors if actor.id == first)
            rule = next(rule for rule in actor.rules if rule.id == second)
            rules.setdefault(first, {})[second] = _with_note(rule, note)
    if unknowns:
        data["unknowns"] = unknowns
    if rules:
        data["rules"] = {actor: [plain(r) for r in own.values()] for actor, own in rules.items()}
    if moves:
        data["moves"] = moves
    if events:
        data["chance"] = [plain(event) for event in events.values()]
    return head + yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=100)


def _with_note(item: Any, note: str) -> Any:
    return item.model_copy(update={"source": Text(en=_noted(item.source, note))})


def _noted(source: Text | None, note: str) -> str:
    return f"{source}; {note}" if source else note


def plain(value: Any) -> Any:
    """A part of a spec as an author would write it."""
    if isinstance(value, Text):
        return str(value.en) if value.ja is None else {"en": str(value.en), "ja": str(value.ja)}
    if isinstance(value, Effect):
        return f"={value.value}" if value.op == "set" else plain(value.value)
    if isinstance(value, Favour):
        marks = {"times": "x", "over": "/"}
        if value.op == "forbid":
            return "forbid"
        return f"{marks[value.op]}{value.value}" if value.op in marks else plain(value.value)
    if isinstance(value, Expr):
        text = " ".join(value.text.split())
        return int(text) if text.lstrip("-").isdecimal() else text
    if isinstance(value, Item):
        return {
            field.alias or name: plain(getattr(value, name))
            for name, field in type(value).model_fields.items()
            if name != "at" and name in value.model_fields_set
        }
    if isinstance(value, dict):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, tuple | list):
        return [plain(inner) for inner in value]
    return int(value) if isinstance(value, int) else str(value)
