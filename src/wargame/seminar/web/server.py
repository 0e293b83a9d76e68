"""uvicorn, made fit for a room full of strangers: caps, deadlines, a short goodbye."""

from __future__ import annotations

import asyncio
import resource
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import h11
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.wsproto_impl import WSProtocol

from wargame.errors import WargameError
from wargame.seminar.web.security import BODY_LIMIT, READ_SECONDS

HEADER_LIMIT = 16 * 1024
"""Bytes of one request's headers."""

CONNECTIONS, BY_ADDRESS = 1500, 400
"""Open connections of all kinds, of everybody and of one address; the next one is dropped without
a word. A whole class may stand behind the one address of its router."""

PING_SECONDS = 20.0
"""A WebSocket is asked for a sign of life so often, and dropped if it gives none as long again."""

SWITCH_SECONDS = 0.0005

GOODBYE_SECONDS = 3
"""How long a stalled client can hold up a shutdown."""


class Unread(asyncio.Protocol):
    """A connection whose other side must take what it is sent: who does not read is dropped."""

    transport: asyncio.Transport
    loop: asyncio.AbstractEventLoop
    _stuck: asyncio.TimerHandle | None = None

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stuck = self.loop.call_later(READ_SECONDS, self._give_up)

    def resume_writing(self) -> None:
        self._unstuck()
        super().resume_writing()

    def _give_up(self) -> None:
        self.transport.abort()

    def _unstuck(self) -> None:
        if self._stuck is not None:
            self._stuck.cancel()
            self._stuck = None


class Socket(Unread, WSProtocol):
    """A WebSocket of ours; it takes the place of the connection that asked for it."""

    def connection_lost(self, exc: Exception | None) -> None:
        self._unstuck()
        super().connection_lost(exc)


class HurriedProtocol(Unread, H11Protocol):
    """HTTP whose headers must arrive in time, which uvicorn by itself does not ask for."""

    _due: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        clients = (getattr(other, "client", None) for other in self.connections)
        near = sum(client[0] == self.client[0] for client in clients if client and self.client)
        if len(self.connections) > CONNECTIONS or near > BY_ADDRESS:
            transport.abort()
            return
        self._due = self.loop.call_later(READ_SECONDS, self._too_late)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        # For a head; or for what nobody reads of a body whose request has been answered.
        waiting = self.conn.their_state is h11.IDLE or self.conn.our_state is h11.DONE
        if self._due is not None and not waiting:
            self._due.cancel()
            self._due = None
        elif self._due is None and waiting:
            # Half a request on a connection that has served one already.
            self._due = self.loop.call_later(READ_SECONDS, self._too_late)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._due is not None:
            self._due.cancel()
        self._unstuck()
        super().connection_lost(exc)

    def timeout_keep_alive_handler(self) -> None:
        super().timeout_keep_alive_handler()
        # Closing waits for the other side to read what is left, which it may never do.
        self.loop.call_later(READ_SECONDS, self.transport.abort)

    def _too_late(self) -> None:
        self.transport.close()


def listen(host: str, port: int) -> socket.socket:
    """A socket that already waits for connections, so that a printed address always answers.

    Raises WargameError when the address cannot be had. Port 0 takes any free port.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise WargameError(f"cannot listen on {host}:{port}: {error.strerror}") from error
    listening.listen(1024)
    return listening


def serve(
    app: ASGIApp,
    listening: socket.socket,
    *,
    certificate: tuple[Path, Path] | None = None,
    ready: Callable[[], None] = lambda: None,
) -> None:
    """Serve until Ctrl-C or SIGTERM; one process, one event loop.

    certificate: files of a certificate and of its key, for https.
    """
    _many_files()
    # The thread that answers gets its turn soon while others draw: a hand-in does not wait for
    # them, and nobody's answer tells how busy they are.
    sys.setswitchinterval(SWITCH_SECONDS)
    ready()
    server(app, certificate).run(sockets=[listening])


def server(app: ASGIApp, certificate: tuple[Path, Path] | None = None) -> uvicorn.Server:
    """uvicorn with our limits."""
    files = certificate or (None, None)
    config = uvicorn.Config(
        app,
        http=HurriedProtocol,
        ws=Socket,
        ws_ping_interval=PING_SECONDS,
        ws_ping_timeout=PING_SECONDS,
        ws_max_size=BODY_LIMIT,
        # A quarter of a megabyte unpacks to 250, for whoever opens a socket.
        ws_per_message_deflate=False,
        h11_max_incomplete_event_size=HEADER_LIMIT,
        timeout_graceful_shutdown=GOODBYE_SECONDS,
        timeout_keep_alive=20,
        # A code or a token must not end up in a log of addresses.
        access_log=False,
        log_level="error",
        proxy_headers=False,
        server_header=False,
        date_header=False,
        ssl_certfile=files[0],
        ssl_keyfile=files[1],
    )
    return uvicorn.Server(config)


def _many_files() -> None:
    """Ask the system for as many open sockets as we mean to allow."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = CONNECTIONS + 200
    if soft < wanted:
        most = wanted if hard == resource.RLIM_INFINITY else min(hard, wanted)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
