"""People who speak HTTP and WebSocket with their own hands, and so can speak it badly."""

from __future__ import annotations

import base64
import json
import os
import socket
import uuid
from typing import Any

PATIENCE = 60  # seconds after which a test gives up; never reached in a good run


class Raw:
    """One connection to a server at `link`, from an address of this machine."""

    def __init__(self, link: str, source: str = "127.0.0.1") -> None:
        self.link = link
        self.host = link.removeprefix("http://")
        name, _, port = self.host.partition(":")
        self.socket = socket.create_connection((name, int(port)), PATIENCE, (source, 0))
        self._rest = b""
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def head(self, method: str, path: str, headers: dict[str, str]) -> bytes:
        """The first lines of a request."""
        lines = {"host": self.host, "origin": self.link, **headers}
        said = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        return f"{method} {path} HTTP/1.1\r\n{said}\r\n".encode()

    def send(self, method: str, path: str, token: str = "", body: Any = None) -> None:
        """Send a request and wait for nothing."""
        headers = {"authorization": f"Bearer {token}"} if token else {}
        data = b""
        if body is not None:
            data = json.dumps(body).encode()
            headers |= {"content-type": "application/json", "content-length": str(len(data))}
        self.socket.sendall(self.head(method, path, headers) + data)

    def answer(self) -> tuple[int, bytes]:
        """Status and body of the next answer; status 0 if the server hung up."""
        while b"\r\n\r\n" not in self._rest:
            if not self._more():
                return 0, self._rest
        head, _, self._rest = self._rest.partition(b"\r\n\r\n")
        fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
        length = int(fields.get(b"content-length", b"0"))
        while len(self._rest) < length and self._more():
            pass
        body, self._rest = self._rest[:length], self._rest[length:]
        return int(head[9:12]), body

    def heard(self) -> bytes:
        """The first byte of what comes next, which says what kind of frame it is."""
        while not self._rest and self._more():
            pass
        return self._rest[:1]

    def ask(self, method: str, path: str, token: str = "", body: Any = None) -> tuple[int, bytes]:
        """Send a request; status and body of the answer."""
        self.send(method, path, token, body)
        return self.answer()

    def join(self, code: str) -> str:
        """The pass for a code."""
        status, body = self.ask("POST", "/join", body={"code": code})
        assert status == 200, body
        token: str = json.loads(body)["pass"]
        return token

    def do(self, name: str, token: str, data: Any = None, **said: Any) -> int:
        """Give a command; the status of the answer."""
        body = {"key": uuid.uuid4().hex, "data": data or {}, **said}
        return self.ask("POST", f"/do/{name}", token, body)[0]

    def upgrade(self) -> int:
        """Become a WebSocket; the status."""
        key = base64.b64encode(os.urandom(16)).decode()
        headers = {
            "connection": "upgrade",
            "upgrade": "websocket",
            "sec-websocket-version": "13",
            "sec-websocket-key": key,
        }
        self.socket.sendall(self.head("GET", "/nudge", headers))
        return self.answer()[0]

    def say(self, text: str) -> None:
        """Send a message as a WebSocket; the mask is all zeros."""
        data = text.encode()
        size = bytes([0x80 | len(data)]) if len(data) < 126 else b"\xfe" + len(data).to_bytes(2)
        self.socket.sendall(b"\x81" + size + bytes(4) + data)

    def hung_up(self) -> bool:
        """Whether the server closes this connection, sooner or later, whatever it says first."""
        while self._more():
            pass
        return True

    def close(self) -> None:
        self.socket.close()

    def _more(self) -> bool:
        try:
            data = self.socket.recv(65536)
        except ConnectionResetError:
            data = b""
        self._rest += data
        return bool(data)
