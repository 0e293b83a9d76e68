"""The replay page from a server: turns can be forked, and what may not be seen is not sent.

Thin: it hands out what `page_data` gives, and decides only how far a class has voted its way.
Every replay has its place ``/r/NAME/``; a fork is a new one. Meant for this machine or a
classroom; it keeps nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from threading import Lock
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from wargame.analysis.odds import Usual, usually
from wargame.boundary.foreign import Malformed, value
from wargame.errors import WargameError
from wargame.replay.fork import Fork, fork
from wargame.replay.replay import Replay
from wargame.show.replay_page.page import page
from wargame.show.replay_page.page_data import Data, fork_data, page_data, usual_data
from wargame.show.text.language import LANGUAGES
from wargame.show.text.narrate import Narrator
from wargame.show.text.odds_view import Outlook
from wargame.show.text.perspective import Lens, lenses

ANYWHERE = ("0.0.0.0", "::")
MOST_FORKS = 50
MOST_BYTES = 64 * 1024
FUTURES = 1000
"""So many futures of a fork, and as many of its original, say what usually follows."""


class Table:
    """One replay on the table. `released`: the last turn that may be seen; None is all.

    fork, parent: for a fork, where it comes from and under which name that lies here.
    """

    def __init__(
        self,
        replay: Replay,
        outlook: Outlook | None,
        released: int | None,
        fork: Fork | None = None,
        parent: str = "",
    ) -> None:
        self.replay = replay
        self.outlook = outlook
        self.released = released
        self.fork = fork
        self.parent = parent
        self.data = lru_cache(maxsize=None)(self._data)
        self.beside = lru_cache(maxsize=None)(self._beside)
        self._usual: Usual | None = None
        self._playing = Lock()

    def _data(self, who: str, lang: str) -> Data:
        return page_data(self.replay, Lens(who), lang, self.outlook)

    def _beside(self, lang: str) -> Data:
        return fork_data(self._forked(), lang)

    def usual(self, lang: str) -> Data:
        """What usually follows this fork; the futures are played when first asked for."""
        made = self._forked()
        with self._playing:
            if self._usual is None:
                self._usual = usually(made, FUTURES)
        return usual_data(self._usual, made, lang)

    def _forked(self) -> Fork:
        if self.fork is None:
            raise HTTPException(404, "this is no fork")
        if self.released is not None:
            raise HTTPException(403, "vote first")
        return self.fork

    @property
    def most(self) -> int | None:
        """The last turn; while a class predicts, nobody is told how many there are."""
        return self.replay.playthrough.turns if self.released is None else None

    def turn(self, turn: int, who: str, lang: str) -> Data:
        """A turn's data. Raises HTTPException for one that there is not, or not yet."""
        if not 0 <= turn <= self.replay.playthrough.turns:
            raise HTTPException(404, "there is no such turn")
        if self.released is not None and turn > self.released:
            raise HTTPException(403, "vote first")
        found: Data = self.data(who, lang)["turns"][turn]
        return found


def replay_app(
    replay: Replay,
    outlook: Outlook | None = None,
    lang: str = "en",
    predict: bool = False,
    host: str = "127.0.0.1",
) -> Starlette:
    """The application. predict: later turns are withheld until the class has voted."""
    tables = {"0": Table(replay, outlook, 0 if predict else None)}

    def table(request: Request) -> Table:
        found = tables.get(request.path_params["name"])
        if found is None:
            raise HTTPException(404, "there is no such replay")
        return found

    def looked_for(request: Request) -> tuple[Table, str, str]:
        at, who, tongue = table(request), request.path_params["who"], request.path_params["lang"]
        if tongue not in LANGUAGES or Lens(who) not in lenses(at.replay.scenario):
            raise HTTPException(404, "there is no such lens or language")
        return at, who, tongue

    async def start(request: Request) -> Response:
        return RedirectResponse("r/0/")

    async def show(request: Request) -> Response:
        at = table(request)
        data = {
            "mode": "server",
            "lang": lang,
            "predict": at.released is not None,
            "most": at.most,
            "parent": at.parent,
            "futures": FUTURES,
        }
        title = Narrator.of(at.replay, lang).name
        return HTMLResponse(
            page(data, title, connect="'self'"),
            headers={
                "Cache-Control": "no-store",
                "Content-Security-Policy": "frame-ancestors 'none'",
                "X-Content-Type-Options": "nosniff",
            },
        )

    async def head(request: Request) -> Response:
        at, who, tongue = looked_for(request)
        return JSONResponse((await run_in_threadpool(at.data, who, tongue))["head"])

    async def turn(request: Request) -> Response:
        at, who, tongue = looked_for(request)
        number = request.path_params["turn"]
        return JSONResponse(await run_in_threadpool(at.turn, number, who, tongue))

    async def beside(request: Request) -> Response:
        return await about_fork(request, table(request).beside)

    async def usual(request: Request) -> Response:
        return await about_fork(request, table(request).usual)

    async def about_fork(request: Request, ask: Callable[[str], Data]) -> Response:
        tongue = request.path_params["lang"]
        if tongue not in LANGUAGES:
            raise HTTPException(404, "there is no such language")
        return JSONResponse(await run_in_threadpool(ask, tongue))

    async def vote(request: Request) -> Response:
        at, body = table(request), await said(request)
        votes = body.get("votes")
        if not isinstance(votes, dict) or not votes:
            raise HTTPException(409, "vote first")
        if at.released is not None and body.get("turn") == at.released:
            at.released = min(at.released + 1, at.replay.playthrough.turns)
        return JSONResponse({"released": at.released})

    async def hide(request: Request) -> Response:
        at, body = table(request), await said(request)
        number = body.get("turn")
        if type(number) is not int or not 0 <= number <= at.replay.playthrough.turns:
            raise HTTPException(422, "turn is the number of a turn")
        at.released = number if body.get("predict") is True else None
        return JSONResponse({"released": at.released, "most": at.most})

    async def branch(request: Request) -> Response:
        at, body = table(request), await said(request)
        if at.released is not None:
            raise HTTPException(403, "while the class predicts, nothing is forked")
        if len(tables) > MOST_FORKS:
            raise HTTPException(409, f"there are {MOST_FORKS} forks already; start anew")
        number, actor, moves = (body.get(key) for key in ("turn", "actor", "moves"))
        named = isinstance(moves, list) and all(isinstance(move, str) for move in moves)
        if not (named and moves and type(number) is int and isinstance(actor, str)):
            raise HTTPException(422, "a fork needs a turn, an actor and its moves")
        try:
            made = await run_in_threadpool(fork, at.replay, number, {actor: moves})
        except WargameError as error:
            raise HTTPException(409, str(error)) from None
        name = str(len(tables))
        tables[name] = Table(made.replay, None, None, made, request.path_params["name"])
        return JSONResponse({"name": name})

    return Starlette(
        routes=[
            Route("/", start),
            Route("/r/{name}/", show),
            Route("/r/{name}/head/{who}/{lang}", head),
            Route("/r/{name}/turn/{turn:int}/{who}/{lang}", turn),
            Route("/r/{name}/beside/{lang}", beside),
            Route("/r/{name}/usual/{lang}", usual),
            Route("/r/{name}/vote", vote, methods=["POST"]),
            Route("/r/{name}/predict", hide, methods=["POST"]),
            Route("/r/{name}/fork", branch, methods=["POST"]),
        ],
        exception_handlers={HTTPException: _plainly},
        # A name that somebody else's server gives to this machine is not answered.
        middleware=[
            Middleware(
                TrustedHostMiddleware,
                allowed_hosts=["*"] if host in ANYWHERE else [host, "localhost", "127.0.0.1"],
            )
        ],
    )


async def said(request: Request) -> dict[str, Any]:
    """What a page of this server sent; other pages are turned away."""
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise HTTPException(403, "asked by another page")
    if request.headers.get("content-type", "").partition(";")[0] != "application/json":
        raise HTTPException(415, "only JSON is read here")
    text = b""
    async for part in request.stream():
        text += part
        if len(text) > MOST_BYTES:
            raise HTTPException(413, f"at most {MOST_BYTES:,} bytes are read")
    try:
        body = value(text)
    except Malformed:
        raise HTTPException(422, "this is no JSON") from None
    if not isinstance(body, dict):
        raise HTTPException(422, "an object is expected")
    return body


async def _plainly(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return Response(error.detail, error.status_code, media_type="text/plain")
