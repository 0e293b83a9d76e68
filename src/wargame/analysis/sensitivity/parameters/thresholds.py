"""The numbers in the conditions of rules with which a gauge, a stage or heat is compared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from wargame.analysis.sensitivity.parameters.parameter import (
    FEWEST,
    HEAT,
    PER_MILLE,
    STAGE,
    Bench,
    both,
    of,
    relative,
    titled,
    unit_of,
)
from wargame.content.source_marks import NOWHERE
from wargame.content.spec import ActorSpec, Expr, RuleSpec, ScenarioSpec
from wargame.engine import ladder
from wargame.engine.layout import SEEN
from wargame.errors import Mark, SpecError
from wargame.expression import (
    Binary,
    Call,
    Compare,
    Expression,
    Interval,
    Meaning,
    Minus,
    Name,
    Node,
    Number,
    Query,
    Symbol,
    interval,
    parse,
    show,
    walk,
)
from wargame.expression.tree import children, rebuild, with_children

LIMITS: Mapping[str, tuple[int, int]] = {
    "stage": (ladder.LOWEST, ladder.HIGHEST),
    "heat": (-ladder.HEAT_LIMIT, ladder.HEAT_LIMIT),
    "leverage": (0, 1000),
}
QUANTITIES = (Name, Query, Number, Minus, Binary, Call)
ORDERS = ("<", "<=", ">", ">=")
COUNTS = 3  # below this a number asks whether something has happened at all, or how often
SIGNS = {">=": "≥", "<=": "≤"}


class Thresholds:
    """Turns the thresholds of one scenario's rules.

    A number is a threshold where its condition asks whether something measured, which is a gauge
    or what is reckoned from gauges, lies above or below it. Whether a flag is set, or how many
    turns ago something was done, is a matter of fact and is left alone.
    """

    def __init__(self, bench: Bench, file: ScenarioSpec) -> None:
        self.bench, self.file = bench, file
        self.ranges = Ranges(file)

    def turned(self, actor: ActorSpec, rule: RuleSpec) -> Expr:
        """The rule's condition, which reads its thresholds from their cells."""
        written = parse(rule.when.text, rule.when.at)
        one = _Condition(self, actor, rule)
        node = one.turned(written.node)
        return rule.when if node == written.node else Expr(show(node), rule.when.at)

    def range(self, node: Node) -> Interval | None:
        """What something measured can be; None if it is a flag, a count, or no measure."""
        if not all(isinstance(part, QUANTITIES) for part in walk(node)):
            return None
        try:
            found = interval(Expression(node, show(node)), self.ranges)
        except SpecError:
            return None
        stage = isinstance(node, Query) and node.function == "stage"
        return found if stage or found.high - found.low >= FEWEST else None

    def unit(self, node: Node) -> Mapping[str, str]:
        """The unit of something measured: that of its first gauge."""
        for part in walk(node):
            if isinstance(part, Query):
                return {"stage": STAGE, "heat": HEAT}.get(part.function, PER_MILLE)
            if isinstance(part, Name):
                name = part.text.removeprefix(SEEN)
                for kind in (self.file.gauges, self.file.unknowns, self.file.derived):
                    if name in kind:
                        return unit_of(kind[name].unit)
        return PER_MILLE

    def called(self, node: Node) -> dict[str, str]:
        """A tree in words: gauges under their titles."""

        def titles(lang: str) -> str:
            def leaf(part: Node) -> Node:
                if isinstance(part, Name):
                    return Name(titled(part.text.removeprefix(SEEN), self.file)[lang])
                return part

            return show(rebuild(node, leaf))

        return {lang: titles(lang) for lang in ("en", "ja")}


class _Condition:
    """One rule's condition, while its thresholds are given cells."""

    def __init__(self, shop: Thresholds, actor: ActorSpec, rule: RuleSpec) -> None:
        self.shop, self.actor, self.rule = shop, actor, rule
        self.parts: list[str] = []

    def turned(self, node: Node) -> Node:
        if not isinstance(node, Compare):
            parts = children(node)
            return with_children(node, [self.turned(p) for p in parts]) if parts else node
        sides = [node.first, *node.rest]
        found = list(sides)
        for i, side in enumerate(sides):
            # Of `300 < x < 600` each number has one neighbour, and there are no others.
            for sign, other, first in (
                *((node.operators[i], sides[i + 1], True) for _ in sides[i + 1 : i + 2]),
                *((node.operators[i - 1], sides[i - 1], False) for _ in sides[:i][-1:]),
            ):
                if isinstance(side, Number) and sign in ORDERS:
                    found[i] = self.threshold(side, sign, other, first) or found[i]
        return with_children(node, found)

    def threshold(self, number: Number, sign: str, measure: Node, first: bool) -> Node | None:
        """The cell to read in place of a number that is compared with `measure`.

        first: whether the number stands on the left.
        """
        reach = self.shop.range(measure)
        staged = isinstance(measure, Query) and measure.function == "stage"
        if reach is None or (abs(number.value) < COUNTS and not staged):
            return None
        if staged:
            # A number that is no stage is turned towards the ladder only, as if it were at its end.
            less = min(number.value, max(reach.low, number.value - 1))
            more = max(number.value, min(reach.high, number.value + 1))
        else:
            less, more = relative(number.value, reach.low, reach.high)
        sides: Sequence[Node] = (number, measure) if first else (measure, number)
        part = show(Compare(sides[0], (sign,), (sides[1],)))
        again = self.parts.count(part)
        self.parts.append(part)
        named = self.shop.called(measure)
        who, why = both(self.actor.short or self.actor.title, ""), both(self.rule.because, "")
        sign = SIGNS.get(sign, sign)
        asked = {
            lang: f"{number.value} {sign} {word}" if first else f"{word} {sign} {number.value}"
            for lang, word in named.items()
        }
        name = f"{self.actor.id}.{self.rule.id}"
        why = {lang: text or self.rule.id for lang, text in why.items()}
        cell = self.shop.bench.add(
            "threshold",
            name,
            of(
                who,
                f"when {asked['en']} ({why['en']})",
                f"{asked['ja']} のとき（{why['ja']}）",
            ),
            self.rule,
            (less, more),
            at=self.place(),
            usual=number.value,
            unit=self.shop.unit(measure),
            part=f"{part} ({again + 1})" if again else part,
        )
        return Name(cell) if cell else None

    def place(self) -> Mark:
        """Where the condition stands, or the rule."""
        return self.rule.at if self.rule.when.at == NOWHERE else self.rule.when.at


class Ranges:
    """What the names in a condition can be, and nothing else: a namespace for bounds."""

    def __init__(self, file: ScenarioSpec) -> None:
        self.file = file
        self.rows: dict[str, int] = {}

    def names(self) -> Iterable[str]:
        return ()

    def symbol(self, name: str) -> Meaning:
        name = name.removeprefix(SEEN)
        if name in self.file.gauges:
            gauge = self.file.gauges[name]
            return self.cell(name, gauge.min, gauge.max)
        if name in self.file.unknowns:
            unknown = self.file.unknowns[name]
            low, high = unknown.between or (unknown.is_ or 0, unknown.is_ or 0)
            return self.cell(name, low, high)
        if name in self.file.derived:
            derived = self.file.derived[name]
            if derived.min is not None and derived.max is not None:
                return self.cell(name, derived.min, derived.max)
            return parse(derived.value.text).node
        return None

    def call(self, function: str, args: tuple[str, ...]) -> Meaning:
        limits = LIMITS.get(function)
        return None if limits is None else self.cell(f"{function}{args}", *limits)

    def cell(self, name: str, low: int, high: int) -> Symbol:
        return Symbol("c", self.rows.setdefault(name, len(self.rows)), low, high)
