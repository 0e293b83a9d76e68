"""Hostile texts for everything that reads JSON: a fault in one line, no traceback.

What is no JSON is asked of the one reader of JSON; everybody who uses it is asked with one text of
that kind, and with all that is JSON but of no shape that anybody expects.
"""

from __future__ import annotations

import base64
import shutil
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
import quarrel
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from wargame.boundary import foreign
from wargame.boundary.foreign import Malformed, read_json, value
from wargame.cli.main import main
from wargame.errors import ReplayError, WargameError
from wargame.replay.log_file import read_log
from wargame.seminar.drafts import Drafts
from wargame.seminar.web.app import _json
from wargame.seminar.web.app import _told as seminar_told
from wargame.show.replay_page.server import said
from wargame.show.replay_page.spoiler_lock import unveil

NO_JSON = {
    "nothing": b"",
    "a word": b"hello",
    "half": b'{"a": 1',
    "two": b"{} {}",
    "arrays without end": b"[" * 50_000,
    "objects without end": b'{"a":' * 50_000,
    "deep and closed": b"[" * 50_000 + b"]" * 50_000,
    "a byte order mark": b"\xef\xbb\xbf{}",
    "not UTF-8": b'{"a": "\xff\xfe"}',
    "UTF-16": '{"a": 1}'.encode("utf-16"),
    "NaN": b'{"a": NaN}',
    "infinity": b'{"a": -Infinity}',
    "infinity in figures": b'{"a": 1e999}',
    "five thousand figures": b'{"a": ' + b"9" * 5000 + b"}",
    "half a character": b'{"a": "\\ud800"}',
    "half a character, written large": b'{"\\uDFFF": 1}',
    "a null byte": b"\0",
}
OF_NO_SHAPE = {
    "null": b"null",
    "a number": b"7",
    "a text": b'"x"',
    "a list": b"[]",
    "texts for numbers": b'{"scenario": 7, "digest": [], "fits": {}, "orders": "x", "turn": "1"}',
    "a list of nothing": b'{"fits": [null], "moved": [[]], "red": null, "tornado": {"a": [7]}}',
    "truth for a number": b'{"red": {"turn": true, "orders": true}, "runs": false, "pairs": true}',
}
SOME = {name: NO_JSON[name] for name in ("arrays without end", "not UTF-8")} | OF_NO_SHAPE


# ------------------------------------------------------------------------------ who reads


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(quarrel.write(tmp_path))
    return tmp_path


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = quarrel.write(tmp_path_factory.mktemp("played"))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        assert main(["batch", "quarrel", "--runs", "20", "--jobs", "1", "--out", "played"]) == 0
    return place / "played"


@pytest.mark.parametrize("text", NO_JSON.values(), ids=NO_JSON)
def test_what_is_no_json_is_told(text: bytes) -> None:
    with pytest.raises(Malformed) as told:
        value(text, "the text")
    assert str(told.value).startswith("the text is ") and "\n" not in str(told.value)
    assert len(str(told.value)) < 200


@pytest.mark.parametrize("text", SOME.values(), ids=SOME)
def test_a_log(text: bytes, tmp_path: Path) -> None:
    (tmp_path / "game.jsonl").write_bytes(text)
    with pytest.raises(ReplayError) as told:
        read_log(tmp_path / "game.jsonl")
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("text", SOME.values(), ids=SOME)
def test_drafts_are_left_aside_and_the_game_goes_on(text: bytes, tmp_path: Path) -> None:
    (tmp_path / "game.jsonl.drafts").write_bytes(text)
    left = Drafts(tmp_path / "game.jsonl").of("red")
    assert (left.turn, left.lines) == (0, ())


@pytest.mark.parametrize("text", SOME.values(), ids=SOME)
def test_the_report_of_a_calibration(
    text: bytes, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    view = place / "scenarios/worldviews/mine.yaml"
    view.parent.mkdir(exist_ok=True)
    view.write_text(
        "schema: 1\nid: mine\nkind: worldview\ntitle: {en: Mine}\nfor: [quarrel]\nforbid: [talk]\n"
    )
    view.with_suffix(".fits.json").write_bytes(text)
    told_in_a_line("believable quarrel --runs 100 --closely 0 --jobs 1 --only backtest", capsys)
    assert not list(place.glob("believable*"))


@pytest.mark.parametrize("text", SOME.values(), ids=SOME)
def test_the_answer_of_an_analysis_in_a_folder(
    text: bytes, played: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = shutil.copytree(played, tmp_path / "played")
    (folder / "sensitivity.json").write_bytes(text)
    told_in_a_line(f"report {folder}", capsys)
    assert not (folder / "report.html").exists()


def told_in_a_line(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert main(line.split()) == 2
    said = capsys.readouterr().err
    assert said.startswith("wargame: ") and len(said.splitlines()) == 1


@pytest.mark.parametrize("text", SOME.values(), ids=SOME)
def test_a_veiled_turn(text: bytes) -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    blob = base64.b64encode(packer.compress(text) + packer.flush()).decode()
    try:
        found = unveil(blob)
    except Malformed as told:
        assert "\n" not in str(told)
    else:
        assert text in OF_NO_SHAPE.values() and found is not NotImplemented
    with pytest.raises(Malformed):
        unveil(base64.b64encode(text + b"noise").decode())


async def of_the_seminar(request: Request) -> Response:
    return JSONResponse(await _json(request))


async def of_the_replay(request: Request) -> Response:
    return JSONResponse(await said(request))


async def plainly(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return PlainTextResponse(error.detail, error.status_code)


@pytest.mark.parametrize("reader", [of_the_seminar, of_the_replay])
@pytest.mark.parametrize("text", SOME.values(), ids=SOME)
def test_what_a_page_sends(text: bytes, reader: Callable[[Request], object]) -> None:
    app = Starlette(
        routes=[Route("/", reader, methods=["POST"])],
        exception_handlers={WargameError: seminar_told, HTTPException: plainly},
    )
    with TestClient(app) as client:
        sent = client.post("/", content=text, headers={"content-type": "application/json"})
    if text.startswith(b"{") and text in OF_NO_SHAPE.values():
        assert sent.status_code == 200  # an object; what is in it, each route looks at
    else:
        assert 400 <= sent.status_code < 500 and len(sent.text.splitlines()) <= 1


# ------------------------------------------------------------------------------ size, kind


def test_a_file_without_end_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (tmp_path / "huge.json").open("wb") as file:
        file.truncate(foreign.MOST_BYTES + 1)
    with pytest.raises(Malformed, match="longer than"):
        read_json(tmp_path / "huge.json")
    with pytest.raises(Malformed, match="is no file"):
        read_json(Path("/dev/zero"))


@pytest.mark.parametrize("text", ['"\\ud83d\\ude00"', '{"a": [1, 2.5, "日本"]}', "1e308"])
def test_good_json_is_read_as_it_is(text: str) -> None:
    import json

    assert value(text) == value(text.encode()) == json.loads(text)
