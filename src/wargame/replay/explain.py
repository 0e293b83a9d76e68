"""Why an actor did what it did: its options, their weights, and which rules spoke for each.

Everything here is read off what was weighed; nothing is decided again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import prod
from typing import Literal

from wargame.engine.decision import Mind, Weighing
from wargame.replay.playthrough import Playthrough

Barrier = Literal["", "policy", "when", "cooldown", "forbidden"]


@dataclass(frozen=True)
class Voice:
    """What one rule that fired did to the weight of a move: ``+60``, ``x2``, ``/2``, ``forbid``."""

    rule: str
    op: Literal["add", "times", "over", "forbid"]
    amount: int


@dataclass(frozen=True)
class Option:
    """A move as the actor weighed it: its base, the rules that spoke, and the weight in the end.

    barrier: why it could not be made: a policy, its condition, its cooldown, or a rule forbids it.
    """

    move: str
    base: int
    voices: tuple[Voice, ...]
    weight: int
    barrier: Barrier

    def gains(self) -> dict[str, int]:
        """What each rule that fired gave the move: its weight, less what it is without the rule."""
        whole = _weight(self.base, self.voices)
        return {
            rule: whole - _weight(self.base, [it for it in self.voices if it.rule != rule])
            for rule in dict.fromkeys(voice.rule for voice in self.voices)
        }

    def decisive(self) -> str:
        """The rule that gave the move most of its weight; "" where no rule gave it its base."""
        gains = self.gains()
        rule = max(gains, key=gains.__getitem__, default="")
        return rule if gains.get(rule, 0) >= max(self.base, 1) else ""


@dataclass(frozen=True)
class Sighting:
    """A gauge that the actor saw through noise: what it believed, and what was true."""

    gauge: str
    believed: int
    true: int


@dataclass(frozen=True)
class Explanation:
    """One actor's decision in one turn. `chosen` are the moves played, in the order drawn.

    options: heaviest first. total: the weight of the whole urn at the first draw.
    """

    actor: str
    turn: int
    chosen: tuple[str, ...]
    succeeded: tuple[bool, ...]
    options: tuple[Option, ...]
    total: int
    sightings: tuple[Sighting, ...]

    def option(self, move: str) -> Option:
        """The option `move`. Raises KeyError if the actor does not have it."""
        for option in self.options:
            if option.move == move:
                return option
        raise KeyError(move)

    def runner_up(self) -> Option | None:
        """The heaviest option that was not chosen."""
        for option in self.options:
            if option.move not in self.chosen and option.weight > 0:
                return option
        return None


def _weight(base: int, voices: Iterable[Voice]) -> int:
    """A weight as `decision` reckons it."""
    voices = tuple(voices)

    def amounts(op: str) -> list[int]:
        return [voice.amount for voice in voices if voice.op == op]

    if amounts("forbid"):
        return 0
    return max(0, base + sum(amounts("add"))) * prod(amounts("times")) // prod(amounts("over"))


def explain(playthrough: Playthrough, turn: int, actor: str) -> Explanation:
    """Why `actor` did what it did in `turn` (1 is the first)."""
    record = playthrough.records[turn - 1]
    situation, weighing = record.detail[actor]
    mind: Mind = situation.mind
    orders, success = record.orders[actor][:, 0], record.success[actor][:, 0]
    made = [k for k, m in enumerate(orders) if m >= 0]
    options = sorted(
        (option(mind, weighing, m) for m in range(len(mind.moves))),
        key=lambda item: (-item.weight, item.move),
    )
    return Explanation(
        actor=actor,
        turn=turn,
        chosen=tuple(mind.moves[orders[k]] for k in made),
        succeeded=tuple(bool(success[k]) for k in made),
        options=tuple(options),
        total=sum(item.weight for item in options),
        sightings=tuple(
            Sighting(name, int(seen[0]), int(situation.cells[playthrough.scenario.rows[name], 0]))
            for name, seen in situation.sees().items()
        ),
    )


def explain_option(playthrough: Playthrough, turn: int, actor: str, m: int) -> Option:
    """One move of `actor`, by its index, as it was weighed in `turn`."""
    situation, weighing = playthrough.records[turn - 1].detail[actor]
    return option(situation.mind, weighing, m)


def option(mind: Mind, weighing: Weighing, m: int, column: int = 0) -> Option:
    """One move of an actor as it was weighed in one run."""
    fired = weighing.reasons[: len(mind.rules), column] != 0

    def result(k: int) -> int:
        value = weighing.results[k]
        return int(value[column]) if getattr(value, "ndim", 0) else int(value)

    base = int(mind.base[m, 0]) + sum(result(k) for at, k in mind.live_base if at == m)
    voices = [
        Voice(mind.rules[r], "add", int(mind.adds[m, r]))
        for r in range(len(mind.rules))
        if fired[r] and mind.adds[m, r]
    ]
    voices += [
        Voice(mind.rules[r], "add", result(k))
        for at, r, k in mind.live_adds
        if at == m and fired[r]
    ]
    voices += [Voice(mind.rules[r], "times", x) for at, r, x in mind.times if at == m and fired[r]]
    voices += [Voice(mind.rules[r], "over", x) for at, r, x in mind.overs if at == m and fired[r]]
    forbidding = [mind.rules[r] for at, r in mind.forbids if at == m and fired[r]]
    voices += [Voice(rule, "forbid", 0) for rule in forbidding]
    return Option(
        move=mind.moves[m],
        base=base,
        voices=tuple(voice for voice in voices if voice.op != "add" or voice.amount),
        weight=int(weighing.weights[m, column]),
        barrier=_barrier(mind, weighing, m, column, result, bool(forbidding)),
    )


def _barrier(
    mind: Mind, weighing: Weighing, m: int, column: int, result: object, forbidden: bool
) -> Barrier:
    if mind.barred[m]:
        return "policy"
    if not weighing.legal[m, column]:
        for at, k in mind.whens:
            if at == m and callable(result) and not result(k):
                return "when"
        return "cooldown"
    return "forbidden" if forbidden else ""
