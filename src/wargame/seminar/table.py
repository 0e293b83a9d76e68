"""One live game: commands in, events on the disk, a state that is their fold.

A command is checked, becomes an event, is written and fsynced, and only then acknowledged. The
table knows no network; `view` is the one way by which anything of it reaches anybody.
"""

from __future__ import annotations

import datetime
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

from wargame.backends.turn import begin
from wargame.boundary.programs import Named
from wargame.compiler.cached import opened
from wargame.engine.randomness import Luck
from wargame.engine.scenario import Scenario
from wargame.errors import OrderError, ReplayError
from wargame.replay.log_file import Event, Log, LogWriter, canonical
from wargame.replay.orders import check_actor
from wargame.replay.replay import Replay, StrPath, header_for, replay_log
from wargame.replay.turn_log import TURN, UNDO, Parent
from wargame.seats import requests, seating
from wargame.seats.board import Board, Position
from wargame.seats.errors import Refused
from wargame.seats.programs import Caller, letter
from wargame.seats.requests import OPEN_PHASES
from wargame.seats.seating import (
    AGENT,
    FACILITATOR,
    HUMAN,
    PROGRAM,
    PROJECTOR,
    RULES,
    Codes,
    random_code,
)
from wargame.seminar.clock import Ticks, Timer
from wargame.seminar.drafts import Drafts
from wargame.seminar.handlers import HANDLERS, Deed, Hand, odds
from wargame.seminar.sandbox import turning_points, what_if
from wargame.seminar.state import BESIDE, STEPS, Line, after, fold
from wargame.seminar.umpire import UNNAMED
from wargame.seminar.view import view

CLOCK = "clock"
"""Who locks orders when the time is over."""

SETS_CLOCK = STEPS | {"clock", "recovered"}
PAUSABLE = frozenset({"submit", "withdraw"})

COUNTED: Mapping[str, Callable[[Hand, Any], list[Deed]]] = {
    "odds": odds,
    "what_if": what_if,
    "turning_points": turning_points,
}
"""What is worked out beside the game, on a copy, while the game goes on."""


@dataclass(frozen=True)
class Ack:
    """A command that was done and is on disk.

    revision: of the role that asked, as its view has it; never the log's, which would tell a
    seat when others act. data: what was asked for, such as a new code.
    """

    revision: int
    data: Mapping[str, Any] = field(default_factory=dict)


@contextmanager
def _as_a_seminars(path: StrPath) -> Iterator[None]:
    """Tell that a log's events have not the shape of a seminar's: a stranger may have made it."""
    try:
        yield
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise ReplayError(
            f"{path}: its events are not a seminar's: {' '.join(repr(error).split())[:200]}"
        ) from error


class Table:
    """A game. Made by `create` or `open`; `command` and `view` are all that a server needs."""

    def __init__(
        self,
        writer: LogWriter,
        board: Board,
        events: tuple[Event, ...],
        ticks: Ticks,
        wall: Callable[[], str],
        ask: Caller | None,
        programs: Mapping[str, Named] | None = None,
        codes: Codes = random_code,
    ) -> None:
        for actor in programs or {}:
            check_actor(board.scenario, actor)
        self.path = writer.path
        self.torn = writer.found.torn
        """What was set aside of a line that a killed process had not finished; None if nothing."""
        self.board = board
        self.events = events
        self.state = fold(events)
        self.codes: dict[str, str] = {}
        """Codes in plain, by role: the log has their hashes alone."""
        self._make_code = codes
        self.programs: Mapping[str, Named] = dict(programs or {})
        """The program (address or command) that may hold a seat, by actor. They were named when
        this process was started; no log, draft or request adds to them or shows them."""
        self.present: dict[str, int] = {}
        """How many connections each role has now; the server says so, nothing depends on it."""
        self.drafts = Drafts(writer.path)
        self._writer = writer
        self._timer = Timer(ticks)
        self._timer.set(self.state.clock)
        self._wall = wall
        self._lock = threading.RLock()
        self._answers: dict[tuple[str, str], tuple[str, Ack]] = {}
        self._remember(events)
        self._ask = ask or Caller()

    # -------------------------------------------------------------------------- making one

    @classmethod
    def create(
        cls,
        path: StrPath,
        spec: str | Scenario,
        seats: Mapping[str, str] | None = None,
        seed: int | None = None,
        start_from: tuple[Replay, int] | None = None,
        lang: str = "en",
        *,
        run: int = 0,
        minutes: int | None = None,
        late: str = "draft",
        programs: Mapping[str, Named] | None = None,
        codes: Codes = random_code,
        ticks: Ticks = time.monotonic,
        wall: Callable[[], str] | None = None,
        ask: Caller | None = None,
    ) -> Table:
        """Begin a game and its log at `path`.

        seats: {actor: 'human' or 'rules'}; rules where nothing is said. programs: {actor:
        program} of the seats that programs hold; the log only says that a program does.
        start_from: a replay and a turn of it, after which the game begins: the log begins with a
        copy of those turns. minutes: for orders, None without a deadline. late: what becomes of
        seats that hand nothing in: hold, rules or draft. codes: makes the codes of the seats.

        Raises StoreError if the file exists, OrderError for a seat that does not exist,
        ReplayError if the replay is view-only or has no such turn.
        """
        scenario = start_from[0].scenario if start_from else spec
        scenario = opened(scenario) if isinstance(scenario, str) else scenario
        held = dict.fromkeys(scenario.header.actors, RULES)
        for actor, holder in (seats or {}).items():
            check_actor(scenario, actor)
            if holder not in (HUMAN, RULES):
                raise OrderError(f"a seat is held by human or rules, not {holder!r}")
            held[actor] = holder
        held |= dict.fromkeys(programs or {}, AGENT)
        header = header_for(scenario, seed, run)
        board = Board(
            scenario, header, Position((begin(scenario, Luck(header.seed, [run])),), (), ())
        )
        if start_from is not None:
            board = _opened_at(*start_from)
        writer = LogWriter.create(path, board.header.to_data())
        for turn in board.position.events:
            writer.append(TURN, turn.to_data())
        events = tuple(
            Event(i, TURN, turn.to_data()) for i, turn in enumerate(board.position.events, 1)
        )
        table = cls(writer, board, events, ticks, wall or _now, ask, programs, codes)
        plain = {
            role: codes(role, 0)
            for role in (FACILITATOR, *(_role(a) for a, h in held.items() if h == HUMAN))
        }
        table._write(
            FACILITATOR,
            Deed(
                "seminar",
                {
                    "version": 1,
                    "seats": {
                        actor: {"holder": holder}
                        | ({"code": _hashed(plain[_role(actor)])} if holder == HUMAN else {})
                        for actor, holder in held.items()
                    },
                    "facilitator": _hashed(plain[FACILITATOR]),
                    "late": late,
                    "minutes": minutes,
                    "lang": lang,
                },
            ),
        )
        table.codes = plain
        return table

    @classmethod
    def open(
        cls,
        path: StrPath,
        *,
        programs: Mapping[str, Named] | None = None,
        codes: Codes = random_code,
        ticks: Ticks = time.monotonic,
        wall: Callable[[], str] | None = None,
        ask: Caller | None = None,
    ) -> Table:
        """Go on with a game after a stop or a crash: paused until the facilitator resumes.

        programs: as in `create`, named anew; rules play a program's seat for which none is named.
        codes: as in `create`; those that it can make again can be shown again.
        Raises ReplayError if the log is damaged, is no seminar's, or would be played otherwise by
        this engine; StoreError if another process has it open.
        """
        writer = LogWriter.open(path)
        try:
            found = writer.found
            replay = replay_log(found, str(path))
            if not replay.verdict.identical:
                raise ReplayError(f"{path} cannot be continued: {replay.verdict.words()}")
            if not any(event.kind == "seminar" for event in found.events):
                raise ReplayError(f"{path} is the log of a run; start a seminar from it")
            run = replay.playthrough
            board = Board(
                replay.scenario, replay.header, Position(run.worlds, run.records, replay.turns)
            )
            with _as_a_seminars(path):
                table = cls(writer, board, found.events, ticks, wall or _now, ask, programs, codes)
                table.codes = table._codes_again()
                table._look_at_all()
            if table.state.phase != "ended":
                table._write(CLOCK, Deed("recovered", {"left": _last_left(found)}))
        except BaseException:
            writer.close()
            raise
        return table

    def _look_at_all(self) -> None:
        """Draw what every role would see, so that what cannot be drawn is found before a game."""
        roles = (FACILITATOR, PROJECTOR, *map(_role, self.board.scenario.header.actors))
        for role in roles:
            view(self, role, self.state.lang)

    def close(self) -> None:
        """Let go of the log; nothing is lost."""
        with self._lock:
            self._ask.close()
            self._writer.close()

    # -------------------------------------------------------------------------- reading

    @property
    def revision(self) -> int:
        """The number of the last event on disk. For the server; no seat may see it."""
        return self._writer.seq

    @property
    def left(self) -> int | None:
        """Milliseconds left for orders; None without a deadline."""
        return self._timer.left

    @property
    def stopped(self) -> bool:
        """Whether the disk has failed: nothing more is acknowledged until the log is reopened."""
        return bool(self._writer.stopped)

    @property
    def lock(self) -> threading.RLock:
        """Held while the game changes; hold it to read a consistent picture."""
        return self._lock

    def revision_of(self, role: str) -> int:
        """What this role's revision is: a facilitator's last steering, a seat's own deeds."""
        if role == FACILITATOR:
            return self.state.helm
        return self.state.acts.get(role, 0)

    def role_for(self, code: str) -> str | None:
        """The role that a code opens, or None. Slow on purpose; limit how often it is asked."""
        state = self.state
        if seating.matches(code, state.facilitator):
            return FACILITATOR
        for actor, seat in state.seats.items():
            if seat.code and seating.matches(code, seat.code):
                return _role(actor)
        return None

    def _codes_again(self) -> dict[str, str]:
        """The codes in force that can be made again."""
        kept = {FACILITATOR: self.state.facilitator}
        kept |= {_role(actor): seat.code for actor, seat in self.state.seats.items() if seat.code}
        made = {role: self._make_code(role, self.generation(role)) for role in kept}
        return {role: code for role, code in made.items() if seating.matches(code, kept[role])}

    def generation(self, role: str) -> int:
        """How many codes a role has had: who joined with an older one has to join anew."""
        actor = seating.seat_of(role)
        return self.state.generation if actor is None else self.state.seats[actor].generation

    # -------------------------------------------------------------------------- commands

    def command(
        self,
        role: str,
        name: str,
        data: Mapping[str, Any] | None = None,
        turn: int | None = None,
        key: str | None = None,
        revision: int | None = None,
    ) -> Ack:
        """Do what a role asks, and answer when it is on disk.

        turn: the turn that a seat's orders are for. key: names the request; the same key again
        gives the same answer and no second event. revision: what a steering facilitator saw.

        Raises Refused, with nothing changed; StoreError if the disk fails, and then the table
        has to be opened anew.
        """
        data = {} if data is None else data
        asked = (role, name, data, turn, key, revision)
        with self._lock:
            self.tick()
            ready = self._ready(*asked)
            if isinstance(ready, Ack):
                return ready
            said, body = ready
            if name not in COUNTED:
                return self._done(role, name, HANDLERS[name](self._hand(role), said), key, body)
            hand = replace(self._hand(role), board=self.board.apart())
        # Hundreds of futures take seconds: nobody's orders wait for them.
        deeds = COUNTED[name](hand, said)
        with self._lock:
            ready = self._ready(*asked)
            if isinstance(ready, Ack):
                return ready
            if not self.board.position.goes_on_from(hand.board.position):
                raise Refused("behind")
            return self._done(role, name, deeds, key, body)

    def _ready(
        self,
        role: str,
        name: str,
        data: Mapping[str, Any],
        turn: int | None,
        key: str | None,
        revision: int | None,
    ) -> Ack | tuple[Any, str]:
        """What a command says and its digest, if it may be given now; its answer if it was."""
        command = requests.check(role, name)
        if not isinstance(data, Mapping):
            raise Refused("malformed", detail=requests.NO_OBJECT)
        body = _body(name, data, turn)
        if key is not None and (answered := self._answers.get((role, key))):
            if answered[0] != body:
                raise Refused("other-body")
            return answered[1]
        actor = seating.seat_of(role)
        if actor is not None and actor not in self.state.seats:
            raise Refused("missing", what="seat", name=actor)
        said = requests.read(command, data)
        if name in ("draft", "submit", "withdraw"):
            assert actor is not None
            self._check_turn(actor, name, said, turn)
        if self.state.phase not in command.phases:
            raise Refused("phase", phase=self.state.phase)
        if self.state.paused and name in PAUSABLE:
            raise Refused("paused")
        if command.steers and revision != self.state.helm:
            raise Refused("behind")
        return said, body

    def tick(self) -> None:
        """Lock the orders if the time is over; the server calls this about once a second."""
        with self._lock:
            if self.state.phase == "orders" and self._timer.out:
                for deed in HANDLERS["lock"](self._hand(CLOCK), requests.Nothing()):
                    self._write(CLOCK, deed)

    def agent_answers(self, actor: str, turn: int, said: Mapping[str, Any] | str) -> None:
        """What an outside program ordered, or why it did not; see `seats.programs.Caller`."""
        with self._lock:
            seat = self.state.seats[actor]
            waiting = self.state.phase == "orders" and self.state.turn == turn
            if not waiting or seat.holder != AGENT or actor in self.state.sheets:
                return
            rules = {"seat": actor, "turn": turn, "orders": [], "how": "rules"}
            if isinstance(said, str):
                deeds = [Deed("submit", {**rules, "why": said[:500]})]
            else:
                try:
                    orders = requests.read(requests.COMMANDS["submit"], said)
                    deeds = HANDLERS["submit"](self._hand(PROGRAM + actor), orders)
                except Refused as refused:
                    deeds = [Deed("submit", {**rules, "why": refused.message[:500]})]
            for deed in deeds:
                self._write(PROGRAM + actor, deed)

    def _check_turn(self, actor: str, name: str, said: Any, turn: int | None) -> None:
        """Refuse what was meant for another turn, and keep what was typed."""
        state = self.state
        if turn is None:
            detail = {"en": "turn: which turn is this for?", "ja": "turn：対象のターンが必要です"}
            raise Refused("malformed", detail=detail)
        if name == "withdraw":
            if turn != state.turn:
                raise Refused("stale", given=turn, turn=state.turn)
            return
        lines = [Line(**line.model_dump()) for line in said.orders]
        current = turn == state.turn
        says = current or any(vars(line) != vars(Line()) for line in lines)
        if says and turn >= self.drafts.of(actor).turn:  # an old tab pushes nothing newer out
            self.drafts.keep(actor, turn, lines, said.writer or "", said.base)
        if not current:
            raise Refused("stale", given=turn, turn=state.turn)

    def _done(self, role: str, name: str, deeds: Sequence[Deed], key: str | None, body: str) -> Ack:
        data: dict[str, Any] = {}
        for place, deed in enumerate(deeds):
            last = place == len(deeds) - 1
            self._write(role, deed, key if last else None, body)
            data = {**deed.answer, **deed.secret}
            if deed.kind == "code":
                self.codes[deed.data["role"]] = data["code"]
        ack = Ack(self.revision_of(role), data)
        if key is not None:
            self._answers[role, key] = (body, ack)
        if name in ("open_orders", "resume", "holder", "undo", "rewind", "inject_send"):
            self._ask_agents()
        return ack

    def _hand(self, role: str) -> Hand:
        return Hand(
            self.state,
            self.board,
            role,
            self.events,
            self._timer.left,
            self.drafts.for_turn(self.state.turn),
            self.programs.keys(),
            self._make_code,
        )

    def _write(self, role: str, deed: Deed, key: str | None = None, body: str = "") -> None:
        """Put one deed on the disk, then into the state."""
        meta: dict[str, Any] = {"by": role, "at": self._wall()}
        if self._timer.left is not None:
            meta["left"] = self._timer.left
        if key is not None:
            meta |= {"key": key, "body": body, "answer": dict(deed.answer)}
            meta["revision"] = self._revision_after(role, deed.kind)
        data = {**deed.data, "meta": meta}
        number = self._writer.append(deed.kind, data)
        event = Event(number, deed.kind, data)
        before = self.events
        self.events = (*before, event)
        if deed.kind == UNDO:
            undone = before[deed.data["undoes"] - 1]
            self.state = fold(self.events)
            if undone.kind == TURN:
                self.board.back_to(undone.data["turn"] - 1)
            if undone.kind in SETS_CLOCK:
                self._timer.set(self.state.clock)
        else:
            self.state = after(self.state, event)
            if deed.played is not None:
                self.board.go(deed.played)
            if deed.kind in SETS_CLOCK:
                self._timer.set(self.state.clock)

    def _revision_after(self, role: str, kind: str) -> int:
        """The role's revision, once it has written an event of this kind."""
        if role != FACILITATOR:
            return self.state.acts.get(role, 0) + 1
        return self.state.helm if kind in BESIDE else self._writer.seq + 1

    def _remember(self, events: tuple[Event, ...]) -> None:
        """Know again what was answered before a restart."""
        for event in events:
            meta = event.data.get("meta", {})
            if "key" in meta:
                role = meta["by"]
                ack = Ack(meta["revision"], meta["answer"])
                self._answers[role, meta["key"]] = (meta["body"], ack)

    def _ask_agents(self) -> None:
        """Ask the outside programs that have not ordered yet, without waiting for them."""
        state = self.state
        if state.phase != "orders" or state.paused:
            return
        for actor, seat in state.seats.items():
            if seat.holder != AGENT or actor in state.sheets:
                continue
            if actor not in self.programs:
                self.agent_answers(actor, state.turn, UNNAMED)
            else:
                self._ask.ask(
                    self.programs[actor],
                    letter(view(self, _role(actor), state.lang)),
                    partial(self.agent_answers, actor, state.turn),
                )


def _opened_at(replay: Replay, turn: int) -> Board:
    """A run as far as the end of a turn, from which a game goes on."""
    if not replay.verdict.identical:
        raise ReplayError(f"{replay.name} cannot be continued: {replay.verdict.words()}")
    world = replay.world(turn)
    if not world.running.all():
        raise ReplayError(f"{replay.name} has ended by turn {turn}; begin at an earlier one")
    told = replay.header
    # A history says itself what nature did; from here on, nature plays.
    still = turn if told.still_until is None else min(told.still_until, turn)
    header = told.model_copy(
        update={
            "still_until": still if told.nature == "still" else None,
            "parent": Parent(log=Path(replay.name).name, turn=turn + 1, digest=world.digest()),
            "until": None,
            "history": None,
        }
    )
    run = replay.playthrough
    return Board(
        replay.scenario, header, Position(run.worlds, run.records, replay.turns).until(turn)
    )


def _body(name: str, data: Mapping[str, Any], turn: int | None) -> str:
    try:
        return sha256(canonical([name, dict(data), turn]).encode()).hexdigest()[:32]
    except (TypeError, ValueError, RecursionError):
        raise Refused("malformed", detail=requests.NO_OBJECT) from None


def _last_left(log: Log) -> int | None:
    """What the clock said when the last event was written."""
    state = fold(log.events)
    if state.phase not in OPEN_PHASES or state.clock.left is None:
        return state.clock.left
    left: int = log.events[-1].data.get("meta", {}).get("left", state.clock.left)
    return min(left, state.clock.left)


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


_role, _hashed = seating.role_of, seating.hashed
