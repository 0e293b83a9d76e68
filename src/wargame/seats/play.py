"""Runs in which programs hold seats, outside a seminar: one run, or a batch of them.

What a program orders goes into the run's turn log like anybody's orders. So the log can be
replayed, verified, forked and gone on with, without the program. Where a program gives no usable
answer its actor's rules decide, and the log says why.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from wargame.backends.simulate import play_runs
from wargame.backends.turn import Decider, Situation, begin
from wargame.batches.playing import columns_of
from wargame.batches.stood_in import StoodIn, column
from wargame.batches.store.folder import run_log
from wargame.boundary.files import make_folder
from wargame.boundary.programs import Named, named
from wargame.compiler.cached import compiled
from wargame.content.spec import Text
from wargame.engine.randomness import Luck
from wargame.engine.record import Outcomes, join
from wargame.engine.scenario import Scenario
from wargame.errors import OrderError, WargameError
from wargame.replay.log_file import Log
from wargame.replay.orders import Desk, Giver, Order, check_actor, open_desk
from wargame.replay.playthrough import Playthrough
from wargame.replay.replay import Look, Plan, Replay, StrPath, header_for, record
from wargame.replay.turn_log import LeftOut
from wargame.seats import actor_view, requests
from wargame.seats.errors import Refused
from wargame.seats.programs import PATIENCE, Letter, Program, Silence, letter, reach
from wargame.show.text.language import read

BY: Giver = "program"
"""Who gave the orders, as the log has it."""


@dataclass(frozen=True)
class Programs:
    """The programs that a batch's seats are given to, as workers find whoever asks them."""

    named: Mapping[str, Named]
    play: str = field(default=f"{__name__}:play", init=False)
    prepare: str = field(default=f"{__name__}:prepare", init=False)

    @classmethod
    def of(cls, seats: Mapping[str, str]) -> Programs:
        """{actor: address or command}, from a script's own call. Raises WargameError."""
        return cls({actor: named(where) for actor, where in seats.items()})

    def rehearse(self, scenario: Scenario) -> None:
        """Raises WargameError for a program that gives no answer: see `Seated.rehearse`."""
        with Seated(scenario, self.named) as seated:
            seated.rehearse()


class Seated:
    """A scenario with programs in some of its seats; leave it with `with`, which ends them.

    seats: {actor: a program, as `boundary.programs.named` or an object that can be asked}.
    patience: seconds for each answer. Raises OrderError for an actor who takes no part.
    """

    def __init__(
        self,
        scenario: Scenario,
        seats: Mapping[str, Named | Program],
        patience: float = PATIENCE,
        lang: str = "en",
    ) -> None:
        for actor in seats:
            check_actor(scenario, actor)
        self.scenario = scenario
        self.patience = patience
        self.lang = lang
        self._programs = {
            actor: reach(seat) if isinstance(seat, Named) else seat for actor, seat in seats.items()
        }

    def __enter__(self) -> Seated:
        return self

    def __exit__(self, *why: object) -> None:
        self.close()

    def close(self) -> None:
        """End the programs that were started."""
        for program in self._programs.values():
            program.close()

    def rehearse(self) -> None:
        """Ask every program once for the orders of turn 1, which count for nothing.

        Raises WargameError, in its own words, for one that gives no answer: it is better told
        before the first run than found in every log.
        """
        desk = open_desk(self.scenario, begin(self.scenario, Luck(0, [0])), Luck(0, [0]))
        for actor, program in self._programs.items():
            try:
                program.ask({**self._letter(desk, actor, 0), "rehearsal": True}, self.patience)
            except Silence as silence:
                raise WargameError(
                    f"the program for {actor} cannot take its seat: {silence}"
                ) from None

    def record(self, path: StrPath | None = None, seed: int | None = None, run: int = 0) -> Replay:
        """Play one run, and write its log to `path`, a new file. Raises StoreError."""
        header = header_for(self.scenario, seed, run, seats=dict.fromkeys(self._programs, BY))

        def script(turn: int, look: Look) -> Plan:
            desk = look(())
            orders: dict[str, tuple[Order, ...]] = {}
            left_out = []
            for actor, program in self._programs.items():
                try:
                    orders[actor] = self._ordered(desk, actor, program, run)
                except (Silence, OrderError, Refused) as error:
                    nothing = Order(by=BY)
                    left_out.append(LeftOut(actor=actor, order=nothing, why=str(error)[:500]))
            return Plan(orders, left_out=left_out)

        return record(self.scenario, header, script, path)

    def outcome(self, replay: Replay) -> Outcomes:
        """What a batch keeps of a run that was recorded."""
        run = replay.playthrough
        given = {actor: _as_recorded(run, actor) for actor in self._programs}
        return play_runs(self.scenario, [run.run], run.seed, deciders=given)

    def stood_in(self, replay: Replay) -> tuple[StoodIn, ...]:
        """How often rules stood in for each program in a run that was recorded."""
        turns = len(replay.turns)
        missed = [left.actor for event in replay.turns for left in event.left_out]
        return tuple(
            StoodIn(
                policy="",
                actor=actor,
                turns=turns,
                by_rules=missed.count(actor),
                runs=1,
                affected=int(actor in missed),
                first=replay.header.run if actor in missed else None,
            )
            for actor in self._programs
        )

    def _ordered(self, desk: Desk, actor: str, program: Program, run: int) -> tuple[Order, ...]:
        """A program's orders for a turn. Raises Silence, OrderError or Refused."""
        said = program.ask(self._letter(desk, actor, run), self.patience)
        lines: Sequence[requests.OrderLine] = requests.read(
            requests.COMMANDS["submit"], said
        ).orders
        if any(not line.move for line in lines):
            raise Silence("nobody translates free text here: each order names a move")
        orders = desk.do(actor, [str(line.move) for line in lines], BY)
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
                "heading": "",
                "horizon": scenario.horizon,
                "orders": file.turn.orders,
                "run": run,
                "brief": actor_view.brief(scenario, actor, lang),
                "know": actor_view.known(scenario, situation, actor, lang),
                "ladders": [
                    {
                        "dyad": dyad,
                        "stage": int(situation.cells[scenario.rows[f"stage({dyad})"], 0]),
                        "past": [],
                    }
                    for dyad in scenario.header.dyads
                ],
                "moves": actor_view.moves(scenario, desk.places[actor], lang),
                **{name: [] for name in ("news", "history", "own", "messages")},
            }
        )


def _as_recorded(run: Playthrough, actor: str) -> Decider:
    return lambda situation: run.records[situation.turn - 1].orders[actor]


# ------------------------------------------------------------------------------ in a batch


def prepare(task: Mapping[str, Any]) -> Seated:
    """A variant's scenario with its seats; each worker starts the programs for itself."""
    return Seated(compiled(task["inputs"]), task["programs"])


def play(task: Mapping[str, Any]) -> Mapping[str, np.ndarray[Any, Any]]:
    """Play the runs of one chunk, each with a log of its own; the columns of a batch."""
    seated: Seated = task["prepared"]
    found, missed = [], []
    for run in range(task["start"], task["stop"]):
        path = run_log(Path(task["folder"]), task["variant"], run)
        make_folder(path.parent)
        path.unlink(missing_ok=True)  # of a worker that was killed before the batch had this run
        replay = seated.record(path, task["seed"], run)
        found.append(seated.outcome(replay))
        missed.append([seat.by_rules for seat in seated.stood_in(replay)])
    stood_in = np.array(missed, dtype=np.uint16).T
    return {
        **columns_of(join(found), seated.scenario.header),
        **{column(actor): row for actor, row in zip(task["programs"], stood_in, strict=True)},
    }


def first_reason(log: Log, actor: str) -> str:
    """In which turn rules first stood in for an actor's program, and why; "" if they never did."""
    for event in log.events:
        for left in event.data.get("left_out", ()):
            if left["actor"] == actor:
                return f"turn {event.data['turn']}: {left['why']}"
    return ""
