"""Runs in which programs hold seats, outside a seminar: one run, or a batch of them.

What a program orders goes into the run's turn log like anybody's orders. So the log can be
replayed, verified, forked and gone on with, without the program. Where a program gives no usable
answer its actor's rules decide, and the log says why.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from wargame.boundary.files import make_folder
from wargame.course import play_runs
from wargame.english import counted
from wargame.errors import OrderError
from wargame.experiment.folder import run_log
from wargame.experiment.playing import columns_of
from wargame.log import Log
from wargame.orders import Desk, Order, check_actor
from wargame.playthrough import Playthrough
from wargame.ready import compiled
from wargame.record import Outcomes, join
from wargame.replay import Look, Plan, Replay, StrPath, header_for, record
from wargame.scenario import Scenario
from wargame.seminar import requests, sight
from wargame.seminar.agents import PATIENCE, Letter, Program, Silence, letter, reach
from wargame.seminar.refused import Refused
from wargame.show.language import read
from wargame.spec import Text
from wargame.turn import Decider, Situation
from wargame.turn_log import LeftOut

PLAY = f"{__name__}:play"
PREPARE = f"{__name__}:prepare"


class Seated:
    """A scenario with programs in some of its seats; leave it with `with`, which ends them.

    seats: {actor: address or command, or a `Program`}. patience: seconds for each answer.
    Raises OrderError for an actor who takes no part.
    """

    def __init__(
        self,
        scenario: Scenario,
        seats: Mapping[str, str | Program],
        patience: float = PATIENCE,
        lang: str = "en",
    ) -> None:
        for actor in seats:
            check_actor(scenario, actor)
        self.scenario = scenario
        self.patience = patience
        self.lang = lang
        self._programs = {
            actor: reach(seat) if isinstance(seat, str) else seat for actor, seat in seats.items()
        }

    def __enter__(self) -> Seated:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the programs that were started."""
        for program in self._programs.values():
            program.close()

    def record(self, path: StrPath | None = None, seed: int | None = None, run: int = 0) -> Replay:
        """Play one run, and write its log to `path`, a new file. Raises StoreError."""
        header = header_for(self.scenario, seed, run, seats=dict.fromkeys(self._programs, "script"))

        def script(turn: int, look: Look) -> Plan:
            desk = look(())
            orders: dict[str, tuple[Order, ...]] = {}
            left_out = []
            for actor, program in self._programs.items():
                try:
                    orders[actor] = self._ordered(desk, actor, program, run)
                except (Silence, OrderError, Refused) as error:
                    nothing = Order(by="script")
                    left_out.append(LeftOut(actor=actor, order=nothing, why=str(error)[:500]))
            return Plan(orders, left_out=left_out)

        return record(self.scenario, header, script, path)

    def outcome(self, replay: Replay) -> Outcomes:
        """What a batch keeps of a run that was recorded."""
        run = replay.playthrough
        given = {actor: _as_recorded(run, actor) for actor in self._programs}
        return play_runs(self.scenario, [run.run], run.seed, deciders=given)

    def _ordered(self, desk: Desk, actor: str, program: Program, run: int) -> tuple[Order, ...]:
        """A program's orders for a turn. Raises Silence, OrderError or Refused."""
        said = program.ask(self._letter(desk, actor, run), self.patience)
        if not isinstance(said, dict):
            raise Silence("the answer is no JSON object")
        lines: Sequence[requests.OrderLine] = requests.read(
            requests.COMMANDS["submit"], said
        ).orders
        if any(not line.move for line in lines):
            raise Silence("nobody translates free text here: each order names a move")
        orders = desk.do(actor, [str(line.move) for line in lines], "script")
        meant = [Text(en=line.intent) if line.intent else None for line in lines]
        meant += [None] * (len(orders) - len(meant))
        return tuple(
            order.model_copy(update={"intent": intent})
            for order, intent in zip(orders, meant, strict=True)
        )

    def _letter(self, desk: Desk, actor: str, run: int) -> Letter:
        scenario, lang = self.scenario, self.lang
        situation: Situation = desk.places[actor][0]
        file = scenario.spec.scenario
        return letter(
            {
                "actor": actor,
                "lang": lang,
                "title": read(file.title, lang),
                "phase": "orders",
                "turn": desk.turn,
                "horizon": scenario.horizon,
                "orders": file.turn.orders,
                "run": run,
                "brief": sight.brief(scenario, actor, lang),
                "know": sight.known(scenario, situation, actor, lang),
                "ladders": [
                    {
                        "dyad": dyad,
                        "stage": int(situation.cells[scenario.rows[f"stage({dyad})"], 0]),
                    }
                    for dyad in scenario.header.dyads
                ],
                "moves": sight.moves(scenario, desk.places[actor], lang),
            }
        )


def _as_recorded(run: Playthrough, actor: str) -> Decider:
    return lambda situation: run.records[situation.turn - 1].orders[actor]


# ------------------------------------------------------------------------------ in a batch


def prepare(task: Mapping[str, Any]) -> Seated:
    """A variant's scenario with its seats; each worker starts the programs for itself."""
    return Seated(compiled(task["inputs"]), task["seats"])


def play(task: Mapping[str, Any]) -> Mapping[str, np.ndarray[Any, Any]]:
    """Play the runs of one chunk, each with a log of its own; the columns of a batch."""
    seated: Seated = task["prepared"]
    found = []
    for run in range(task["start"], task["stop"]):
        path = run_log(Path(task["folder"]), task["variant"], run)
        make_folder(path.parent)
        path.unlink(missing_ok=True)  # of a worker that was killed before the batch had this run
        found.append(seated.outcome(seated.record(path, task["seed"], run)))
    return columns_of(join(found), seated.scenario.header)


# ------------------------------------------------------------------------------ how they did


def faults(logs: Iterable[Log]) -> list[str]:
    """One line for each program whose actor's rules had to decide in some turns of these runs."""
    turns, missed = 0, dict[str, Counter[str]]()
    for log in logs:
        for event in log.events:
            turns += 1
            for left in event.data.get("left_out", ()):
                missed.setdefault(left["actor"], Counter())[left["why"]] += 1
    return [
        f"{actor}: its rules decided in {whys.total()} of {counted(turns, 'turn')}, for want of a "
        f"usable answer; most often: {whys.most_common(1)[0][0]}"
        for actor, whys in sorted(missed.items())
    ]
