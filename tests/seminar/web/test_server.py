"""The server on a real socket: what it does not wait for, does not take; its certificate."""

from __future__ import annotations

import contextlib
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from starlette.types import Receive, Scope, Send

import wargame.seminar.web.server as web_server
from wargame.errors import StoreError, WargameError
from wargame.seminar.table import Table
from wargame.seminar.web.certificate import fingerprint, kept, self_made
from wargame.seminar.web.security import BODY_LIMIT
from wargame.seminar.web.server import HEADER_LIMIT, listen, server

PATIENCE = 60  # seconds after which the test gives up; never reached in a good run
ASK = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"
LONG = 32 * 2**20  # bytes: more than all buffers between a server and who does not read
UPGRADE = (
    b"GET / HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n"
    b"sec-websocket-version: 13\r\nsec-websocket-key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n"
)


async def hello(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "lifespan":
        return
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        await receive()
        return
    body = b"x" * (LONG if scope["path"] == "/long" else 0)
    length = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": length})
    await send({"type": "http.response.body", "body": body})


Connect = Callable[..., socket.socket]


@contextmanager
def running() -> Iterator[Connect]:
    """A server with our limits and nothing behind them."""
    listening = listen("127.0.0.1", 0)
    serving = server(hello)
    thread = threading.Thread(target=serving.run, kwargs={"sockets": [listening]})
    thread.start()
    opened: list[socket.socket] = []

    def connect(source: str = "127.0.0.1") -> socket.socket:
        opened.append(socket.create_connection(listening.getsockname(), PATIENCE, (source, 0)))
        return opened[-1]

    try:
        yield connect
    finally:
        for each in opened:
            each.close()
        serving.should_exit = True
        thread.join(PATIENCE)


def answer(connection: socket.socket) -> bytes:
    """What comes until the end of a head without a body, or until the server hangs up."""
    found = b""
    while b"\r\n\r\n" not in found and (data := connection.recv(4096)):
        found += data
    return found


def test_half_a_head_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_server, "READ_SECONDS", 0.2)
    with running() as connect:
        silent, half, second = connect(), connect(), connect()
        half.sendall(ASK[:10])
        second.sendall(ASK)
        assert answer(second).startswith(b"HTTP/1.1 200")
        second.sendall(ASK[:10])
        for connection in (silent, half, second):
            assert answer(connection) == b""


def test_what_nobody_reads_of_a_body_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """The request has been answered; each further byte would begin the waiting anew."""
    monkeypatch.setattr(web_server, "READ_SECONDS", 0.1)
    with running() as connect:
        connection = connect()
        connection.sendall(b"GET / HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n")
        assert answer(connection).startswith(b"HTTP/1.1 200")
        connection.sendall(b"x")
        assert connection.recv(4096) == b""


def test_a_head_has_a_limit() -> None:
    with running() as connect:
        connection = connect()
        connection.sendall(ASK[:-2] + b"x: " + b"y" * (2 * HEADER_LIMIT))
        assert answer(connection).startswith(b"HTTP/1.1 400")


def test_connections_have_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_server, "CONNECTIONS", 2)
    with running() as connect:
        for _ in range(2):
            connection = connect()
            connection.sendall(ASK)
            assert answer(connection).startswith(b"HTTP/1.1 200")
        third = connect()
        with pytest.raises(ConnectionResetError):
            third.sendall(ASK)
            if answer(third) == b"":
                raise ConnectionResetError


def test_one_address_has_so_many_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_server, "BY_ADDRESS", 1)
    with running() as connect:
        first, second, elsewhere = connect(), connect(), connect("127.0.0.2")
        for connection in (first, elsewhere):
            connection.sendall(ASK)
            assert answer(connection).startswith(b"HTTP/1.1 200")
        with pytest.raises(ConnectionResetError):
            second.sendall(ASK)
            if answer(second) == b"":
                raise ConnectionResetError


def test_who_does_not_read_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_server, "READ_SECONDS", 0.2)
    dropped = threading.Event()
    abort = web_server.Unread._give_up

    def told(protocol: web_server.Unread) -> None:
        abort(protocol)
        dropped.set()

    monkeypatch.setattr(web_server.Unread, "_give_up", told)
    with running() as connect:
        connection = connect()
        connection.sendall(ASK.replace(b"/", b"/long", 1))
        assert dropped.wait(PATIENCE)
        with contextlib.suppress(ConnectionResetError):
            got = 0
            while data := connection.recv(2**20):
                got += len(data)
            assert got < LONG


def test_a_socket_that_gives_no_sign_of_life_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_server, "PING_SECONDS", 0.1)
    with running() as connect:
        connection = connect()
        connection.sendall(UPGRADE)
        assert answer(connection).startswith(b"HTTP/1.1 101")
        said = b""
        while data := connection.recv(4096):
            said += data
        assert said[0] == 0x89  # a ping, which it did not answer


def test_an_address_that_is_taken_is_told_in_one_line() -> None:
    with listen("127.0.0.1", 0) as taken, pytest.raises(WargameError, match="cannot listen on"):
        listen("127.0.0.1", taken.getsockname()[1])


def test_a_second_server_on_the_same_game_is_refused(table: Table) -> None:
    with pytest.raises(StoreError, match="being written by somebody else"):
        Table.open(table.path)


def test_a_certificate_made_here_is_one(tmp_path: Path) -> None:
    certificate, key = self_made(tmp_path, ["192.168.1.5", "localhost"])
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key)
    assert key.stat().st_mode & 0o077 == 0
    assert re.fullmatch(r"(?:[0-9A-F]{2}:){31}[0-9A-F]{2}", fingerprint(certificate))


def test_a_certificate_is_kept_until_the_addresses_change(tmp_path: Path) -> None:
    folder = tmp_path / "game.jsonl.tls"
    certificate, key = kept(folder, ["10.0.0.7"])
    first = fingerprint(certificate)
    kept(folder, ["10.0.0.7"])
    assert fingerprint(certificate) == first
    kept(folder, ["10.0.0.8"])
    assert fingerprint(certificate) != first
    assert {path.stat().st_mode & 0o077 for path in (folder, certificate, key)} == {0}


def test_without_openssl_the_way_out_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(WargameError, match="--certificate"):
        self_made(tmp_path, ["localhost"])


def test_a_frame_has_a_limit() -> None:
    """A message that says to be longer than allowed is not waited for."""
    with running() as connect:
        connection = connect()
        connection.sendall(UPGRADE)
        assert answer(connection).startswith(b"HTTP/1.1 101")
        size = (BODY_LIMIT + 1).to_bytes(8, "big")
        connection.sendall(b"\x81\xff" + size + b"\0\0\0\0" + b"x" * (BODY_LIMIT + 1))
        said = connection.recv(4096)
        assert said[0] == 0x88  # a close frame
        assert int.from_bytes(said[2:4], "big") == 1009  # too big


def test_nothing_packed_is_taken() -> None:
    """What is short on the wire could be long when it is unpacked, before its length is known."""
    packed = b"\r\nsec-websocket-extensions: permessage-deflate\r\n\r\n"
    with running() as connect:
        connection = connect()
        connection.sendall(UPGRADE.replace(b"\r\n\r\n", packed))
        said = answer(connection)
        assert said.startswith(b"HTTP/1.1 101") and b"extensions" not in said.lower()
