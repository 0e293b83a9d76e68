"""How an actor decides: its rules and its moves' weights, lowered to tables."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from wargame.compiler.workshop import URN, Reading, Results, Workshop
from wargame.decision import Mind, Sight
from wargame.effects import FLOAT32_EXACT
from wargame.errors import Fault

HOLD = "hold"
NO_HOLD = -2  # neither a move nor "no move"


def compile_mind(shop: Workshop, index: int) -> Mind:
    """The mind of the actor at `index` of the scenario's list."""
    return _Weights(shop, index).mind()


class _Weights:
    """Gathers what each move's weight is made of. m: a move, r: a rule."""

    def __init__(self, shop: Workshop, index: int) -> None:
        self.shop = shop
        self.spec = shop.spec.actors[index]
        self.actor = self.spec.id
        self.moves = shop.moves[self.actor]
        count = len(self.moves)
        self.results = Results()
        self.base = np.zeros((count, 1))
        self.adds = np.zeros((count, len(self.spec.rules)))
        self.live_base: list[tuple[int, int]] = []
        self.live_adds: list[tuple[int, int, int]] = []
        self.times: list[tuple[int, int, int]] = []
        self.overs: list[tuple[int, int, int]] = []
        self.forbids: list[tuple[int, int]] = []
        self.whens: list[tuple[int, int]] = []
        self.cooldowns: list[tuple[int, int, int]] = []
        # how large the sum of a move's adds can be in size, and its weight
        self.reach = [0] * count
        self.most = [0] * count
        self.factor = [1] * count

    def mind(self) -> Mind:
        shop, actor = self.shop, self.actor
        sights, widths = _sights(shop, actor)
        self.names = replace(shop.names, sights={s.name: i for i, s in enumerate(sights)})
        for rule in self.spec.rules:
            never = f"the rule {rule.id} of {actor} can never fire"
            self.results.add(shop.condition(rule.when, never, self.names), "bool")
        self.weigh_rules()
        self.weigh_moves()
        kind = np.float32 if self.total() < FLOAT32_EXACT else np.float64
        luck = shop.luck(actor)
        low, high = (
            np.array([side[s.row] for s in sights], dtype=np.int64)
            for side in (shop.layout.low, shop.layout.high)
        )
        return Mind(
            actor=actor,
            moves=self.moves,
            rules=tuple(rule.id for rule in self.spec.rules),
            hold=self.moves.index(HOLD) if HOLD in self.moves else NO_HOLD,
            labels=tuple(f"{luck} choice {k + 1}" for k in range(shop.file.turn.orders)),
            sights=tuple(sights),
            widths=shop.block(f"{actor} sees", widths.pairs) if widths.pairs else None,
            low=low,
            high=high,
            block=shop.block(f"{actor} rules", self.results.pairs),
            base=self.base.astype(kind),
            adds=self.adds.astype(kind),
            live_base=tuple(self.live_base),
            live_adds=tuple(self.live_adds),
            times=tuple(self.times),
            overs=tuple(self.overs),
            forbids=tuple(self.forbids),
            whens=tuple(self.whens),
            cooldowns=tuple(self.cooldowns),
            barred=np.array(
                [*((actor, name) in shop.spec.barred for name in self.moves), False], dtype=np.bool_
            ),
        )

    def weigh_rules(self) -> None:
        """What each rule does to the weights when it fires."""
        place = {name: m for m, name in enumerate(self.moves)}
        for r, rule in enumerate(self.spec.rules):
            for name, favour in rule.favour.items():
                if name not in place:
                    continue
                m = place[name]
                if favour.op == "forbid":
                    self.forbids.append((m, r))
                elif favour.op == "times":
                    factor = int(str(favour.value))
                    self.times.append((m, r, factor))
                    self.factor[m] *= max(1, factor)
                elif favour.op == "over":
                    self.overs.append((m, r, int(str(favour.value))))
                else:
                    constant, k = self.amount(
                        m, self.shop.read(self.shop.parse(favour.value), self.names)
                    )
                    if constant is None:
                        self.live_adds.append((m, r, k))
                    else:
                        self.adds[m, r] = constant

    def weigh_moves(self) -> None:
        """What each move weighs before any rule, and when it may be made at all."""
        shop = self.shop
        for m, name in enumerate(self.moves):
            move = shop.spec.moves[name]
            ends = (self.actor, move.target or "")
            constant, k = self.amount(m, shop.read(shop.parse(move.base, *ends), self.names))
            if constant is None:
                self.live_base.append((m, k))
            else:
                self.base[m] = constant
            if move.when is not None:
                condition = shop.read(shop.parse(move.when, *ends), self.names)
                never = f"{self.actor} can never make the move {name}"
                shop.possible(condition, move.when, never)
                self.whens.append((m, self.results.add(condition, "bool")))
            if move.cooldown:
                row = shop.layout.rows[f"last({self.actor}, {name})"]
                self.cooldowns.append((m, row, move.cooldown))

    def amount(self, m: int, reading: Reading) -> tuple[int | None, int]:
        """A summand of the weight of m: constant, or found at an index of the results."""
        self.reach[m] += reading.largest
        self.most[m] += max(0, reading.bounds.high)
        return self.results.add_unless_constant(reading)

    def total(self) -> int:
        """A bound of every number on the way to a draw; too large a one is a fault."""
        widest = [w * f for w, f in zip(self.most, self.factor, strict=True)]
        total = max([sum(widest), *self.reach], default=0)
        if total >= URN:
            message = f"the weights of {self.actor} may reach {total:.1e}"
            self.shop.fault(Fault(message, self.spec.at, "stay below 2**31"))
        return total


def _sights(shop: Workshop, actor: str) -> tuple[list[Sight], Results]:
    """What the actor sees through noise; its own gauges it sees exactly."""
    sights: list[Sight] = []
    widths = Results()
    for name, gauge in shop.file.gauges.items():
        noise = gauge.noise.get(actor, gauge.noise.get("*"))
        if noise is None or name.partition(".")[0] == actor:
            continue
        fixed, _ = widths.add_unless_constant(shop.read(shop.parse(noise)))
        label = f"{shop.luck(actor)} sees {shop.luck(name)}"
        sights.append(Sight(name, shop.layout.rows[name], fixed, label))
    return sights, widths


def labels_of(minds: Iterable[Mind]) -> list[str]:
    """The names of all the luck of the minds."""
    return [label for mind in minds for label in (*mind.labels, *(s.label for s in mind.sights))]
