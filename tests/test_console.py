"""Consoles of any encoding, logs and notebooks: nothing is lost, nothing is silent for ever."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import quarrel

from wargame.cli.main import main
from wargame.cli.shared import console, terminal
from wargame.cli.shared.terminal import Meter
from wargame.cli.studies.batch import _Looks
from wargame.show.text.titles import Titles
from wargame.statistics.anytime import Look, LookRow

Said = Callable[..., tuple[str, str]]
STREAMS = ("stdout", "stderr")
ENCODINGS = ["ascii", "cp1252", "cp932", "latin-1"]


@pytest.fixture
def said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Said:
    """What a command says on consoles of an encoding: stdout and stderr."""
    quarrel.write(tmp_path)
    monkeypatch.chdir(tmp_path)

    def run(encoding: str, *words: str) -> tuple[str, str]:
        streams = {name: io.TextIOWrapper(io.BytesIO(), encoding=encoding) for name in STREAMS}
        with monkeypatch.context() as patch:
            for name, stream in streams.items():
                patch.setattr(sys, name, stream)
            assert main(words) == 0
        found = []
        for stream in streams.values():
            stream.flush()
            found.append(stream.buffer.getvalue().decode(encoding))  # type: ignore[attr-defined]
        return found[0], found[1]

    return run


def test_no_letter_is_lost_on_any_console(said: Said) -> None:
    words = ("list", "scenarios", "--lang", "ja")
    whole, _ = said("utf-8", *words)
    assert "口論" in whole
    for encoding in ENCODINGS:
        out, err = said(encoding, *words)
        spelt = encoding != "cp932"
        assert ("\\u53e3\\u8ad6" if spelt else "口論") in out
        assert ("PYTHONIOENCODING=utf-8" in err) == spelt
        assert len(out.split()) == len(whole.split())  # no word was dropped


def test_json_is_the_same_data_in_any_encoding(said: Said) -> None:
    words = ("list", "scenarios", "--lang", "ja", "--json")
    whole, _ = said("utf-8", *words)
    for encoding in ENCODINGS:
        out, err = said(encoding, *words)
        assert json.loads(out) == json.loads(whole) and err == ""


def test_marks_are_spelt_as_everybody_would(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
    console.prepare()
    print("10–90 %, ±2 — “never”… 7→8 ███ \udcff")
    sys.stdout.flush()
    assert raw.getvalue() == b'10-90 %, +/-2 -- "never"... 7->8 ### \\udcff\n'


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stream", "env", "expected"),
    [
        (Screen(), {}, True),
        (Screen(), {"NO_COLOR": ""}, True),  # as no-color.org has it: empty says nothing
        (Screen(), {"NO_COLOR": "1"}, False),
        (Screen(), {"TERM": "dumb"}, False),
        (io.StringIO(), {}, False),
    ],
)
def test_colours_are_for_terminals_whose_user_wants_them(
    stream: io.StringIO, env: dict[str, str], expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    assert console.coloured(stream) == expected


def test_a_log_gets_a_line_now_and_then_and_no_control_characters(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [0.0]
    monkeypatch.setattr(terminal.time, "monotonic", lambda: now[0])
    log = io.StringIO()
    meter = Meter("playing", log)
    for done in range(101):
        meter.show(done, 100)
        now[0] += 1.0
    meter.clear()
    assert log.getvalue().splitlines() == [
        f"wargame: playing: {done} of 100" for done in (30, 60, 90)
    ]


def test_what_is_done_soon_says_nothing_in_a_log() -> None:
    log = io.StringIO()
    meter = Meter("playing", log)
    meter.show(5, 10)
    meter.show(10, 10)
    assert log.getvalue() == ""


def test_looks_are_told_in_a_log_too_and_nothing_twice() -> None:
    row = LookRow("War", 0.2, 0.1, 0.3, 0.0, 0.0, 0.0, 0.0, False)
    log = io.StringIO()
    looks = _Looks(Meter("playing", log), Titles())
    for runs in (400, 600, 900):
        looks.hold((Look("baseline", "baseline", runs, 0.05, (row,)),))
        looks.go_on(runs)  # the report that brought the look
        looks.go_on(runs)  # nothing fresh
        if runs < 900:
            looks.go_on(runs + 50)
    told = log.getvalue()
    assert [line for line in told.splitlines() if line.startswith("baseline")] == [
        "baseline after 400 runs (intervals that hold at all looks together):",
        "baseline after 600 runs:",
    ]  # the last is the table's, which says more
