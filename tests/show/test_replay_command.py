"""`wargame replay` and `wargame export`, as they are typed."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest
from shipped import shipped

from wargame.cli.main import main
from wargame.cli.runs import replay
from wargame.replay.replay import header_for, record


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The turn log of three turns."""
    path = tmp_path_factory.mktemp("log") / "three.jsonl"
    scenario = shipped("kherson-2022")
    record(scenario, header_for(scenario, run=7, until=3), path=path)
    return str(path)


def test_a_pipe_gets_plain_lines(log: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", log]) == 0
    told = capsys.readouterr().out
    assert "Turn 1: 5 September 2022" in told and "Turn 3: 19 September 2022" in told
    assert "\x1b" not in told
    assert "The telling stops after turn 3; the run goes on." in told


def test_one_turn_as_json_is_the_state_after_it(
    log: str, capsys: pytest.CaptureFixture[str]
) -> None:
    states = []
    for turn in ("0", "1"):
        assert main(["replay", log, "--turn", turn, "--json"]) == 0
        states.append(json.loads(capsys.readouterr().out))
    assert [state["turn"] for state in states] == [0, 1]
    assert states[0]["stages"]["russia-ukraine"] == 7
    assert states[0]["digest"] != states[1]["digest"]
    made = {(order["actor"], order["move"]) for order in states[1]["orders"]}
    assert ("russia", "mobilise") in made


def test_a_lens_hides_noisy_gauges_from_json(log: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", log, "--turn", "1", "--json", "--lens", "public"]) == 0
    state = json.loads(capsys.readouterr().out)
    assert "russia.readiness" not in state["gauges"] and "violence" in state["gauges"]
    assert "digest" not in state and "heat" not in state


def test_why_lists_weights_reasons_and_beliefs(
    log: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["replay", log, "--turn", "1", "--why", "russia"]) == 0
    told = capsys.readouterr().out
    assert "Mobilise (chosen)" in told and "+70 The front gave way for want of men" in told
    assert "What it believed, and what was true:" in told
    assert main(["replay", log, "--turn", "1", "--why", "russia", "--lens", "usa"]) == 0
    assert "Nothing is known about how this was decided." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--turn", "9"], "there is no turn 9"),
        (["--why", "rusia"], "did you mean 'russia'?"),
        (["--lens", "moon"], "there is no actor 'moon'"),
        (["--plain", "--odds", "9", "--jobs", "0"], "--jobs must be between 1 and 1024, not 0"),
        (["--web", "--odds", "-1"], "--odds must be between 0 and 1,000,000, not -1"),
    ],
)
def test_mistakes_are_told_in_a_line(
    log: str, args: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["replay", log, *args]) == 2
    assert said in capsys.readouterr().err


def test_export_writes_one_file_with_odds(log: str, tmp_path: Path) -> None:
    page = tmp_path / "replay.html"
    assert main(["export", log, "-o", str(page), "--odds", "2", "--lang", "ja"]) == 0
    text = page.read_text(encoding="utf-8")
    assert text.startswith("<!doctype html>") and '<html lang="ja">' in text
    assert main(["export", log, "-o", str(tmp_path / "no" / "such.html")]) == 2


@pytest.mark.parametrize("where", [["--port", "99999"], ["--host", "203.0.113.1"], ["TAKEN"]])
def test_a_place_that_cannot_be_served_is_told_in_a_line(
    log: str, where: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        if where == ["TAKEN"]:
            where = ["--port", str(other.getsockname()[1])]
        assert main(["replay", log, "--web", *where]) == 2
    said = capsys.readouterr().err
    assert said.startswith("wargame: cannot listen on") and said.count("\n") == 1


def test_the_odds_are_told_if_asked_for_and_of_a_history_anyway(
    log: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replay, "HISTORY", 3)

    def told(*words: str) -> str:
        assert main(["replay", *words, "--turn", "1", "--jobs", "1"]) == 0
        return capsys.readouterr().out

    assert "futures from here" not in told(log)
    assert "4 futures from here" in told(log, "--odds", "4")
    assert "ここから4通りの未来" in told(log, "--odds", "4", "--lang", "ja")
    assert "futures from here" not in told(log, "--odds", "4", "--lens", "public")
    assert "3 futures from here" in told("autumn-2022")
    assert "futures from here" not in told("autumn-2022", "--odds", "0")
