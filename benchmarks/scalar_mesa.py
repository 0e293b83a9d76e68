"""The same rules as a plain scalar Mesa model: one model a run, Python's own integers.

What somebody would write who wants to play one run and has never heard of arrays: a dictionary
of numbers, an agent for each actor, a `step` for each turn. It was written from the description
of the model (`docs/`), not from the engine, and shares with it only the reading of YAML, the
grammar of the rules and the names of luck. So it is two things at once:

- an independent check: under the same luck every number of every turn must be the engine's;
- the yardstick for the engine's speed. To be a fair one, each rule is compiled to a Python
  function once, and a draw costs what re-addressing NumPy's generator costs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from typing import Any

import mesa
import numpy as np

from wargame.content.spec import ActorSpec, ChanceSpec, Effect, Expr, MoveSpec, Spec
from wargame.engine.randomness import key_of, word_of
from wargame.expression import (
    Binary,
    Call,
    Choice,
    Compare,
    Logic,
    Minus,
    Name,
    Node,
    Not,
    Number,
    Query,
    parse,
)

See = Callable[[str], int]  # what ``seen.`` means: from the name of a gauge to its value
Rule = Callable[["ScalarCrisis", See], int]

# Glasl's ladder: how much heat a stage resists, and the windows of the forms of intervention
UP = {1: 100, 2: 100, 3: 180, 4: 120, 5: 120, 6: 240, 7: 220, 8: 400}
DOWN = {2: 100, 3: 100, 4: 120, 5: 130, 6: 150, 7: 220, 8: 260, 9: 400}
WINDOWS = {
    "moderation": (1, 3),
    "process-guidance": (3, 5),
    "socio-therapeutic": (4, 6),
    "mediation": (5, 7),
    "arbitration": (6, 8),
    "power": (7, 9),
}
NEVER = 9999


def div(a: int, b: int) -> int:
    """a // b, and 0 where b is 0."""
    return a // b if b else 0


def mod(a: int, b: int) -> int:
    """a % b, and 0 where b is 0."""
    return a % b if b else 0


def clip(x: int, low: int, high: int) -> int:
    """x within low..high."""
    return max(low, min(x, high))


class Scales:
    """Luck by name: one word of 64 bits for each (seed, label, turn, run)."""

    def __init__(self, seed: int, run: int) -> None:
        self.block, self.place = divmod(run, 4)
        self.bits = np.random.Philox(key=np.array(key_of(seed), dtype=np.uint64))
        self.state: Any = self.bits.state
        self.state["buffer_pos"] = 4

    def word(self, label: str, turn: int) -> int:
        """The word of this run."""
        self.state["state"]["counter"][:] = (self.block, turn, _word_of(label), 0)
        self.bits.state = self.state
        return int(self.bits.random_raw(4)[self.place])


_word_of = cache(word_of)


def of_1000(word: int) -> int:
    """A number in 0..999 from the upper half of a word."""
    return ((word >> 32) * 1000) >> 32


@dataclass(frozen=True)
class Outcome:
    """Something that may happen: what it adds to cells and sets them to."""

    adds: tuple[tuple[str, Rule], ...]
    sets: tuple[tuple[str, Rule], ...]


class ScalarActor(mesa.Agent):
    """One actor: looks, weighs, draws."""

    model: ScalarCrisis

    def __init__(self, model: ScalarCrisis, spec: ActorSpec, place: int) -> None:
        super().__init__(model)
        book = model.book
        self.spec = spec
        self.id = spec.id
        self.luck = f"#{place}"
        self.moves = [m for m, move in model.spec.moves.items() if self.id in move.by]
        self.rules = [
            (
                book.rule(rule.when),
                [(m, f.op, book.rule(f.value)) for m, f in rule.favour.items()],
            )
            for rule in spec.rules
        ]
        self.orders: list[str | None] = []
        self.seen: dict[str, int] = {}

    def see(self, gauge: str) -> int:
        """A gauge through this actor's noise; its own it sees exactly."""
        if gauge not in self.seen:
            self.seen[gauge] = self.look(gauge)
        return self.seen[gauge]

    def look(self, gauge: str) -> int:
        model, true = self.model, self.model.world[gauge]
        spec = model.spec.scenario.gauges.get(gauge)
        noise = spec.noise.get(self.id, spec.noise.get("*")) if spec else None
        if spec is None or noise is None or gauge.partition(".")[0] == self.id:
            return true
        width = model.book.rule(noise)(model, self.see)
        word = model.scales.word(f"{self.luck} sees {model.lucky(gauge)}", model.turn)
        one, other = word & 0xFFFF, (word >> 16) & 0xFFFF
        return clip(true + (((one - other) * max(0, width) + 32768) >> 16), spec.min, spec.max)

    def decide(self) -> None:
        """Weigh all moves, then draw as many as the turn has orders."""
        self.seen = {}
        model = self.model
        weights = self.weigh()
        self.orders = []
        for k in range(model.spec.scenario.turn.orders):
            word = model.scales.word(f"{self.luck} choice {k + 1}", model.turn)
            ticket = ((word >> 32) * sum(weights.values())) >> 32
            drawn = None
            edge = 0
            for move, weight in weights.items():
                edge += weight
                if ticket < edge:
                    drawn = move
                    break
            if drawn is not None and drawn != "hold":
                weights[drawn] = 0
            barred = (self.id, drawn) in model.spec.barred
            self.orders.append(None if barred else drawn)

    def weigh(self) -> dict[str, int]:
        """The weight of every move."""
        model, see, book = self.model, self.see, self.model.book
        added = {m: book.of_move(m, "base", self.id)(model, see) for m in self.moves}
        times, over, forbidden = dict.fromkeys(added, 1), dict.fromkeys(added, 1), set()
        for when, favours in self.rules:
            if not when(model, see):
                continue
            for m, op, amount in favours:
                if m not in added:
                    continue
                if op == "forbid":
                    forbidden.add(m)
                elif op == "times":
                    times[m] *= amount(model, see)
                elif op == "over":
                    over[m] *= amount(model, see)
                else:
                    added[m] += amount(model, see)
        return {
            m: 0 if m in forbidden or not self.may(m) else max(0, amount) * times[m] // over[m]
            for m, amount in added.items()
        }

    def may(self, m: str) -> bool:
        """Whether the move's condition holds and it does not cool down."""
        model, move = self.model, self.model.spec.moves[m]
        last = model.last.get((self.id, m), 0)
        if move.cooldown and last and model.turn - last <= move.cooldown:
            return False
        return move.when is None or bool(model.book.of_move(m, "when", self.id)(model, self.see))


class ScalarCrisis(mesa.Model):
    """One run of a crisis."""

    def __init__(self, spec: Spec, seed: int | None = None, run: int = 0) -> None:
        super().__init__(rng=run)
        file = spec.scenario
        self.spec = spec
        self.book = book_of(spec)
        self.scales = Scales(file.seed if seed is None else seed, run)
        self.turn = 0
        self.places = {actor.id: i for i, actor in enumerate(spec.actors)}
        self.world: dict[str, int] = {}
        self.last: dict[tuple[str, str], int] = {}
        self.times: dict[tuple[str, str], int] = {}
        self.held = dict.fromkeys(file.endings, 0)
        self.reached = dict.fromkeys(file.milestones, 0)
        self.ending: str | None = None
        self.bounds = {name: (g.min, g.max) for name, g in file.gauges.items()}
        for name, gauge in file.gauges.items():
            self.world[name] = self.book.rule(gauge.start)(self, self.world.__getitem__)
        for name, unknown in file.unknowns.items():
            low, high = unknown.between or (unknown.is_ or 0, unknown.is_ or 0)
            self.bounds[name] = low, high
            self.world[name] = self.draw_unknown(name, low, high, unknown.likely)
        for name, dyad in file.dyads.items():
            self.world[f"stage({name})"] = self.world[f"peak({name})"] = dyad.stage
            self.world[f"heat({name})"] = dyad.heat
            self.world[f"forced({name})"] = 0
            self.bounds[f"heat({name})"] = -1000, 1000
            self.bounds[f"forced({name})"] = 0, 1
        self.seats = [ScalarActor(self, actor, i) for i, actor in enumerate(spec.actors)]
        self.derive()

    # ------------------------------------------------------------- a turn

    def step(self) -> None:
        """One turn."""
        self.turn += 1
        self.happened = self.news()
        self.derive()
        self.agents.do("decide")
        made, happens = self.resolve()
        self.apply(happens)
        for pair in made:
            self.last[pair] = self.turn
            self.times[pair] = self.times.get(pair, 0) + 1
        self.derive()
        self.climb()
        self.derive()
        self.drift()
        self.derive()
        self.judge()
        self.running = self.ending is None

    def news(self) -> list[str]:
        """Injects of this turn, and what nature decides; all read the opening world."""
        happens: dict[str, Outcome] = {}
        for i, inject in enumerate(self.spec.scenario.injects):
            if inject.turn == self.turn and self.holds(inject.when):
                happens[f"inject {inject.id or i + 1}"] = self.book.injects[i]
        for event in self.spec.scenario.chance:
            name = f"chance {event.id}"
            if not self.holds(event.when):
                continue
            chance = self.value(event.chance)
            word = self.scales.word(name, self.turn) if chance > 0 else 0
            if chance <= 0 or of_1000(word) >= chance:
                continue
            outcome = self.pick(event, word & 0xFFFFFFFF)
            if outcome is not None:
                numbered = f"{name} {outcome + 1}" if event.outcomes else name
                happens[numbered] = self.book.events[event.id][outcome]
        self.apply(list(happens.values()))
        return list(happens)

    def pick(self, event: ChanceSpec, lower: int) -> int | None:
        """Which outcome of an event is drawn, by weight."""
        if not event.outcomes:
            return 0
        weights = [max(0, self.value(outcome.weight)) for outcome in event.outcomes]
        ticket = (lower * sum(weights)) >> 32
        for i, weight in enumerate(weights):
            if ticket < weight:
                return i
            ticket -= weight
        return None

    def resolve(self) -> tuple[list[tuple[str, str]], list[Outcome]]:
        """Who makes which move, and what comes of all of them; each outcome counts once."""
        made: dict[tuple[str, str], None] = {}
        happens: dict[tuple[str, str, bool], Outcome] = {}
        self.successes: dict[str, list[bool]] = {}
        for actor in self.seats:
            self.successes[actor.id] = []
            for k, m in enumerate(actor.orders):
                if m is None:
                    self.successes[actor.id].append(False)
                    continue
                odds = self.book.of_move(m, "success", actor.id)(self, self.true)
                done = odds >= 1000
                if not done:
                    word = self.scales.word(f"{actor.luck} success {k + 1}", self.turn)
                    done = of_1000(word) < odds
                self.successes[actor.id].append(done)
                made[actor.id, m] = None
                happens[actor.id, m, done] = self.book.outcome(actor.id, m, done)
        return list(made), list(happens.values())

    def apply(self, happens: list[Outcome]) -> None:
        """All effects together: read first, set, add, clamp once."""
        sets = [(c, r(self, self.true)) for outcome in happens for c, r in outcome.sets]
        adds = [(c, r(self, self.true)) for outcome in happens for c, r in outcome.adds]
        for cell, value in sets:
            self.world[cell] = value
        for cell, value in adds:
            self.world[cell] += value
        for cell, _ in (*sets, *adds):
            self.world[cell] = clip(self.world[cell], *self.bounds[cell])

    def climb(self) -> None:
        """Heat moves each dyad's ladder, at most one stage."""
        world = self.world
        for name in self.spec.scenario.dyads:
            stage, heat = world[f"stage({name})"], world[f"heat({name})"]
            heat = clip(heat + 15 * world[f"forced({name})"], -1000, 1000)
            if stage < 9 and heat >= UP[stage]:
                stage, heat = stage + 1, 0
            elif stage > 1 and heat <= -DOWN[stage]:
                stage, heat = stage - 1, 0
            else:
                heat = heat * 8 // 10 if heat >= 0 else -(-heat * 8 // 10)
            world[f"stage({name})"], world[f"heat({name})"] = stage, heat
            world[f"peak({name})"] = max(world[f"peak({name})"], stage)

    def drift(self) -> None:
        """The world's own motion, all gauges at once."""
        moved = {name: self.value(it.value) for name, it in self.spec.scenario.drift.items()}
        for name, value in moved.items():
            self.world[name] = clip(value, *self.bounds[name])

    def judge(self) -> None:
        """Milestones, then the first ending that holds."""
        file = self.spec.scenario
        for name, milestone in file.milestones.items():
            if not self.reached[name] and self.value(milestone.when):
                self.reached[name] = self.turn
        last = self.turn == file.turn.horizon
        for name, ending in file.endings.items():
            self.held[name] = self.held[name] + 1 if self.value(ending.when) else 0
            holds = self.held[name] >= ending.for_
            if self.ending is None and holds and (last or not ending.at_horizon):
                self.ending = name
        if last and self.ending is None:
            self.ending = "unresolved"

    # ------------------------------------------------------------- small things

    def derive(self) -> None:
        """Gauges that are computed from others."""
        self.world["turn"] = self.turn
        for name, rule, low, high in self.book.derived:
            value = rule(self, self.true)
            value = value if low is None else max(low, value)
            self.world[name] = value if high is None else min(high, value)

    def true(self, gauge: str) -> int:
        """What ``seen.`` means outside of an actor's mind: the true value."""
        return self.world[gauge]

    def value(self, expr: Expr) -> int:
        return self.book.rule(expr)(self, self.true)

    def holds(self, expr: Expr | None) -> bool:
        return expr is None or bool(self.value(expr))

    def since(self, actor: str, move: str) -> int:
        """Turns since the actor last made the move."""
        last = self.last.get((actor, move), 0)
        return self.turn - last if last else NEVER

    def lucky(self, gauge: str) -> str:
        """A gauge's name in the names of luck, where an actor is its place in the list."""
        first, dot, rest = gauge.partition(".")
        return f"#{self.places[first]}{dot}{rest}" if first in self.places else gauge

    def draw_unknown(self, name: str, low: int, high: int, likely: int | None) -> int:
        """From a triangle of whole-number weights with its peak at `likely`, or flat."""
        steps = min(high - low, 1000)
        values = [low + (high - low) * i // max(steps, 1) for i in range(steps + 1)]
        weights = [1] * (steps + 1)
        if likely is not None:
            peak = next(i for i, value in enumerate(values) if value >= likely)
            weights = [
                (i + 1) * (steps - peak + 1) if i <= peak else (steps - i + 1) * (peak + 1)
                for i in range(steps + 1)
            ]
        word = self.scales.word(f"unknown {self.lucky(name)}", 0)
        ticket = ((word >> 32) * sum(weights)) >> 32
        for value, weight in zip(values, weights, strict=True):
            ticket -= weight
            if ticket < 0:
                return value
        raise AssertionError("an urn is never empty")

    def cell(self, name: str) -> int:
        """Any cell of the engine's world by its name there."""
        kind, _, rest = name.partition("(")
        inside = rest.rstrip(")")
        if kind in ("last", "times"):
            actor, move = inside.split(", ")
            return (self.last if kind == "last" else self.times).get((actor, move), 0)
        if kind in ("held", "reached"):
            return (self.held if kind == "held" else self.reached)[inside]
        return self.world[name]

    def digest(self, cells: Sequence[str]) -> str:
        """SHA-256 of the run's canonical bytes: turn, ending, its turn, then the cells."""
        endings = [None, *self.spec.scenario.endings, "unresolved"]
        ended = self.turn if self.ending else 0
        head = [self.turn, endings.index(self.ending) - 1, ended]
        numbers = [*head, *map(self.cell, cells)]
        return sha256(b"".join(n.to_bytes(8, "little", signed=True) for n in numbers)).hexdigest()


# ------------------------------------------------------------- the rules, compiled once

_BOOKS: dict[int, tuple[Spec, Book]] = {}


def book_of(spec: Spec) -> Book:
    """The rules of `spec` as Python functions, made once."""
    if id(spec) not in _BOOKS:
        _BOOKS[id(spec)] = spec, Book(spec)
    return _BOOKS[id(spec)][1]


class Book:
    """Every expression of a scenario as a Python function of (model, see)."""

    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        file = spec.scenario
        self.dyads = {frozenset(name.split("-")): name for name in file.dyads}
        self.leverage = {(tie.from_, tie.to): tie.leverage for tie in file.ties}
        self.rules: dict[tuple[str, str, str], Rule] = {}
        self.moves: dict[tuple[str, str, str], Rule] = {}
        self.outcomes: dict[tuple[str, str, bool], Outcome] = {}
        self.injects = [self.plain(inject.effects, inject.heat) for inject in file.injects]
        self.events = {
            event.id: [self.plain(o.effects, o.heat) for o in event.outcomes or (event,)]
            for event in file.chance
        }
        self.derived = list(self._in_order())

    def _in_order(self) -> Iterator[tuple[str, Rule, int | None, int | None]]:
        """Derived gauges, each after those that it reads."""
        waiting = dict(self.spec.scenario.derived)
        while waiting:
            for name, it in list(waiting.items()):
                reads = {n.removeprefix("seen.") for n in parse(it.value.text).names()}
                if not reads & waiting.keys():
                    yield name, self.rule(it.value), it.min, it.max
                    del waiting[name]

    def rule(self, expr: Expr | int, actor: str = "", target: str = "") -> Rule:
        """An expression, with `self` and `target` named."""
        key = (str(expr), actor, target)
        if key not in self.rules:
            names = {"self": actor, "target": target}
            tree = parse(str(expr)).substitute({k: v for k, v in names.items() if v})
            self.rules[key] = self.function(tree.node)
        return self.rules[key]

    def of_move(self, m: str, what: str, actor: str) -> Rule:
        """One of the expressions of a move, for the actor that makes it."""
        key = (m, what, actor)
        if key not in self.moves:
            move = self.spec.moves[m]
            self.moves[key] = self.rule(getattr(move, what), actor, move.target or "")
        return self.moves[key]

    def function(self, node: Node) -> Rule:
        """A tree as a Python function."""
        names = {"div": div, "mod": mod, "clip": clip, "NEVER": NEVER}
        made: Rule = eval(f"lambda m, s: {self.source(node)}", names)
        return made

    def source(self, node: Node) -> str:
        """A tree as Python: the language is almost Python's own."""
        source = self.source
        match node:
            case Number(value):
                return f"({value})"
            case Name("turn"):
                return "m.turn"
            case Name(text) if text.startswith("seen."):
                return f"s({text.removeprefix('seen.')!r})"
            case Name(text):
                return f"m.world[{text!r}]"
            case Query("leverage", ends):
                return str(self.leverage.get((ends[0], ends[1]), 0))
            case Query("stage" | "heat" as kind, ends):
                return f"m.world['{kind}({self.dyads[frozenset(ends)]})']"
            case Query("played", pair):
                return f"({pair!r} in m.last)"
            case Query("times", pair):
                return f"m.times.get({pair!r}, 0)"
            case Query(_, pair):
                return f"m.since{pair!r}"
            case Minus(operand):
                return f"(-{source(operand)})"
            case Not(operand):
                return f"(not {source(operand)})"
            case Binary("//" | "%" as sign, left, right):
                return f"{'div' if sign == '//' else 'mod'}({source(left)}, {source(right)})"
            case Binary(sign, left, right):
                return f"({source(left)} {sign} {source(right)})"
            case Compare(first, signs, rest):
                pairs = zip(signs, map(source, rest), strict=True)
                return f"({source(first)} {' '.join(f'{sign} {x}' for sign, x in pairs)})"
            case Logic(word, items):
                return f"({f' {word} '.join(f'bool({source(item)})' for item in items)})"
            case Choice(condition, then, otherwise):
                return f"({source(then)} if {source(condition)} else {source(otherwise)})"
            case Call(function, args):
                return f"{function}({', '.join(map(source, args))})"
            case _:
                raise TypeError(node)

    # ------------------------------------------------------------- effects

    def plain(
        self,
        effects: Mapping[str, Effect],
        heat: Mapping[str, Expr],
        actor: str = "",
        target: str = "",
    ) -> Outcome:
        """Ordinary effects."""
        adds: list[tuple[str, Rule]] = []
        sets: list[tuple[str, Rule]] = []
        for name, effect in effects.items():
            pair = (self.gauge(name, actor, target), self.rule(effect.value, actor, target))
            (adds if effect.op == "add" else sets).append(pair)
        for key, amount in heat.items():
            dyad = self.dyad(key, actor, target)
            if dyad is not None:
                adds.append((f"heat({dyad})", self.rule(amount, actor, target)))
        return Outcome(tuple(adds), tuple(sets))

    def gauge(self, name: str, actor: str, target: str) -> str:
        first, dot, rest = name.partition(".")
        return {"self": actor, "target": target}.get(first, first) + dot + rest

    def dyad(self, key: str, actor: str, target: str) -> str | None:
        named = (self.gauge(end, actor, target) for end in key.split("-"))
        return self.dyads.get(frozenset(named))

    def outcome(self, actor: str, m: str, done: bool) -> Outcome:
        """What comes of an actor's move."""
        key = (actor, m, done)
        if key not in self.outcomes:
            move = self.spec.moves[m]
            ends = (actor, move.target or "")
            if not done:
                self.outcomes[key] = self.plain(move.failure, {}, *ends)
            elif move.intervention:
                self.outcomes[key] = self.intervention(move, *ends)
            else:
                self.outcomes[key] = self.plain(move.effects, move.heat, *ends)
        return self.outcomes[key]

    def intervention(self, move: MoveSpec, actor: str, target: str) -> Outcome:
        """In its window it works in full, too soft not at all, too hard it backfires by half.

        Scaled by the actor's best leverage on the parties and by their consent; the gauges
        change only inside the window of the first dyad.
        """
        window = WINDOWS[move.intervention or ""]
        consent = self.rule(move.consent, actor, target)
        step = 1 if move.intervention == "power" else -1
        adds: list[tuple[str, Rule]] = []
        sets: list[tuple[str, Rule]] = []
        first: str | None = None
        for key, amount in move.heat.items():
            dyad = self.dyad(key, actor, target)
            if dyad is None:
                continue
            stage = f"stage({dyad})"
            first = first or stage
            parties = [party for party in dyad.split("-") if party != actor]
            lever = max(self.leverage.get((actor, party), 0) for party in parties)
            heat = self.rule(amount, actor, target)
            adds.append((f"heat({dyad})", warmth(heat, stage, window, lever, consent)))
            adds.append((f"forced({dyad})", inside(stage, window, lambda m, s: step, 0)))
        plain = self.plain(move.effects, {}, actor, target)
        adds += [(cell, inside(first, window, rule, 0)) for cell, rule in plain.adds]
        sets += [(cell, inside(first, window, rule, cell)) for cell, rule in plain.sets]
        return Outcome(tuple(adds), tuple(sets))


def warmth(heat: Rule, stage: str, window: tuple[int, int], lever: int, consent: Rule) -> Rule:
    """The heat of an intervention on one dyad."""
    low, high = window

    def rule(m: ScalarCrisis, s: See) -> int:
        here = m.world[stage]
        halves = 2 if low <= here <= high else -1 if here < low else 0
        return heat(m, s) * halves * lever // 2000 * consent(m, s) // 1000

    return rule


def inside(stage: str | None, window: tuple[int, int], rule: Rule, outside: int | str) -> Rule:
    """The rule inside the window; outside it a number, or a cell as it is."""
    low, high = window

    def within(m: ScalarCrisis, s: See) -> int:
        if stage is None or low <= m.world[stage] <= high:
            return rule(m, s)
        return m.world[outside] if isinstance(outside, str) else outside

    return within
