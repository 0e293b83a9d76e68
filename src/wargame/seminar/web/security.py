"""Who may speak to the server at all, and how much: hosts, origins, sizes, deadlines, tokens.

A classroom network is not trusted. What is defended here, and why so:

- *DNS rebinding*: a request names a host that we know, or the very address of ours that it came
  to, or is refused.
- *Cross-site requests*: whatever changes something, and every WebSocket, names an origin that is
  ours. Besides, there is no cookie at all: on plain http a cookie is sent to, and overwritten
  from, every port of its host. A tab holds its own token and sends it in a header.
- *Floods*: bodies, reading times, guesses, requests, commands and connections have limits, each
  for one address or one pass, so that one laptop takes nobody's room but its own.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
import time
from collections import Counter, deque
from collections.abc import Callable, Collection
from dataclasses import dataclass

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from wargame.seats.seating import ALPHABET, LENGTH

BODY_LIMIT = 64 * 1024
"""Bytes of one request's body or of one WebSocket message."""

READ_SECONDS = 10.0
"""How long a client may take to send what it has begun to send."""

REQUESTS = 6000
"""Requests a minute from one address: a whole class behind one router stays below."""

DEFAULT_PORTS = {80: "http", 443: "https"}
"""Ports that browsers leave out of an address."""

_SAFE = frozenset({"GET", "HEAD"})


# ------------------------------------------------------------------------------ tokens


@dataclass(frozen=True)
class Pass:
    """What a tab's token says: the role it plays, on which device, let in by which code."""

    role: str
    device: str
    grant: str
    """Names the code that opened the door; a new code for the role makes the pass worthless."""


class Passes:
    """Issues and reads tokens; they outlive a restart because the key does."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def issue(self, role: str, grant: str) -> str:
        """A fresh token: nobody can have known or planted it before the join."""
        body = f"{role}.{secrets.token_hex(4)}.{grant}"
        return f"{body}.{self._seal(body)}"

    def read(self, token: str) -> Pass | None:
        """The pass in a token, or None if it is not one of ours."""
        body, _, seal = token.rpartition(".")
        # Compared as bytes: a header may hold what ASCII cannot.
        if not hmac.compare_digest(seal.encode(), self._seal(body).encode()):
            return None
        role, device, grant = body.split(".")
        return Pass(role, device, grant)

    def _seal(self, body: str) -> str:
        return hmac.new(self._key, body.encode(), hashlib.sha256).hexdigest()


def derived_code(key: bytes, role: str, grant: str) -> str:
    """A code that follows from the key, so that nothing has to be stored to know it again.

    The projector has no other; the facilitator's lets somebody back in after a restart, when the
    log knows only the hash of the first one. A new code for the facilitator is a new `grant`,
    and ends these.
    """
    digest = hmac.new(key, f"{role} {grant}".encode(), hashlib.sha256).digest()
    letters = "".join(ALPHABET[byte % len(ALPHABET)] for byte in digest[:LENGTH])
    return f"{letters[:5]}-{letters[5:]}"


# ------------------------------------------------------------------------------ limits


class Limit:
    """So many things a minute from each, and perhaps so many from all together.

    clock: seconds from any starting point, never going back. Belongs to one event loop: between
    asking and counting nobody else comes in, so that four hundred at once are four hundred.
    """

    def __init__(self, clock: Callable[[], float], each: int, together: int | None = None) -> None:
        self._clock = clock
        self._each = each
        self._together = together
        self._taken: deque[tuple[float, str]] = deque()
        self._by: Counter[str] = Counter()

    def take(self, who: str) -> bool:
        """Count one more of `who`, if there is room for it; whether there was."""
        now = self._clock()
        while self._taken and self._taken[0][0] <= now - 60:
            self._drop(0)
        full = self._together is not None and len(self._taken) >= self._together
        if full or self._by[who] >= self._each:
            return False
        self._taken.append((now, who))
        self._by[who] += 1
        return True

    def give_back(self, who: str) -> None:
        """The last one that `who` took does not count."""
        for place in reversed(range(len(self._taken))):
            if self._taken[place][1] == who:
                self._drop(place)
                return

    def _drop(self, place: int) -> None:
        who = self._taken[place][1]
        del self._taken[place]
        self._by[who] -= 1
        if not self._by[who]:
            del self._by[who]


# ------------------------------------------------------------------------------ the gate


class _Refused(HTTPException):
    """Also understood by the application, when it reads a body that is too large or too slow."""


class Gate:
    """ASGI middleware: nothing reaches a page that did not pass here.

    origins: the addresses at which people reach us, such as ``http://192.168.1.5:8022``.
    """

    def __init__(
        self,
        app: ASGIApp,
        origins: Collection[str],
        read_seconds: float = READ_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.app = app
        self._hosts = frozenset(origin.partition("://")[2] for origin in origins)
        self._read_seconds = read_seconds
        self._asked = Limit(clock, REQUESTS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        try:
            self._check(scope, headers)
        except _Refused as refusal:
            await self._refuse(refusal, scope, receive, send)
            return
        if scope["type"] == "websocket":
            await self.app(scope, receive, send)
            return

        async def decorated(message: Message) -> None:
            if message["type"] == "http.response.start":
                secure(MutableHeaders(scope=message), headers["host"])
            await send(message)

        await self.app(scope, self._measured(receive), decorated)

    def _check(self, scope: Scope, headers: Headers) -> None:
        if not self._asked.take((scope.get("client") or ("",))[0]):
            raise _Refused(429, "Too much at once. Wait a minute.")
        # Exactly one: two would let a proxy and us believe different things.
        hosts = headers.getlist("host")
        known = self._hosts | _reached(scope)
        if len(hosts) != 1 or hosts[0].lower() not in known:
            raise _Refused(400, "This server is not known by that name.")
        origins = headers.getlist("origin")
        changes = scope["type"] == "websocket" or scope["method"] not in _SAFE
        if changes and not origins:
            raise _Refused(403, "The request does not say which page it comes from.")
        if any(not self._ours(scope, hosts[0].lower(), origin) for origin in origins):
            raise _Refused(403, "The request comes from a page of somebody else.")
        length = headers.get("content-length", "0")
        if not length.isdigit() or int(length) > BODY_LIMIT:
            raise _Refused(413, "Too much at once.")

    def _ours(self, scope: Scope, host: str, origin: str) -> bool:
        """The page's origin is this very address, not merely one of ours."""
        scheme = "https" if scope["scheme"] in ("https", "wss") else "http"
        return origin == f"{scheme}://{host}"

    def _measured(self, receive: Receive) -> Receive:
        seen = 0
        due = asyncio.get_running_loop().time() + self._read_seconds

        async def measured() -> Message:
            nonlocal seen
            if seen < 0:
                # The body is whole; what comes next is only the client's going away.
                return await receive()
            try:
                async with asyncio.timeout_at(due):
                    message = await receive()
            except TimeoutError:
                raise _Refused(408, "The request took too long to arrive.") from None
            seen += len(message.get("body", b""))
            if seen > BODY_LIMIT:
                raise _Refused(413, "Too much at once.")
            if not message.get("more_body", False):
                seen = -1
            return message

        return measured

    async def _refuse(self, refusal: _Refused, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            # Closing before accepting answers the handshake with 403.
            await send({"type": "websocket.close", "code": 1008})
            return
        response = PlainTextResponse(f"{refusal.detail}\n", refusal.status_code)
        secure(response.headers, "")
        # Whatever of the body is still under way is not worth waiting for.
        response.headers["connection"] = "close"
        await response(scope, receive, send)


def _reached(scope: Scope) -> frozenset[str]:
    """The address at which this very connection reached us, as a Host header has it.

    It is ours whatever network came up since the start, and no name that somebody rebinds.
    """
    address, port = scope.get("server") or ("", None)
    address = address.removeprefix("::ffff:")
    if port is None or not address:
        return frozenset()
    name = f"[{address}]" if ":" in address else address
    return frozenset({f"{name}:{port}", *([name] if port in DEFAULT_PORTS else [])})


def secure(headers: MutableHeaders, host: str) -> None:
    """Add what tells a browser to run nothing but our own files and to keep nothing.

    host: the validated Host; named for browsers whose ``'self'`` leaves WebSockets out.
    """
    sockets = f" ws://{host} wss://{host}" if host else ""
    headers["content-security-policy"] = (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        f"connect-src 'self'{sockets}; form-action 'none'; base-uri 'none'; "
        "frame-ancestors 'none'"
    )
    headers["x-content-type-options"] = "nosniff"
    headers["x-frame-options"] = "DENY"
    headers["referrer-policy"] = "no-referrer"
    headers["permissions-policy"] = "camera=(), geolocation=(), microphone=()"
    headers["cross-origin-resource-policy"] = "same-origin"
    headers.setdefault("cache-control", "no-store")
