"""The gate in front of every page: hosts, origins, sizes, deadlines, and what answers carry."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from own_loop import run_alone
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.types import Message
from starlette.websockets import WebSocket, WebSocketDisconnect

from wargame.seminar.web.security import BODY_LIMIT, REQUESTS, Gate, Limit, Passes

HERE = "http://192.168.1.5:8022"
OTHER_NAME = "http://room.local:8022"
FOREIGN = [
    "http://192.168.1.5:9000",  # another port of the same host: the same site to a cookie
    "http://192.168.1.5",
    "https://192.168.1.5:8022",
    "http://evil.example",
    "http://192.168.1.5:8022.evil.example",
    "null",
    "",
    OTHER_NAME,  # one of our names, but not the one that was asked
]


async def echo(request: Request) -> PlainTextResponse:
    return PlainTextResponse(str(len(await request.body())))


async def socket(asking: WebSocket) -> None:
    await asking.accept()
    await asking.close()


TOY = Starlette(routes=[Route("/", echo, methods=["GET", "POST"]), WebSocketRoute("/ws", socket)])


@pytest.fixture
def client() -> Iterator[TestClient]:
    with TestClient(Gate(TOY, [HERE, OTHER_NAME]), base_url=HERE) as client:
        yield client


def test_our_own_page_may_ask(client: TestClient) -> None:
    assert client.get("/").status_code == 200
    assert client.post("/", headers={"origin": HERE}, content=b"abc").text == "3"
    with (
        pytest.raises(WebSocketDisconnect) as closed,
        client.websocket_connect("ws://192.168.1.5:8022/ws", headers={"origin": HERE}) as asking,
    ):
        asking.receive_text()
    assert closed.value.code == 1000


@pytest.mark.parametrize(
    "host", ["evil.example", "192.168.1.5", "192.168.1.5:80", "localhost:8022", ""]
)
def test_a_host_that_is_not_ours_is_refused(client: TestClient, host: str) -> None:
    assert client.get("/", headers={"host": host}).status_code == 400
    assert client.post("/", headers={"host": host, "origin": HERE}).status_code == 400
    both = {"host": host, "origin": HERE}
    with (
        pytest.raises(WebSocketDisconnect),
        client.websocket_connect("ws://192.168.1.5:8022/ws", headers=both),
    ):
        pass


@pytest.mark.parametrize("origin", FOREIGN)
def test_another_page_may_neither_read_nor_change_nor_listen(
    client: TestClient, origin: str
) -> None:
    assert client.get("/", headers={"origin": origin}).status_code == 403
    assert client.post("/", headers={"origin": origin}).status_code == 403
    with (
        pytest.raises(WebSocketDisconnect),
        client.websocket_connect("ws://192.168.1.5:8022/ws", headers={"origin": origin}),
    ):
        pass


@pytest.mark.parametrize("address", ["10.42.0.1", "fd00::2", "::ffff:10.42.0.1"])
def test_the_address_that_a_request_came_to_is_ours_and_no_other(address: str) -> None:
    """A network that came up after the start has links that work; a rebound name has not."""

    def status(host: str) -> int:
        sent: list[Message] = []

        async def send(message: Message) -> None:
            sent.append(message)

        async def receive() -> Message:
            return {"type": "http.request"}

        scope = {
            "type": "http",
            "method": "POST",
            "path": "/",
            "scheme": "http",
            "query_string": b"",
            "server": (address, 8022),
            "headers": [(b"host", host.encode()), (b"origin", f"http://{host}".encode())],
        }
        run_alone(Gate(TOY, [HERE])(scope, receive, send))
        return int(sent[0]["status"])

    bare = address.removeprefix("::ffff:")
    ours = f"[{bare}]:8022" if ":" in bare else f"{bare}:8022"
    assert status(ours) == 200
    for foreign in ("evil.example:8022", "10.42.0.2:8022", ours.replace("8022", "80")):
        assert status(foreign) == 400


def test_a_change_without_an_origin_is_refused(client: TestClient) -> None:
    assert client.post("/").status_code == 403
    with pytest.raises(WebSocketDisconnect), client.websocket_connect("ws://192.168.1.5:8022/ws"):
        pass


def test_a_body_has_a_limit_whatever_it_says_of_itself(client: TestClient) -> None:
    ours = {"origin": HERE}
    assert client.post("/", headers=ours, content=b"x" * BODY_LIMIT).status_code == 200
    assert client.post("/", headers=ours, content=b"x" * (BODY_LIMIT + 1)).status_code == 413
    pieces = (b"x" * 1000 for _ in range(BODY_LIMIT // 1000 + 1))
    assert client.post("/", headers=ours, content=pieces).status_code == 413


def test_a_body_that_never_comes_is_not_waited_for() -> None:
    sent: list[Message] = []

    async def receive() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/",
        "scheme": "http",
        "query_string": b"",
        "headers": [(b"host", HERE[7:].encode()), (b"origin", HERE.encode())],
    }
    run_alone(Gate(TOY, [HERE], read_seconds=0.0)(scope, receive, send))
    assert sent[0]["status"] == 408


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [("GET", "/", {}), ("GET", "/nowhere", {}), ("GET", "/", {"host": "evil.example"})],
)
def test_every_answer_carries_the_policy(
    client: TestClient, method: str, path: str, headers: dict[str, str]
) -> None:
    answer = client.request(method, path, headers=headers)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "*" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    assert "set-cookie" not in answer.headers


def test_a_limit_is_for_one_and_for_all_together() -> None:
    now = 0.0
    limit = Limit(lambda: now, each=3, together=5)
    assert [limit.take("a") for _ in range(5)] == [True] * 3 + [False] * 2
    assert [limit.take("b") for _ in range(3)] == [True] * 2 + [False]
    assert not limit.take("c")
    now = 60.0
    assert limit.take("a")


def test_what_is_given_back_does_not_count() -> None:
    limit = Limit(lambda: 0.0, each=1)
    assert limit.take("a") and not limit.take("a")
    limit.give_back("a")
    limit.give_back("nobody")
    assert limit.take("a") and not limit.take("a")


def test_one_address_has_so_many_requests_a_minute() -> None:
    now = 0.0
    with TestClient(Gate(TOY, [HERE], clock=lambda: now), base_url=HERE) as client:
        found = [client.get("/").status_code for _ in range(20)]
        assert found == [200] * 20
        client.app._asked._each = 20  # type: ignore[attr-defined]
        assert client.get("/").status_code == 429
        now = 60.0
        assert client.get("/").status_code == 200
    assert REQUESTS > 35 * 60  # a class behind one router, each asking once a second


def test_a_pass_is_ours_or_nothing() -> None:
    passes = Passes(b"k" * 32)
    token = passes.issue("seat:usa", "0")
    found = passes.read(token)
    assert found is not None
    assert (found.role, found.grant) == ("seat:usa", "0")
    assert passes.issue("seat:usa", "0") != token  # never one that could be planted
    assert Passes(b"other").read(token) is None
    for place in range(len(token)):
        spoilt = token[:place] + ("x" if token[place] != "x" else "y") + token[place + 1 :]
        assert passes.read(spoilt) is None
    for nonsense in ("", ".", "...", "facilitator", "é.é.é.é", token + "x", "a." + token):
        assert passes.read(nonsense) is None
