"""Do the names in a scenario name something?  And what of a catalogue does it use?

A catalogue is written once for many scenarios, so a scenario may use a part of it.  What belongs
to actors that do not take part is left out, in this order:

* a move whose `target` does not take part, or that nobody here can make, is left out;
  expressions may still ask about it, and rules may still favour it;
* an effect of a move on a gauge that the scenario lacks is left out if the first part of its
  name is an actor of the catalogue who does not take part;
* the heat of a move on a dyad that the scenario lacks is left out if both its ends are actors of
  the scenario or of the catalogue; if both take part, that is odd.

Every other name that names nothing is a fault.  What expressions mention is checked where they
are compiled.
"""

from __future__ import annotations

import keyword
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from wargame.content.diagnostics import Findings, place
from wargame.content.overlay import Parts, declared
from wargame.content.source_marks import shown
from wargame.content.spec import Effect, Expr, MoveSpec, RuleSpec
from wargame.errors import nearest

__all__ = ["resolve"]

ENDS = ("self", "target")
"""The words of a move for the actor who makes it and for its target."""

_RESERVED = {"self", "target", "seen", "turn", "stage", "heat", "leverage", "played"}
_RESERVED |= {"turns_since", "times", "min", "max", "abs", "clip"}


def resolve(parts: Parts, findings: Findings) -> tuple[Parts, tuple[str, ...], tuple[str, ...]]:
    """The parts with only what takes part, the moves left out, the actors that are elsewhere.

    Notes every name that names nothing.
    """
    return _Resolver(parts, findings).resolved()


class _Resolver:
    def __init__(self, parts: Parts, findings: Findings) -> None:
        self.parts = parts
        self.scenario = parts.scenario
        self.findings = findings
        self.actors = self.scenario.actors
        self.gauges = self.scenario.gauges
        self.makers = {
            name: tuple(actor for actor in move.by if actor in self.actors)
            for name, move in parts.moves.items()
        }
        mentions = Counter(
            actor
            for move in parts.moves.values()
            for actor in (*move.by, move.target)
            if actor is not None
        )
        self.elsewhere = {
            name: count for name, count in mentions.items() if name not in self.actors
        }

    def resolved(self) -> tuple[Parts, tuple[str, ...], tuple[str, ...]]:
        self.check_names()
        self.check_dyads()
        self.check_ties()
        moves: dict[str, MoveSpec] = {}
        for name, move in self.parts.moves.items():
            self.check_cast(move)
            if self.makers[name] and (move.target is None or move.target in self.actors):
                moves[name] = self.move(name, move)
        absent = tuple(name for name in self.parts.moves if name not in moves)
        actors = tuple(
            actor.model_copy(update={"rules": tuple(self.rules(actor.id, actor.rules, moves))})
            for actor in self.parts.actors
        )
        scenario = self.scenario.model_copy(
            update={
                "injects": tuple(
                    inject.model_copy(update=self.news(inject.effects, inject.heat))
                    for inject in self.scenario.injects
                ),
                "chance": tuple(
                    event.model_copy(
                        update=self.news(event.effects, event.heat)
                        | {
                            "outcomes": tuple(
                                outcome.model_copy(update=self.news(outcome.effects, outcome.heat))
                                for outcome in event.outcomes
                            )
                        }
                    )
                    for event in self.scenario.chance
                ),
            }
        )
        parts = replace(self.parts, scenario=scenario, actors=actors, moves=moves)
        return parts, absent, tuple(self.strangers())

    def strangers(self) -> Iterator[str]:
        """Actors that a move or a gauge names and that do not take part."""
        named = (actor for move in self.parts.moves.values() for actor in (*move.by, move.target))
        seeing = (actor for gauge in self.gauges.values() for actor in gauge.noise)
        for actor in (*named, *seeing):
            if actor is not None and actor != "*" and actor not in self.actors:
                yield actor

    # --- the scenario

    def check_names(self) -> None:
        scenario, findings = self.scenario, self.findings
        findings.unique("actor", self.actors)
        findings.unique("gauge", (*scenario.gauges, *scenario.unknowns, *scenario.derived))
        findings.unique("ending or milestone", (*scenario.milestones, *scenario.endings))
        findings.unique("inject", (inject.id for inject in scenario.injects if inject.id))
        findings.unique("chance event", (event.id for event in scenario.chance))
        for name in (*scenario.gauges, *scenario.unknowns, *scenario.derived):
            parts = name.split(".")
            if taken := [p for p in parts if keyword.iskeyword(p)] or _RESERVED & {parts[0]}:
                word = next(iter(taken))
                hint = "choose another name"
                findings.add(f"{shown(word)} is a word of the rule language", name, hint)
        for gauge in scenario.gauges.values():
            for actor in gauge.noise:
                # One who takes part in other scenarios does no harm; a slip of the pen does.
                if actor != "*" and nearest(actor, self.actors, 0.7):
                    self.check_actor(actor)
        for name in scenario.drift:
            self.check_settable(name)
        for inject in scenario.injects:
            for actor in inject.to:
                self.check_actor(actor)

    def check_dyads(self) -> None:
        pairs: set[frozenset[str]] = set()
        for name in self.scenario.dyads:
            one, other = name.split("-")
            for actor in (one, other):
                self.check_actor(actor, name)
            if one == other:
                self.findings.add("a dyad has two different ends", name)
            if frozenset((one, other)) in pairs:
                self.findings.add(f"the dyad {name} stands here twice", name, "remove one of them")
            pairs.add(frozenset((one, other)))

    def check_ties(self) -> None:
        seen: set[tuple[str, str]] = set()
        for tie in self.scenario.ties:
            self.check_actor(tie.from_)
            self.check_actor(tie.to)
            if (tie.from_, tie.to) in seen:
                message = f"the tie from {tie.from_} to {tie.to} stands here twice"
                self.findings.add(message, tie, "remove one of them")
            seen.add((tie.from_, tie.to))

    def check_actor(self, name: str, where: object = None) -> None:
        if name not in self.actors:
            self.findings.unknown("actor", name, self.actors, where)

    def check_settable(self, name: str) -> bool:
        """Is it a gauge that may change in a run?  If not, the fault is noted."""
        if name in self.gauges:
            return True
        if name in self.scenario.unknowns:
            hint = "only gauges change; an unknown is drawn once for a whole run"
            self.findings.add(f"{name} is an unknown", name, hint)
        elif name in self.scenario.derived:
            hint = "change the gauges that it is computed from"
            self.findings.add(f"{name} is computed from other gauges", name, hint)
        else:
            self.findings.unknown("gauge", name, self.gauges)
        return False

    def news(self, effects: Mapping[str, Effect], heat: Mapping[str, Expr]) -> dict[str, object]:
        """The effects and the heat of nature's doings, the dyads under their declared names."""
        for name in effects:
            self.check_settable(name)
        for dyad in heat:
            if declared(dyad, self.scenario.dyads) is None:
                self.findings.unknown("dyad", dyad, self.scenario.dyads)
        return {"heat": self.heat(heat)}

    def heat(self, heat: Mapping[str, Expr]) -> dict[str, Expr]:
        found: dict[str, Expr] = {}
        for dyad, amount in heat.items():
            name = declared(dyad, self.scenario.dyads)
            if name in found:
                self.findings.add(f"the dyad {name} stands here twice", dyad, "add the two up")
            if name is not None:
                found[name] = amount
            elif set(dyad.split("-")) & set(ENDS):
                found[dyad] = amount
        return found

    # --- moves

    def check_cast(self, move: MoveSpec) -> None:
        """An actor named only once, and nearly like one who takes part, is a slip of the pen."""
        for name in (*move.by, move.target):
            if name is not None and self.elsewhere.get(name) == 1:
                hint = nearest(name, self.actors, cutoff=0.85)
                if hint:
                    self.findings.add(f"there is no actor {shown(name)}", name, hint)

    def move(self, name: str, move: MoveSpec) -> MoveSpec:
        makers = self.makers[name]
        for dyad in move.heat:
            for end in dyad.split("-"):
                if end == "target" and move.target is None:
                    self.findings.add("this move has no target", dyad, "name the dyad")
                elif end not in (*ENDS, *self.actors) and end not in self.elsewhere:
                    self.findings.unknown("actor", end, self.actors, dyad)
            self.check_pair(dyad, move, makers)
        return move.model_copy(
            update={
                "by": makers,
                "effects": self.effects(move.effects, move, makers),
                "failure": self.effects(move.failure, move, makers),
                "heat": self.heat(move.heat),
            }
        )

    def check_pair(self, dyad: str, move: MoveSpec, makers: tuple[str, ...]) -> None:
        """Heat that finds no dyad, whoever of the scenario makes the move, is lost."""
        pairs = [
            "-".join({"self": maker, "target": str(move.target)}.get(end, end) for end in ends)
            for maker in makers
            for ends in [dyad.split("-")]
        ]
        here = all(end in self.actors for pair in pairs for end in pair.split("-"))
        if pairs and here and not any(declared(pair, self.scenario.dyads) for pair in pairs):
            self.findings.odd(f"the heat on {dyad} is lost: there is no such dyad here", dyad)

    def effects(
        self, effects: Mapping[str, Effect], move: MoveSpec, makers: tuple[str, ...]
    ) -> dict[str, Effect]:
        def changes(name: str) -> bool:
            first, _, rest = name.partition(".")
            if first == "target" and move.target is None:
                self.findings.add("this move has no target", name, "name the gauge")
                return False
            if first in ENDS:
                actors = makers if first == "self" else (str(move.target),)
                meant = [f"{actor}.{rest}" for actor in actors]
                if not self.gauges.keys() & set(meant):
                    self.findings.unknown("gauge", meant[0], self.gauges, place(name))
                return True
            absent = name not in self.gauges and first in self.elsewhere
            return not absent and self.check_settable(name)

        return {name: effect for name, effect in effects.items() if changes(name)}

    # --- actors

    def rules(
        self, actor: str, rules: Iterable[RuleSpec], moves: Mapping[str, MoveSpec]
    ) -> Iterator[RuleSpec]:
        rules = tuple(rules)
        self.findings.unique("rule", (rule.id for rule in rules))
        for rule in rules:
            favour = {
                move: favour
                for move, favour in rule.favour.items()
                if self.favours(actor, move, moves)
            }
            for move in rule.reasons.keys() - rule.favour.keys():
                self.findings.unknown("move that this rule favours", move, rule.favour)
            if favour:
                yield rule.model_copy(update={"favour": favour})

    def favours(self, actor: str, move: str, moves: Mapping[str, MoveSpec]) -> bool:
        """May this rule speak for the move?  If it never could, the fault is noted."""
        own = [name for name, makers in self.makers.items() if actor in makers]
        if move not in self.parts.moves:
            known = own if nearest(move, own) else list(self.parts.moves)
            self.findings.unknown("move", move, known)
            return False
        if actor not in self.parts.moves[move].by:
            makers = ", ".join(self.parts.moves[move].by)
            hint = nearest(move, own) or f"made by: {makers}"
            self.findings.add(f"{actor} cannot make the move {move}", move, hint)
            return False
        return move in moves and actor in moves[move].by
