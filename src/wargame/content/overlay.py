"""What policies, worldviews and heirs change in a scenario, and where two of them disagree.

Everything here maps frozen specs to frozen specs; what is wrong is noted in `Findings`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from wargame.content.diagnostics import Findings
from wargame.content.digest import meaning
from wargame.content.source_marks import shown
from wargame.content.spec import (
    ActorSpec,
    ChanceSpec,
    Changes,
    DyadSpec,
    GaugeSpec,
    HeirSpec,
    InjectPatch,
    InjectSpec,
    Item,
    MovePatch,
    MoveSpec,
    OverlaySpec,
    Removed,
    ScenarioSpec,
    UnknownSpec,
)

__all__ = ["Parts", "apply", "conflicts", "declared", "inherit"]

Spec = TypeVar("Spec", bound=Item)
Value = TypeVar("Value")


@dataclass(frozen=True)
class Parts:
    """What a scenario is made of.  `forbidden` holds (actor, move) pairs."""

    scenario: ScenarioSpec
    actors: tuple[ActorSpec, ...]
    moves: dict[str, MoveSpec]
    forbidden: frozenset[tuple[str, str]] = frozenset()


def declared(dyad: str, dyads: Iterable[str]) -> str | None:
    """The name under which the scenario has this dyad, whichever way round; None if it has not."""
    ends = frozenset(dyad.split("-"))
    return next((name for name in dyads if frozenset(name.split("-")) == ends), None)


# --- heirs ----------------------------------------------------------------------------------


def inherit(base: ScenarioSpec, heir: HeirSpec, findings: Findings) -> ScenarioSpec:
    """The scenario that `heir` describes by what differs from `base`."""
    replaced = ("turn", "seed", "actors", "moves", "about", "source")
    merged = ("gauges", "derived", "drift", "milestones", "endings", "sources")
    given: dict[str, object] = {"id": heir.id, "title": heir.title, "at": heir.at}
    given |= {name: getattr(heir, name) for name in replaced if name in heir.model_fields_set}
    given |= {name: {**getattr(base, name), **getattr(heir, name)} for name in merged}
    given["unknowns"] = {**base.unknowns, **heir.unknowns, **base.unknowns}
    given["dyads"] = base.dyads | {
        key: DyadSpec.model_construct(stage=dyad.stage, at=dyad.at)
        for key, dyad in heir.dyads.items()
        if dyad.stage is not None and declared(key, base.dyads) is None
    }
    return _changed(base.model_copy(update=given), heir, base, findings)


# --- overlays -------------------------------------------------------------------------------


def apply(parts: Parts, overlays: Sequence[OverlaySpec], findings: Findings) -> Parts:
    """The parts with the overlays laid over them, one after the other."""
    origin = parts.scenario
    fitting = [overlay for overlay in overlays if _fits(overlay, origin, findings)]
    for overlay in fitting:
        for rules in overlay.rules.values():
            findings.unique("rule", (rule.id for rule in rules))
        parts = replace(
            parts,
            scenario=_changed(parts.scenario, overlay, origin, findings),
            actors=_with_rules(parts.actors, overlay, findings),
            moves=_with_moves(parts.moves, overlay, findings),
        )
    for overlay in fitting:
        forbidden = frozenset(_forbidden(parts, overlay, findings))
        parts = replace(parts, forbidden=parts.forbidden | forbidden)
        _check_expectations(parts.scenario, overlay, findings)
    return parts


def _fits(overlay: OverlaySpec, scenario: ScenarioSpec, findings: Findings) -> bool:
    """Is the overlay written for this scenario?  If not, the fault is noted."""
    meant = overlay.for_ or (scenario.id,)
    if scenario.id in (*meant, *findings.broken):
        return True
    findings.add(
        f"{overlay.id} is written for {', '.join(meant)}, not for {scenario.id}",
        meant[0],
        "choose another scenario or another overlay",
    )
    return False


def _changed(
    scenario: ScenarioSpec, changes: Changes, origin: ScenarioSpec, findings: Findings
) -> ScenarioSpec:
    """The scenario with these changes; in `origin` nothing has been removed yet."""
    findings.unique("inject", (inject.id for inject in changes.injects if inject.id))
    findings.unique("chance event", (event.id for event in changes.chance))
    return scenario.model_copy(
        update={
            "gauges": _started(scenario, changes, findings),
            "unknowns": _believed(scenario, changes, findings),
            "injects": _with_injects(scenario.injects, changes, origin.injects, findings),
            "chance": _with_chance(scenario.chance, changes, origin.chance, findings),
            "ties": _replaced(scenario.ties, changes.ties, lambda tie: (tie.from_, tie.to)),
            "dyads": _moved(scenario.dyads, changes, findings),
        }
    )


def _started(scenario: ScenarioSpec, changes: Changes, findings: Findings) -> dict[str, GaugeSpec]:
    gauges = dict(scenario.gauges)
    for name, start in changes.start.items():
        if name in gauges:
            gauges[name] = gauges[name].model_copy(update={"start": start})
        elif name in scenario.unknowns:
            findings.add(f"{name} is an unknown", name, "say what it is under unknowns")
        elif name in scenario.derived:
            findings.add(f"{name} is computed from other gauges", name, "start those")
        else:
            findings.unknown("gauge", name, gauges)
    return gauges


def _believed(
    scenario: ScenarioSpec, changes: Changes, findings: Findings
) -> dict[str, UnknownSpec]:
    """The unknowns; a new distribution takes the place of the old one as a whole."""
    unknowns = dict(scenario.unknowns)
    for name, belief in changes.unknowns.items():
        if name in unknowns:
            update = _given(belief) | {
                key: getattr(belief, key) for key in ("between", "likely", "is_")
            }
            unknowns[name] = unknowns[name].model_copy(update=update)
        elif name in scenario.gauges:
            findings.add(f"{name} is a gauge, not an unknown", name, "set it under start")
        else:
            findings.unknown("unknown", name, unknowns)
    return unknowns


def _with_injects(
    injects: tuple[InjectSpec, ...],
    changes: Changes,
    origin: tuple[InjectSpec, ...],
    findings: Findings,
) -> tuple[InjectSpec, ...]:
    """The injects: those of a known id changed or removed, the others added behind."""
    found = list(injects)
    known = [inject.id for inject in (*injects, *origin) if inject.id]
    for change in changes.injects:
        same = [i for i, inject in enumerate(found) if inject.id and inject.id == change.id]
        if isinstance(change, Removed):
            if change.id not in known:
                findings.unknown("inject", change.id, known)
            for i in same:
                del found[i]
        elif same:
            found[same[0]] = found[same[0]].model_copy(update=_given(change))
        elif "turn" in change.model_fields_set:
            found.append(_complete(InjectSpec, change))
        else:
            findings.unknown("inject", change.id or "", known, change.id or change)
    return tuple(found)


def _with_chance(
    chance: tuple[ChanceSpec, ...],
    changes: Changes,
    origin: tuple[ChanceSpec, ...],
    findings: Findings,
) -> tuple[ChanceSpec, ...]:
    """The events: those of a known id replaced or removed, the others added behind."""
    known = [event.id for event in (*chance, *origin)]
    removed = [change.id for change in changes.chance if isinstance(change, Removed)]
    for name in removed:
        if name not in known:
            findings.unknown("chance event", name, known)
    kept = [event for event in chance if event.id not in removed]
    new = [change for change in changes.chance if isinstance(change, ChanceSpec)]
    return _replaced(kept, new, lambda event: event.id)


def _moved(
    dyads: Mapping[str, DyadSpec], changes: Changes, findings: Findings
) -> dict[str, DyadSpec]:
    found = dict(dyads)
    for key, change in changes.dyads.items():
        name = declared(key, found)
        if name is None:
            findings.unknown("dyad", key, found)
        else:
            found[name] = found[name].model_copy(update=_given(change))
    return found


def _with_rules(
    actors: tuple[ActorSpec, ...], overlay: OverlaySpec, findings: Findings
) -> tuple[ActorSpec, ...]:
    for name in overlay.rules:
        if name not in (actor.id for actor in actors):
            findings.unknown("actor", name, [actor.id for actor in actors])
    return tuple(
        actor.model_copy(
            update={
                "rules": _replaced(
                    actor.rules, overlay.rules.get(actor.id, ()), lambda rule: rule.id
                )
            }
        )
        for actor in actors
    )


def _with_moves(
    moves: Mapping[str, MoveSpec], overlay: OverlaySpec, findings: Findings
) -> dict[str, MoveSpec]:
    """The moves with patched keys; a patch that is complete adds a move."""
    found = dict(moves)
    for name, patch in overlay.moves.items():
        if name in found:
            found[name] = found[name].model_copy(update=_given(patch))
        elif {"title", "by"} <= patch.model_fields_set:
            found[name] = _complete(MoveSpec, patch)
        else:
            findings.unknown("move", name, found)
    return found


def _forbidden(parts: Parts, overlay: OverlaySpec, findings: Findings) -> Iterator[tuple[str, str]]:
    for entry in overlay.forbid:
        *who, move = entry.split(".")
        if move not in parts.moves:
            if move not in findings.broken:
                findings.unknown("move", move, parts.moves, entry)
            continue
        by = parts.moves[move].by
        if who and who[0] not in by:
            makers = ", ".join(by)
            findings.add(f"{who[0]} cannot make {move} anyway", entry, f"made by: {makers}")
        yield from ((actor, move) for actor in who or by)


def _check_expectations(scenario: ScenarioSpec, overlay: OverlaySpec, findings: Findings) -> None:
    goals = (*scenario.endings, *scenario.milestones)
    for expected in overlay.expect:
        for name in expected.split("|"):
            if name not in goals:
                findings.unknown("ending or milestone", name, goals, expected)


# --- conflicts ------------------------------------------------------------------------------


def conflicts(overlays: Sequence[OverlaySpec], findings: Findings) -> None:
    """Note where two overlays set the same thing to different values."""
    first: dict[tuple[str, ...], tuple[OverlaySpec, object]] = {}
    for overlay in overlays:
        if any(other.id == overlay.id for other, _ in first.values()):
            findings.add(
                f"the overlay {shown(overlay.id)} is named twice", overlay, "once is enough"
            )
            continue
        for setting, value, where in _settings(overlay):
            other, before = first.setdefault(setting, (overlay, value))
            if other is not overlay and meaning(before) != meaning(value):
                findings.add(
                    f"{other.id} and {overlay.id} disagree about {' '.join(setting)}",
                    where,
                    "use one of them, or make them agree",
                )


def _settings(overlay: OverlaySpec) -> Iterator[tuple[tuple[str, ...], object, object]]:
    """Everything that an overlay settles: its name, its value, and where it is written."""
    for name, start in overlay.start.items():
        yield ("the start of", name), start, name
    for name, belief in overlay.unknowns.items():
        yield ("the unknown", name), (belief.between, belief.likely, belief.is_), name
    for actor, rules in overlay.rules.items():
        for rule in rules:
            yield ("the rule", rule.id, "of", actor), rule, rule
    for name, patch in overlay.moves.items():
        for key, value in _given(patch).items():
            yield ("the", key.rstrip("_"), "of the move", name), value, name
    for inject in overlay.injects:
        if inject.id is not None:
            yield ("the inject", inject.id), inject, inject
    for event in overlay.chance:
        yield ("the chance event", event.id), event, event
    for tie in overlay.ties:
        yield ("the tie from", tie.from_, "to", tie.to), tie, tie
    for dyad, change in overlay.dyads.items():
        for key, value in _given(change).items():
            ends = "-".join(sorted(dyad.split("-")))
            yield ("the", key, "of", ends), value, change


# --- small things ---------------------------------------------------------------------------


def _given(item: Item) -> dict[str, object]:
    """The fields that the author wrote."""
    return {name: getattr(item, name) for name in item.model_fields_set if name != "at"}


def _complete(kind: type[Spec], patch: MovePatch | InjectPatch) -> Spec:
    """The item that a patch with all required keys describes."""
    return kind.model_construct(**{name: getattr(patch, name) for name in kind.model_fields})


def _replaced(
    old: Iterable[Value], new: Iterable[Value], key: Callable[[Value], object]
) -> tuple[Value, ...]:
    """The old values, those with the key of a new one replaced by it; the rest behind."""
    by_key = {key(value): value for value in (*old, *new)}
    return tuple(by_key.values())
