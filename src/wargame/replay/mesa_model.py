"""The national actors as Mesa agents, and the crisis as a Mesa model.

With one run, `Crisis` is an ordinary Mesa model: `step`, `running`, agents in an `AgentSet`, a
`DataCollector` with stages, heat and gauges, and `mesa.batch_run` can drive it. With many runs
the very same agents decide for all of them at once, as arrays. This is the only module that
knows Mesa; chance is never Mesa's.
"""

from __future__ import annotations

from typing import Any

import mesa
import numpy as np
import numpy.typing as npt

from wargame.backends.simulate import CHUNK, play_runs
from wargame.backends.turn import Decider, Situation, begin, by_rules, play
from wargame.compiler import compile_scenario
from wargame.content.load import load
from wargame.content.spec import ActorSpec, Spec
from wargame.engine.randomness import Luck
from wargame.engine.record import Outcomes, TurnRecord
from wargame.engine.scenario import Scenario
from wargame.engine.world import RUNNING, World

Ints = npt.NDArray[np.int64]


class Actor(mesa.Agent):
    """One actor of the crisis, which carries its decision rules.

    `seat` decides for it: its rules unless somebody else is seated.
    """

    model: Crisis

    def __init__(self, model: Crisis, spec: ActorSpec, seat: Decider = by_rules) -> None:
        super().__init__(model)
        self.spec = spec
        self.name = spec.id
        self.seat = seat
        self.orders: Ints | None = None

    def decide(self, situation: Situation) -> Ints:
        """The actor's orders for this turn, orders x runs: indices of its moves, or -1."""
        self.orders = self.seat(situation)
        return self.orders

    @property
    def moves(self) -> tuple[str, ...]:
        """The moves that this actor can make in this scenario."""
        return self.model.compiled.mind(self.name).moves

    @property
    def played(self) -> tuple[str, ...]:
        """What the actor did last turn, in the first run."""
        if self.orders is None:
            return ()
        return tuple(self.moves[m] for m in self.orders[:, 0] if m >= 0)


class Crisis(mesa.Model):
    """A crisis in one run or in many.

    scenario: a compiled `Scenario`, a loaded `Spec`, or a scenario's name or path.
    seed: names the luck; the scenario's own seed where nothing is said. runs: run numbers.
    """

    def __init__(
        self,
        scenario: Scenario | Spec | str = "kherson-2022",
        seed: int | None = None,
        runs: npt.ArrayLike | None = None,
        run: int = 0,
        rng: int | None = None,
    ) -> None:
        spec = load(scenario) if isinstance(scenario, str) else scenario
        self.compiled: Scenario = compile_scenario(spec) if isinstance(spec, Spec) else spec
        given = seed if seed is not None else rng
        self.luck_seed = self.compiled.header.seed if given is None else int(given)
        super().__init__(rng=self.luck_seed)
        self.running: bool = True
        self.runs: Ints = np.asarray([run] if runs is None else runs, dtype=np.int64)
        for actor in self.compiled.spec.actors:
            Actor(self, actor)
        self._luck = Luck(self.luck_seed, self.runs)
        self.world: World = begin(self.compiled, self._luck)
        self.record: TurnRecord | None = None
        self.datacollector = mesa.DataCollector(model_reporters=self._reporters())

    def step(self) -> None:
        """Play one turn of every run; `running` becomes False when all have ended."""
        if not self.running:
            return
        deciders: dict[str, Decider] = {actor.name: actor.decide for actor in self.actors}
        self.world, self.record = play(self.compiled, self.world, self._luck, deciders)
        self.running = bool(self.world.turn < self.compiled.horizon and self.world.running.any())
        self._collect()

    def play(self, chunk: int = CHUNK) -> Outcomes:
        """Play every run from the first turn to its end, `chunk` runs at a time."""
        deciders: dict[str, Decider] = {actor.name: actor.decide for actor in self.actors}
        return play_runs(self.compiled, self.runs, self.luck_seed, deciders=deciders, chunk=chunk)

    @property
    def actors(self) -> list[Actor]:
        """The agents, in the scenario's order."""
        return [agent for agent in self.agents if isinstance(agent, Actor)]

    @property
    def turn(self) -> int:
        """How many turns have been played."""
        return self.world.turn

    @property
    def ending(self) -> str | None:
        """The ending of the first run, or None while it goes on."""
        index = int(self.world.ending[0])
        return None if index == RUNNING else self.compiled.header.endings[index]

    def _reporters(self) -> dict[str, Any]:
        """What a DataCollector writes down of the first run: ladders, then gauges, then the end."""

        def cell(name: str) -> Any:
            row = self.compiled.rows[name]
            return lambda model: int(model.world.cells[row, 0])

        reporters: dict[str, Any] = {"turn": lambda model: model.world.turn}
        for dyad in self.compiled.header.dyads:
            reporters[f"stage({dyad})"] = cell(f"stage({dyad})")
            reporters[f"heat({dyad})"] = cell(f"heat({dyad})")
        for name in self.compiled.gauge_names():
            reporters[name] = cell(name)
        reporters["ending"] = lambda model: model.ending
        return reporters

    def _collect(self) -> None:
        if self.runs.size == 1:
            self.datacollector.collect(self)
