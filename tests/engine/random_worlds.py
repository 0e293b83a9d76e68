"""Scenarios that nobody would write: every feature of the format, put together at random.

What two independent engines make of them must agree; see `test_scalar_mesa`.
"""

from __future__ import annotations

import random
from collections.abc import Callable

ACTORS = ("red", "blue", "green")
MOVES = ("hold", "press", "soften", "parley", "strike", "mend", "force")
LONGEST = 250  # characters of an expression, well below what the language allows
FORMS = (
    "moderation",
    "process-guidance",
    "socio-therapeutic",
    "mediation",
    "arbitration",
    "power",
)


class _Author:
    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.gauges = ["tension", "mood", *(f"{actor}.arms" for actor in ACTORS)]
        self.all = [*self.gauges, "nerve", "fear", "dread"]
        self.makers = {
            move: tuple(self.random.sample(ACTORS, self.random.randint(1, 3))) for move in MOVES[1:]
        } | {"hold": ACTORS}

    def one(self, *items: str) -> str:
        return self.random.choice(items)

    def number(self, low: int, high: int) -> int:
        return self.random.randint(low, high)

    def maybe(self, text: Callable[[], str], per_cent: int = 50) -> str:
        return text() if self.random.random() * 100 < per_cent else ""

    # ------------------------------------------------------------- expressions

    def leaf(self, names: list[str], seen: bool) -> str:
        kind = self.random.random()
        if kind < 0.3:
            return str(self.number(-20, 60))
        if kind < 0.7:
            name = self.one(*names)
            return f"seen.{name}" if seen and name in self.gauges else name
        one, other = self.random.sample(ACTORS, 2)
        move = self.one(*MOVES)
        maker = self.one(*self.makers[move])
        return self.one(
            "turn",
            "stage(red, blue)",
            "heat(blue, red)",
            "stage(blue, green)",
            f"leverage({one}, {other})",
            f"played({maker}, {move})",
            f"times({maker}, {move})",
            f"min(turns_since({maker}, {move}), 12)",
        )

    def expression(self, names: list[str] | None = None, seen: bool = False, depth: int = 3) -> str:
        names = self.all if names is None else names
        if depth == 0 or self.random.random() < 0.2:
            return self.leaf(names, seen)

        def part() -> str:
            return f"({self.expression(names, seen, depth - 1)})"

        text = self.one(
            f"{part()} + {part()}",
            f"{part()} - {part()}",
            f"{part()} * {self.number(-3, 4)}",
            f"{part()} // {part()}",
            f"{part()} % {part()}",
            f"-{part()}",
            f"abs{part()}",
            f"min({part()}, {part()}, {part()})",
            f"clip({part()}, {self.number(-9, 9)}, {self.number(10, 99)})",
            f"{part()} if {part()} > {part()} else {part()}",
            f"{part()} < {part()} <= {part()}",
            f"{part()} and not {part()} or {part()}",
        )
        return text if len(text) <= LONGEST else self.leaf(names, seen)

    def amount(self, low: int, high: int, seen: bool = False) -> str:
        if self.random.random() < 0.5:
            return str(self.number(low, high))
        return f'"clip({self.expression(seen=seen)}, {low}, {high})"'

    def condition(self, seen: bool = False) -> str:
        return f'"{self.expression(seen=seen)} {self.one("<", ">", "!=")} {self.number(-5, 400)}"'

    # ------------------------------------------------------------- effects

    def effects(self, gauges: list[str]) -> str:
        chosen = self.random.sample(gauges, self.number(0, min(3, len(gauges))))
        return "{" + ", ".join(f"{name}: {self.effect()}" for name in chosen) + "}"

    def effect(self) -> str:
        if self.random.random() < 0.25:
            return f'"=clip({self.expression()}, -20, 900)"'
        return self.amount(-60, 60)

    def heat(self) -> str:
        dyads = self.random.sample(["red-blue", "green-blue"], self.number(0, 2))
        return "{" + ", ".join(f"{dyad}: {self.amount(-90, 140)}" for dyad in dyads) + "}"

    def outcome(self) -> str:
        return f"effects: {self.effects(self.gauges)}, heat: {self.heat()}"

    # ------------------------------------------------------------- the files

    def scenario(self) -> str:
        when = f"when: {self.condition()}, "
        lines = [
            "schema: 1",
            "id: random",
            "title: Random",
            f"seed: {self.number(0, 10**9)}",
            f"turn: {{length: 1 week, horizon: {self.number(6, 9)}, orders: {self.number(1, 3)}}}",
            f"actors: [{', '.join(ACTORS)}]",
            "moves: [catalogue]",
            "gauges:",
            f"  tension: {{start: 300, noise: {{red: {self.number(0, 200)}, '*': 50}}}}",
            f"  mood: {{start: 0, min: -500, max: {self.number(1, 3) * 400}}}",
        ]
        for actor in ACTORS:
            noise = self.maybe(lambda: ', noise: {"*": tension // 3}')
            lines.append(f"  {actor}.arms: {{start: {self.number(0, 300)}{noise}}}")
        likely = self.maybe(lambda: f", likely: {self.number(100, 900)}")
        lines += [
            f"unknowns: {{nerve: {{between: [100, 900]{likely}}}}}",
            "derived:",
            f'  fear: {{value: "clip({self.expression([*self.gauges, "dread"])}, -999, 999)"}}',
            f'  dread: {{value: "{self.expression(self.gauges)}", min: -50, max: 2000}}',
            "dyads:",
            f"  red-blue: {{stage: {self.number(1, 9)}, heat: {self.number(-90, 90)}}}",
            f"  green-blue: {self.number(1, 9)}",
            "ties:",
            f"  - {{from: green, to: red, leverage: {self.number(0, 1000)}}}",
            f"  - {{from: red, to: blue, leverage: {self.number(0, 1000)}}}",
            "injects:",
            f"  - {{turn: 2, {self.outcome()}}}",
            f"  - {{turn: 3, id: news, {when}{self.outcome()}}}",
            "chance:",
        ]
        for name in "abc":
            odds = self.amount(-100, 1200)
            lines.append(
                f"  - {{id: {name}, {self.maybe(lambda: when)}chance: {odds}, {self.outcome()}}}"
            )
        lines += ["  - id: many", f"    chance: {self.amount(300, 900)}", "    outcomes:"]
        lines += [f"      - {{weight: {self.amount(0, 50)}, {self.outcome()}}}" for _ in range(3)]
        lines.append("      - {weight: 1}")
        lines += [
            "drift:",
            f'  tension: "{self.expression()}"',
            f'  mood: "mood // 2 + {self.one(*self.gauges)} // 9"',
        ]
        lines += [
            f"milestones: {{Seen: {{when: {self.condition()}}}, Calm: {{when: tension < 100}}}}",
            "endings:",
            f"  Held: {{when: {self.condition()}, for: 3}}",
            f"  Boom: {{when: stage(red, blue) == 9 and tension > {self.number(0, 900)}}}",
            f"  Late: {{when: {self.condition()}, at: horizon}}",
        ]
        return "\n".join(lines) + "\n"

    def actor(self, name: str) -> str:
        mine = [move for move, makers in self.makers.items() if name in makers]
        rules = []
        for number in range(self.number(2, 5)):
            favours = [
                f"{move}: {self.favour()}"
                for move in self.random.sample(mine, self.number(1, min(3, len(mine))))
            ]
            rules.append(
                f"  - {{id: r{number}, when: {self.condition(seen=True)}, "
                f"favour: {{{', '.join(favours)}}}}}"
            )
        return f"id: {name}\ntitle: {name}\nrules:\n" + "\n".join(rules) + "\n"

    def favour(self) -> str:
        return self.one(
            self.amount(-40, 60, seen=True),
            self.amount(-40, 60, seen=True),
            f"x{self.number(0, 3)}",
            f"/{self.number(1, 4)}",
            "forbid",
        )

    def move(self, name: str) -> str:
        makers = self.makers[name]
        others = [actor for actor in ACTORS if actor not in makers]
        target = self.one(*others) if others and self.random.random() < 0.7 else ""
        gauges = ["tension", "mood", "self.arms", *(["target.arms"] if target else [])]
        keys = [
            f"title: {name}",
            f"by: [{', '.join(makers)}]",
            f"base: {self.amount(0, 60, seen=True)}",
            f"cooldown: {self.one('0', '0', '1', '2')}",
        ]
        if target:
            keys.append(f"target: {target}")
        if name != "hold":
            keys += [
                f"success: {self.one('1000', self.amount(-50, 1100))}",
                f"effects: {self.effects(gauges)}",
                f"failure: {self.effects(gauges)}",
                f"heat: {self.heat()}",
            ]
            keys += [self.maybe(lambda: f"when: {self.condition(seen=True)}")]
        if name in ("mend", "force"):
            form = "power" if name == "force" else self.one(*FORMS)
            keys += [f"intervention: {form}", f"consent: {self.amount(0, 1200)}"]
        return f"  {name}: {{{', '.join(filter(None, keys))}}}\n"


def texts(seed: int) -> dict[str, str]:
    """The files of the scenario of this number, as `load_texts` takes them."""
    author = _Author(seed)
    return {
        "scenario.yaml": author.scenario(),
        "moves/catalogue.yaml": "schema: 1\nmoves:\n" + "".join(map(author.move, MOVES)),
        **{f"actors/{actor}.yaml": author.actor(actor) for actor in ACTORS},
    }
