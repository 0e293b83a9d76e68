"""How an actor decides: its rules and its moves' weights, lowered to tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from wargame.compiler.context import URN, Reading, Results, Workshop
from wargame.content.spec import Expr
from wargame.engine.decision import Cells, Mind, Scale, Sights
from wargame.engine.effects import FLOAT32_EXACT
from wargame.engine.layout import SEEN, last_cell
from wargame.errors import Fault
from wargame.expression import Expression

HOLD = "hold"
NO_HOLD = -2  # neither a move nor "no move"


def compile_mind(shop: Workshop, index: int) -> Mind:
    """The mind of the actor at `index` of the scenario's list."""
    return _Weights(shop, index).mind()


def labels_of(minds: Iterable[Mind]) -> list[str]:
    """The names of all the luck of the minds."""
    return [
        label for mind in minds for label in (*mind.labels, *mind.read.labels, *mind.unread.labels)
    ]


class _Weights:
    """Gathers what each move's weight is made of. m: a move, r: a rule."""

    def __init__(self, shop: Workshop, index: int) -> None:
        self.shop = shop
        self.spec = shop.spec.actors[index]
        self.actor = self.spec.id
        self.moves = shop.moves[self.actor]
        self.read = _looked_at(shop, index)
        self.names = replace(shop.names, sights={name: i for i, name in enumerate(self.read)})
        self.results = Results()
        self.rules: list[Reading] = []
        self.constants: list[tuple[int, int, int]] = []
        self.live_base: list[tuple[int, int]] = []
        self.live_adds: list[tuple[int, int, int]] = []
        self.times: list[tuple[int, int, int]] = []
        self.overs: list[tuple[int, int, int]] = []
        self.forbids: list[tuple[int, int]] = []
        # how large the sum of a move's adds can be in size, and its weight
        count = len(self.moves)
        self.base = [0] * count
        self.reach = [0] * count
        self.most = [0] * count
        self.factor = [1] * count

    def mind(self) -> Mind:
        shop, actor, spec = self.shop, self.actor, self.spec
        for rule in spec.rules:
            never = f"the rule {rule.id} of {actor} can never fire"
            self.rules.append(shop.condition(rule.when, never, self.names))
            self.results.add(self.rules[-1], "bool")
        self.weigh_rules()
        self.weigh_moves()
        reasons = len(self.results.pairs)
        whens = self.gate_moves()
        cooling = [m for m, name in enumerate(self.moves) if shop.spec.moves[name].cooldown]
        kind = np.float32 if self.total() < FLOAT32_EXACT else np.float64
        adds = np.zeros((len(self.moves), reasons), dtype=kind)
        for m, r, amount in self.constants:
            adds[m, r] = amount
        for m, k in (*self.live_base, *((m, k) for m, _, k in self.live_adds)):
            adds[m, k] = 1
        luck = shop.luck(actor)
        noisy = _noisy(shop, actor)
        return Mind(
            actor=actor,
            moves=self.moves,
            rules=tuple(rule.id for rule in spec.rules),
            hold=self.moves.index(HOLD) if HOLD in self.moves else NO_HOLD,
            labels=tuple(f"{luck} choice {k + 1}" for k in range(shop.file.turn.orders)),
            read=_sights(shop, actor, self.read),
            unread=_sights(shop, actor, [name for name in noisy if name not in self.read]),
            block=shop.block(f"{actor} rules", self.results.pairs),
            base=np.array(self.base)[:, None].astype(kind),
            adds=adds,
            live_base=tuple(self.live_base),
            live_adds=tuple(self.live_adds),
            times=tuple(self.times),
            overs=tuple(self.overs),
            times_table=_scale(self.times, kind),
            overs_table=_scale(self.overs, kind),
            forbids=tuple(self.forbids),
            whens=whens,
            cooling=np.array(cooling, dtype=np.intp),
            played=np.array(
                [shop.layout.rows[last_cell(actor, self.moves[m])] for m in cooling], dtype=np.intp
            ),
            pause=_column(shop, [shop.spec.moves[self.moves[m]].cooldown for m in cooling]),
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
                    amount = self.amount(m, self.shop.parse(favour.value))
                    if amount.constant is not None:
                        self.constants.append((m, r, amount.constant))
                    else:
                        k = self.results.add(amount.where(self.rules[r]), "int")
                        self.live_adds.append((m, r, k))

    def weigh_moves(self) -> None:
        """What each move weighs before any rule."""
        for m, name in enumerate(self.moves):
            move = self.shop.spec.moves[name]
            base = self.amount(m, self.shop.parse(move.base, self.actor, move.target or ""))
            if base.constant is not None:
                self.base[m] = base.constant
            else:
                self.live_base.append((m, self.results.add(base, "int")))

    def amount(self, m: int, expression: Expression) -> Reading:
        """A summand of the weight of m; its bounds are counted."""
        reading = self.shop.read(expression, self.names)
        self.reach[m] += reading.largest
        self.most[m] += max(0, reading.bounds.high)
        return reading

    def gate_moves(self) -> tuple[tuple[int, int], ...]:
        """(m, k) of the moves that may be made only when a condition holds."""
        shop = self.shop
        whens = []
        for m, name in enumerate(self.moves):
            move = shop.spec.moves[name]
            if move.when is not None:
                expression = shop.parse(move.when, self.actor, move.target or "")
                never = f"{self.actor} can never make the move {name}"
                condition = shop.possible(shop.read(expression, self.names), move.when, never)
                whens.append((m, self.results.add(condition, "bool")))
        return tuple(whens)

    def total(self) -> int:
        """A bound of every number on the way to a draw; too large a one is a fault."""
        widest = [w * f for w, f in zip(self.most, self.factor, strict=True)]
        total = max([sum(widest), *self.reach], default=0)
        if total >= URN:
            message = f"the weights of {self.actor} may reach {total:.1e}"
            self.shop.fault(Fault(message, self.spec.at, "stay below 2**31"))
        return total


def _scale(factors: Sequence[tuple[int, int, int]], kind: type[np.floating[Any]]) -> Scale:
    """Factors (m, r, factor) as tables; a factor that serves several moves is computed once."""
    different = list(dict.fromkeys((r, factor) for _, r, factor in factors))
    moves = sorted({m for m, _, _ in factors})
    of_move = [[different.index((r, f)) for k, r, f in factors if k == m] for m in moves]
    return Scale(
        moves=np.array(moves, dtype=np.intp),
        rules=np.array([r for r, _ in different], dtype=np.intp),
        excess=np.array([factor - 1 for _, factor in different], dtype=kind)[:, None],
        first=np.array([first for first, *_ in of_move], dtype=np.intp),
        more=tuple((i, u) for i, (_, *rest) in enumerate(of_move) for u in rest),
    )


# ------------------------------------------------------------- what an actor sees


def _noisy(shop: Workshop, actor: str) -> dict[str, Expr]:
    """The gauges that the actor sees through noise, its own not among them."""
    found = {}
    for name, gauge in shop.file.gauges.items():
        noise = gauge.noise.get(actor, gauge.noise.get("*"))
        if noise is not None and name.partition(".")[0] != actor:
            found[name] = noise
    return found


def _looked_at(shop: Workshop, index: int) -> list[str]:
    """The gauges that the actor's rules look at through noise, in the scenario's order."""
    spec = shop.spec.actors[index]
    written = [shop.parse(rule.when) for rule in spec.rules]
    written += [shop.parse(it.value) for rule in spec.rules for it in rule.favour.values()]
    for name in shop.moves[spec.id]:
        move = shop.spec.moves[name]
        ends = (spec.id, move.target or "")
        written += [shop.parse(move.when, *ends), shop.parse(move.base, *ends)]
    names = {name for expression in written for name in expression.names()}
    return [name for name in _noisy(shop, spec.id) if SEEN + name in names]


def _sights(shop: Workshop, actor: str, names: Sequence[str]) -> Sights:
    noise = _noisy(shop, actor)
    rows = [shop.layout.rows[name] for name in names]
    results = Results()
    widths = [results.add_unless_constant(shop.read(shop.parse(noise[name]))) for name in names]
    return Sights(
        names=tuple(names),
        rows=np.array(rows, dtype=np.intp),
        labels=tuple(f"{shop.luck(actor)} sees {shop.luck(name)}" for name in names),
        widths=np.array([constant or 0 for constant, _ in widths], dtype=np.int64)[:, None],
        live=tuple((i, k) for i, (constant, k) in enumerate(widths) if constant is None),
        block=shop.block(f"{actor} sees", results.pairs),
        low=_column(shop, [shop.layout.low[row] for row in rows]),
        high=_column(shop, [shop.layout.high[row] for row in rows]),
    )


def _column(shop: Workshop, values: Sequence[int]) -> Cells:
    return np.array(values, dtype=np.int64)[:, None].astype(shop.dtype)
