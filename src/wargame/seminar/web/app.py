"""The routes: a door, a page for each role, its part, its commands, and a nudge.

A page is an empty frame that anybody may have; what it shows is its *part*, which is given only
to a pass of a role that may see it (`MAY_SEE`, and nothing that is not in it). Every command goes
to the table, which alone knows who may do what.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp
from starlette.websockets import WebSocket, WebSocketDisconnect

from wargame.boundary.foreign import Malformed, dumps, value
from wargame.boundary.keys import kept_key
from wargame.errors import StoreError, WargameError
from wargame.seats import seating
from wargame.seats.errors import Refused
from wargame.seats.requests import COMMANDS
from wargame.seminar.aar import as_html
from wargame.seminar.debrief import as_csv
from wargame.seminar.table import COUNTED, Ack, Table
from wargame.seminar.view import REVEALED
from wargame.seminar.web.assets import assets
from wargame.seminar.web.hub import Full, Hub, Listener
from wargame.seminar.web.pages import Pages, page_of
from wargame.seminar.web.scenes import Scenes
from wargame.seminar.web.security import (
    READ_SECONDS,
    Gate,
    Limit,
    Pass,
    Passes,
    derived_code,
)
from wargame.seminar.web.words import language, speaker

T = TypeVar("T")

WAITING, WAITING_BY_ADDRESS = 300, 60
"""WebSockets that have not shown a pass yet; each has `READ_SECONDS` to do so."""

GUESSES, JOINS = 10, 60
"""Codes a minute from one address: wrong ones, and all of them."""

DEEDS, AT_ONCE = 1200, 4
"""Commands a minute of one role, and of one pass at the same time."""

TICK_SECONDS = 0.5

BEAT = 0.1
"""Seats and projectors are shown their pages at the next of these beats, in seconds: what others
keep the server busy with shifts an answer by less than that, and so not at all."""

SETTLING = 0.3
"""Seconds for which comings and goings are gathered."""

AWAY = 4401
"""The close code that sends a page back to the door."""


_REPORTS = {
    "html": (as_html, "text/html; charset=utf-8"),
    "csv": (as_csv, "text/csv; charset=utf-8"),
}


def may_see(role: str, whose: str) -> bool:
    """May this role have the part of that role? What is not allowed here is refused."""
    if role == seating.FACILITATOR:
        return True
    return whose == role or (whose == seating.PROJECTOR and role.startswith(seating.SEAT))


@dataclass
class House:
    """Everything a request may need. `links`: how people on other machines reach us."""

    table: Table
    links: tuple[str, ...]
    key: bytes
    clock: Callable[[], float] = time.monotonic
    read_seconds: float = READ_SECONDS
    hub: Hub = field(default_factory=Hub)
    waiting: Counter[str] = field(default_factory=Counter)
    busy: Counter[str] = field(default_factory=Counter)
    _settling: bool = False

    def __post_init__(self) -> None:
        self.passes = Passes(self.key)
        self.guesses = Limit(self.clock, GUESSES, together=10 * GUESSES)
        self.joins = Limit(self.clock, JOINS)
        self.deeds = Limit(self.clock, DEEDS)
        self.pages = Pages(self.table, self.links)
        self.scenes = Scenes(self.table)
        self.labels: dict[str, str] = {}
        self.acted: Counter[str] = Counter()
        self.drawn: Counter[str] = Counter()
        self.stirred = asyncio.Event()
        # Each kind of work has threads of its own: guessing holds up no hand-in, and neither does
        # drawing or counting.
        self.guessing = ThreadPoolExecutor(1, "guess")
        self.drawing = ThreadPoolExecutor(1, "draw")
        self.doing = ThreadPoolExecutor(8, "do")
        self.counting = ThreadPoolExecutor(2, "count")

    def close(self) -> None:
        """Let go of the threads; what they have begun they end."""
        for pool in (self.guessing, self.drawing, self.doing, self.counting):
            pool.shutdown(wait=False, cancel_futures=True)

    # ---------------------------------------------------------------------- who is asking

    def bearer(self, token: str) -> Pass:
        """The pass in a token, if it still counts. Raises HTTPException 401."""
        found = self.passes.read(token)
        if found is None or found.grant != self._grant(found.role):
            raise HTTPException(401, "no pass")
        return found

    def asking(self, request: Request) -> Pass:
        """Who makes this request. Raises HTTPException 401."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            raise HTTPException(401, "no pass")
        return self.bearer(token.strip())

    def _grant(self, role: str) -> str:
        try:
            return str(self.table.generation(role))
        except KeyError:
            return ""

    def enter(self, code: str) -> tuple[str, str] | None:
        """(role, token) for a code, or None. Slow: to be called in a thread."""
        role = self.table.role_for(code)
        for other in (seating.PROJECTOR, seating.FACILITATOR):
            if role is None and seating.same(code, self.derived(other)):
                role = other
        return None if role is None else (role, self.passes.issue(role, self._grant(role)))

    def derived(self, role: str) -> str:
        """The code of a role that follows from the key."""
        return derived_code(self.key, role, self._grant(role))

    # ---------------------------------------------------------------------- what has changed

    def stir(self, by: str = "") -> None:
        """Something may have changed: whoever sees it will be told. by: the role that did it."""
        self.scenes.stir()
        if by:
            self.acted[by] = self.scenes.epoch
        self.stirred.set()

    async def follow(self) -> None:
        """After every stir, catch up."""
        while True:
            await self.stirred.wait()
            await self.catch_up()

    async def catch_up(self) -> None:
        """Draw anew what is looked at, and wake the pages of those whose sight has changed.

        Until that is done everybody is given the old page at once: a page that is slow to come
        when others have handed in would tell that they have.
        """
        self.stirred.clear()
        for role in sorted(self.hub.watched | self.pages.asked):
            await self.look(role)

    async def look(self, role: str) -> None:
        """Draw what a role sees now; its pages are woken if that is new. Raises KeyError."""
        epoch = self.scenes.epoch
        label = await _in(self.drawing, self._draw, role)
        self.drawn[role] = max(epoch, self.drawn[role])
        if self.labels.get(role) != label:
            self.labels[role] = label
            self.hub.wake(role)

    def _draw(self, role: str) -> str:
        """Draw a role's part as often as it has been asked for; the label of what it sees."""
        label = self.scenes.scene(role, "en").label
        for lang, live in self.pages.variants(role):
            self._part(role, lang, live)
        return label

    def _part(self, role: str, lang: str, live: bool) -> None:
        scene = self.scenes.scene(role, lang)
        self.pages.part(role, lang, scene, self.derived(seating.PROJECTOR), live=live)

    async def tick(self) -> None:
        """Let the table see the time go by, and notice what it did by itself."""
        seen = (self.table.revision, self.table.stopped)
        while True:
            await asyncio.sleep(TICK_SECONDS)
            with contextlib.suppress(StoreError):  # that the disk has failed stands on every page
                await run_in_threadpool(self.table.tick)
            now = (self.table.revision, self.table.stopped)
            if now != seen:
                seen = now
                self.stir()

    # ---------------------------------------------------------------------- routes

    async def door(self, request: Request) -> Response:
        """The page that asks for a code. Opening it joins nothing."""
        lang = _lang(request)
        return HTMLResponse(self.pages.door(lang, again="again" in request.query_params))

    async def join(self, request: Request) -> Response:
        """Change a code into a pass."""
        say = speaker(_lang(request))
        address = request.client.host if request.client else ""
        # Counted before anything is waited for, so that many at once are counted as many.
        if not (self.joins.take(address) and self.guesses.take(address)):
            message = say("Too many wrong codes. Wait a minute and try again.")
            return JSONResponse({"message": message}, 429)
        code = (await _json(request)).get("code")
        found = None
        if isinstance(code, str) and seating.is_code(code):
            found = await _in(self.guessing, self.enter, code)
        if found is None:
            return JSONResponse({"message": say("This code opens nothing.")}, 403)
        self.guesses.give_back(address)
        role, token = found
        if role.startswith(seating.SEAT):
            with contextlib.suppress(Refused):
                await _in(self.doing, self.table.command, role, "join")
            self.stir(role)
        return JSONResponse({"pass": token, "role": role, "page": page_of(role)})

    async def frame(self, request: Request, role: str) -> Response:
        """The empty page of a role."""
        return HTMLResponse(self.pages.frame(role, _lang(request), role))

    async def seat_frame(self, request: Request) -> Response:
        """The empty page of a seat, whether or not there is such a seat."""
        return await self.frame(request, seating.role_of(request.path_params["actor"]))

    async def view_as(self, request: Request) -> Response:
        """The empty page of the facilitator, around what another role sees."""
        whose = request.path_params["whose"]
        return HTMLResponse(self.pages.frame(seating.FACILITATOR, _lang(request), whose))

    async def part(self, request: Request) -> Response:
        """What a role sees now."""
        asking = self.asking(request)
        whose = request.path_params["whose"]
        if not may_see(asking.role, whose):
            raise HTTPException(403, "not yours")
        lang = _lang(request)
        live = whose == asking.role
        shown = self.pages.drawn(whose, lang, live=live)
        if shown is None or self.acted[whose] > self.drawn[whose]:
            # Only what a role itself has done is waited for before its page is shown.
            try:
                await _in(self.drawing, self._part, whose, lang, live)
                await self.look(whose)
            except KeyError:
                raise HTTPException(404, "no such role") from None
            shown = self.pages.drawn(whose, lang, live=live)
            assert shown is not None
        label, page = shown
        if asking.role != seating.FACILITATOR:
            await asyncio.sleep(BEAT - asyncio.get_running_loop().time() % BEAT)
        headers = {"x-revision": label}
        if (left := self.table.left) is not None:
            headers["x-left"] = str(left)
            headers["x-running"] = "1" if self.table.state.clock.running else ""
        return HTMLResponse(page, headers=headers)

    async def report(self, request: Request) -> Response:
        """The after-action report, as a page or as a table, once all lenses are open."""
        asking = self.asking(request)
        lang = _lang(request)
        if self.table.state.phase not in REVEALED:
            raise HTTPException(409, speaker(lang)("The report is opened in the debrief."))
        write, kind = _REPORTS[request.path_params["kind"]]
        with self._turn_of(asking):
            text = await _in(self.counting, write, self.table, lang)
        return Response(text.encode(), media_type=kind)

    async def do(self, request: Request) -> Response:
        """One command. Answers HTML for a page, JSON for a program."""
        asking = self.asking(request)
        lang = _lang(request)
        name = request.path_params["name"]
        plain = "application/json" in request.headers.get("accept", "")
        try:
            body = await _json(request)
            with self._turn_of(asking):
                pool = self.counting if name in COUNTED else self.doing
                ack = await _in(pool, self._command, asking.role, name, body)
        except Refused as refused:
            message = refused.words(lang)
            if plain:
                answer = {"error": refused.key, "message": message}
                return JSONResponse(answer, refused.status)
            return HTMLResponse(self.pages.refusal(message), refused.status)
        if name == "code":
            self.hub.shut(ack.data["role"])
            if ack.data["role"] == seating.FACILITATOR:
                self.hub.shut(seating.PROJECTOR)
        self.stir(asking.role)
        if plain:
            return JSONResponse({"revision": ack.revision, "data": dict(ack.data)})
        # Who has just steered has seen what they did, though their page does not show it yet.
        headers = {"x-helm": str(ack.revision)} if COMMANDS[name].steers else None
        return HTMLResponse(self.pages.done(name, ack, lang), headers=headers)

    async def choose(self, request: Request) -> Response:
        """Which of our addresses stands in links and QR codes: the facilitator's choice."""
        asking = self.asking(request)
        if asking.role != seating.FACILITATOR:
            raise HTTPException(403, "not yours")
        data = (await _json(request)).get("data")
        link = data.get("link") if isinstance(data, dict) else None
        if link not in self.links:
            raise HTTPException(400, "not one of our addresses")
        self.pages.link = self.scenes.link = str(link)
        self.stir(asking.role)
        return HTMLResponse("")

    @contextlib.contextmanager
    def _turn_of(self, asking: Pass) -> Iterator[None]:
        """One command of a pass. Raises HTTPException 429 if it gives too many."""
        if self.busy[asking.device] >= AT_ONCE or not self.deeds.take(asking.role):
            raise HTTPException(429, "Too much at once. Wait a moment and try again.")
        self.busy[asking.device] += 1
        try:
            yield
        finally:
            self.busy[asking.device] -= 1
            if not self.busy[asking.device]:
                del self.busy[asking.device]

    def _command(self, role: str, name: str, body: Mapping[str, Any]) -> Ack:
        unknown = body.keys() - {"data", "turn", "key", "revision"}
        turn, key, revision = (body.get(word) for word in ("turn", "key", "revision"))
        if unknown or not _whole(turn) or not _whole(revision):
            raise Refused("malformed", detail="data, turn, key, revision")
        if key is not None and not (isinstance(key, str) and 0 < len(key) <= 100):
            raise Refused("malformed", detail="key")
        return self.table.command(role, name, body.get("data", {}), turn, key, revision)

    async def asset(self, request: Request) -> Response:
        """A file of ours."""
        found = assets().get(request.path_params["name"])
        if found is None:
            raise HTTPException(404)
        headers = {"cache-control": "public, max-age=31536000, immutable"}
        return Response(found.body, headers=headers, media_type=found.type)

    # ---------------------------------------------------------------------- the nudge

    async def nudge(self, socket: WebSocket) -> None:
        """Say that there is something new, and never what."""
        address = socket.client.host if socket.client else ""
        full = self.waiting.total() >= WAITING or self.waiting[address] >= WAITING_BY_ADDRESS
        if full:
            await _close(socket, 1013)
            return
        self.waiting[address] += 1
        try:
            await socket.accept()
            async with asyncio.timeout(self.read_seconds):
                token, whose = _hello(await socket.receive_text())
            shown = self.bearer(token)
            whose = whose or shown.role
            if not may_see(shown.role, whose):
                raise HTTPException(403)
            if whose not in self.labels:
                await self.look(whose)
        except (TimeoutError, HTTPException, WebSocketDisconnect, KeyError):
            # KeyError: a binary frame, which has no text; or no such role.
            await _close(socket, AWAY)
            return
        finally:
            self.waiting[address] -= 1
            if not self.waiting[address]:
                del self.waiting[address]
        try:
            with self.hub.listening(shown.role, whose, shown.device) as listener:
                self._tell_presence()
                await self._serve(socket, listener)
        except Full:
            await _close(socket, 1013)
        else:
            self._tell_presence()

    async def _serve(self, socket: WebSocket, listener: Listener) -> None:
        """Nudge until either side goes."""
        gone = asyncio.create_task(_gone(socket))
        try:
            while not gone.done():
                listener.woken.clear()
                if listener.shut:
                    await _close(socket, AWAY)
                    return
                await socket.send_text(dumps({"revision": self.labels[listener.whose]}))
                woken = asyncio.create_task(listener.woken.wait())
                await asyncio.wait({gone, woken}, return_when=asyncio.FIRST_COMPLETED)
                woken.cancel()
        except (WebSocketDisconnect, RuntimeError):
            pass  # it went while we spoke
        finally:
            gone.cancel()

    def _tell_presence(self) -> None:
        """Who is here; comings and goings within a moment are told together."""
        if self._settling:
            return

        def settled() -> None:
            self._settling = False
            present = dict(self.hub.devices())
            if present != self.table.present:
                self.table.present = present
                self.stir()

        self._settling = True
        asyncio.get_running_loop().call_later(SETTLING, settled)


def codes_of(key_file: Path) -> seating.Codes:
    """Codes that follow from a game's key, so that they can be shown again after a restart."""
    return lambda role, generation: derived_code(kept_key(key_file), role, str(generation))


def console_code(table: Table, key_file: Path) -> str:
    """A code for the facilitator of a game that is gone on with; pages of before stay valid."""
    grant = str(table.generation(seating.FACILITATOR))
    return derived_code(kept_key(key_file), seating.FACILITATOR, grant)


def create_app(
    table: Table,
    links: Collection[str],
    key_file: Path,
    *,
    clock: Callable[[], float] = time.monotonic,
    read_seconds: float = READ_SECONDS,
) -> ASGIApp:
    """The application of one game.

    links: every address at which people may reach it, such as ``http://192.168.1.5:8022``; other
    names and origins are refused. The first is the one that QR codes show. key_file: where the
    key of the passes is kept, so that they outlive a restart.
    """
    house = House(table, tuple(links), kept_key(key_file), clock, read_seconds)

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(house.tick()), asyncio.create_task(house.follow())]
        yield
        for task in tasks:
            task.cancel()
        house.close()

    routes = [
        Route("/", house.door),
        Route("/join", house.door),
        Route("/join", house.join, methods=["POST"]),
        Route("/facilitator", partial(house.frame, role=seating.FACILITATOR)),
        Route("/projector", partial(house.frame, role=seating.PROJECTOR)),
        Route("/seat/{actor:str}", house.seat_frame),
        Route("/as/{whose:str}", house.view_as),
        Route("/part/{whose:str}", house.part),
        Route("/report.{kind:str}", house.report),
        Route("/do/{name:str}", house.do, methods=["POST"]),
        Route("/link", house.choose, methods=["POST"]),
        Route("/static/{name:path}", house.asset),
        WebSocketRoute("/nudge", house.nudge),
    ]
    inside = Starlette(
        routes=routes,
        exception_handlers={HTTPException: _plainly, WargameError: _told},
        lifespan=lifespan,
    )
    inside.state.house = house
    return Gate(inside, links, read_seconds, clock)


def _lang(request: Request) -> str:
    return language(request.query_params.get("lang"))


def _whole(value: object) -> bool:
    return value is None or (type(value) is int and -(2**53) < value < 2**53)


def _hello(text: str) -> tuple[str, str]:
    """The pass and the wanted role in a WebSocket's first message; "" for what is not there."""
    try:
        word = value(text)
    except Malformed:
        word = None
    found = word if isinstance(word, dict) else {}
    token, whose = found.get("pass"), found.get("whose")
    return token if isinstance(token, str) else "", whose if isinstance(whose, str) else ""


async def _json(request: Request) -> dict[str, Any]:
    """A body that is one JSON object, said to be one. Raises Refused (400)."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise HTTPException(415, "JSON only")
    try:
        word = value(await request.body())
    except Malformed:
        raise Refused("malformed", detail="JSON") from None
    except ClientDisconnect:
        raise HTTPException(400, "The request ended before it was whole.") from None
    if not isinstance(word, dict):
        raise Refused("malformed", detail="JSON")
    return word


async def _in(pool: Executor, work: Callable[..., T], *args: Any) -> T:
    """Do slow work in a thread of this pool."""
    return await asyncio.get_running_loop().run_in_executor(pool, work, *args)


async def _gone(socket: WebSocket) -> None:
    """Returns when the client goes, or says a second thing, which nobody has to."""
    await socket.receive()


async def _close(socket: WebSocket, code: int) -> None:
    """Close a socket, which the other side may have left already."""
    with contextlib.suppress(RuntimeError, WebSocketDisconnect):
        await socket.close(code)


async def _plainly(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return PlainTextResponse(f"{error.detail}\n", error.status_code)


async def _told(request: Request, error: Exception) -> Response:
    """A refusal; or a fault of the disk: nothing is acknowledged, and no path is told."""
    lang = _lang(request)
    if isinstance(error, Refused):
        return PlainTextResponse(f"{error.words(lang)}\n", error.status)
    say = speaker(lang)
    return PlainTextResponse(say("The disk takes nothing more. This was not recorded.") + "\n", 503)
