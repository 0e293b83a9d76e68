"""Who may speak to the server at all, and how much: hosts, origins, sizes, deadlines, tokens.

A classroom network is not trusted. What is defended here, and why so:

- *DNS rebinding*: a request names a host that we know, or is refused.
- *Cross-site requests*: whatever changes something, and every WebSocket, names an origin that is
  ours. Besides, there is no cookie at all: on plain http a cookie is sent to, and overwritten
  from, every port of its host. A tab holds its own token and sends it in a header.
- *Floods*: bodies, reading times and guesses have limits.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
from collections import deque
from collections.abc import Callable, Collection
from dataclasses import dataclass

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from wargame.seminar.seats import ALPHABET, LENGTH

BODY_LIMIT = 64 * 1024
"""Bytes of one request's body or of one WebSocket message."""

READ_SECONDS = 10.0
"""How long a client may take to send what it has begun to send."""

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


# ------------------------------------------------------------------------------ guesses


class Guesses:
    """Limits wrong codes: so many a minute from one address, so many from everybody together.

    clock: seconds from any starting point, never going back.
    """

    def __init__(self, clock: Callable[[], float], *, each: int = 10, together: int = 100) -> None:
        self._clock = clock
        self._each = each
        self._together = together
        self._wrong: deque[tuple[float, str]] = deque()

    def allowed(self, address: str) -> bool:
        """May this address try a code now?"""
        now = self._clock()
        while self._wrong and self._wrong[0][0] <= now - 60:
            self._wrong.popleft()
        from_here = sum(1 for _, other in self._wrong if other == address)
        return from_here < self._each and len(self._wrong) < self._together

    def wrong(self, address: str) -> None:
        """Count a code that opens nothing."""
        self._wrong.append((self._clock(), address))

    def forgive(self, address: str) -> None:
        """That last one was right after all."""
        for place in reversed(range(len(self._wrong))):
            if self._wrong[place][1] == address:
                del self._wrong[place]
                return


# ------------------------------------------------------------------------------ the gate


class _Refused(HTTPException):
    """Also understood by the application, when it reads a body that is too large or too slow."""


class Gate:
    """ASGI middleware: nothing reaches a page that did not pass here.

    origins: the addresses at which people reach us, such as ``http://192.168.1.5:8022``.
    """

    def __init__(
        self, app: ASGIApp, origins: Collection[str], read_seconds: float = READ_SECONDS
    ) -> None:
        self.app = app
        self._origins = frozenset(origins)
        self._hosts = frozenset(origin.partition("://")[2] for origin in origins)
        self._read_seconds = read_seconds

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
        # Exactly one: two would let a proxy and us believe different things.
        hosts = headers.getlist("host")
        if len(hosts) != 1 or hosts[0].lower() not in self._hosts:
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
        return origin == f"{scheme}://{host}" and origin in self._origins

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
