"""verify, odds, fork and gallery on the command line: exit codes, one line for a mistake, JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from small_crisis import BLUE, MOVES, RED, SCENARIO, small_crisis

from wargame.analysis.odds import odds_of
from wargame.analysis.turning_points import Gain, TurningPoint
from wargame.batches.batch import run_batch
from wargame.cli.main import main
from wargame.cli.runs import odds
from wargame.replay.log_file import LogWriter, read_log
from wargame.replay.replay import open_replay, record_run
from wargame.show.text.narrate import Narrator


@pytest.fixture
def log(tmp_path: Path) -> str:
    record_run(small_crisis(), tmp_path / "game.jsonl", run=1)
    return str(tmp_path / "game.jsonl")


def asked(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> str:
    """What the command prints on stdout."""
    capsys.readouterr()
    assert main(list(words)) == code
    return capsys.readouterr().out


def as_json(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(asked(capsys, *words, "--json"))
    return data


def test_verify_says_identical(log: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert "identical, " in asked(capsys, "verify", log)
    assert as_json(capsys, "verify", log)["logs"][0]["identical"] is True
    assert f"{log}：一致（" in asked(capsys, "verify", log, "--lang", "ja")


def test_verify_exits_with_1_for_a_difference_and_2_for_damage(
    log: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = read_log(log)
    other = tmp_path / "other.jsonl"
    with LogWriter.create(other, whole.header) as writer:
        writer.append("turn", {**whole.events[0].data, "after": "0" * 64})
    assert "phase record" in asked(capsys, "verify", str(other), code=1)
    japanese = asked(capsys, "verify", str(other), "--lang", "ja", code=1)
    assert "最初の違いは第1ターン、局面「記録」" in japanese
    damaged = tmp_path / "damaged.jsonl"
    lines = Path(log).read_bytes().splitlines(keepends=True)
    damaged.write_bytes(b"".join([lines[0], lines[1].replace(b"hold", b"hole"), *lines[2:]]))
    capsys.readouterr()
    assert main(["verify", log, str(other), str(damaged)]) == 2
    shown = capsys.readouterr()
    assert "identical" in shown.out and "phase record" in shown.out
    assert shown.err.count("\n") == 1 and "damaged.jsonl, line 2" in shown.err


def test_verify_reports_a_torn_end(log: str, capsys: pytest.CaptureFixture[str]) -> None:
    with open(log, "ab") as file:
        file.write(b'{"seq":')
    assert "torn end" in asked(capsys, "verify", log)


def test_fork_writes_a_log_and_says_what_differs(
    log: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = str(tmp_path / "fork.jsonl")
    words = ("fork", log, "--turn", "2", "--order", "red=arm,hold", "--runs", "20", "--jobs", "1")
    told = asked(capsys, *words, "--out", out)
    assert "same luck" in told and "What usually follows: 20 futures" in told
    assert open_replay(out).header.parent is not None
    data = as_json(capsys, *words)
    assert data["apart"][0]["turn"] == 2 and data["usual"]["futures"] == 20
    assert data["endings"]["parent"] == open_replay(log).playthrough.ending
    assert "+0.0 " not in told and "-0.0 " not in told
    assert "No future of either came to: " in told


def test_fork_takes_injects_as_text_or_from_a_file(
    log: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    inject = "{title: Arms, effects: {red.arms: +300}}"
    (tmp_path / "arms.yaml").write_text("title: Arms\neffects: {red.arms: +300}\n")
    typed = as_json(capsys, "fork", log, "--turn", "3", "--inject", inject)
    read = as_json(capsys, "fork", log, "--turn", "3", "--inject", str(tmp_path / "arms.yaml"))
    assert typed["apart"] == read["apart"] and "red.arms" in typed["apart"][0]["gauges"]


@pytest.mark.parametrize(
    "words",
    [
        ("--turn", "2"),
        ("--turn", "0", "--order", "red=arm"),
        ("--turn", "99", "--order", "red=arm"),
        ("--turn", "2", "--order", "red"),
        ("--turn", "2", "--order", "green=arm"),
        ("--turn", "2", "--order", "red=annex"),
        ("--turn", "2", "--inject", "{effects: {}}"),
        ("--turn", "2", "--inject", "no-such-file.yaml"),
        ("--turn", "2", "--inject", "["),
        ("--turn", "2", "--ruling", "red=modify"),
        ("--turn", "2", "--ruling", "red=fail,fail,fail"),
        ("--turn", "2", "--ruling", "green=fail"),
        ("--turn", "2", "--order", "red=arm", "--runs", "-1"),
        ("--turn", "2", "--order", "red=arm", "--jobs", "0"),
    ],
)
def test_a_fork_that_makes_no_sense_is_one_line(
    log: str, words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert main(["fork", log, *words]) == 2
    assert capsys.readouterr().err.startswith("wargame: ")


def test_odds_tell_the_curve_and_the_turning_points(
    log: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("odds", log, "--runs", "30", "--turning-points", "1", "--jobs", "1")
    told = asked(capsys, *words)
    assert "30 futures after each turn" in told and "for the side that made them" in told
    data = as_json(capsys, *words)
    run = open_replay(log).playthrough
    assert [row["turn"] for row in data["turns"]] == list(range(run.turns + 1))
    assert data["turns"][-1]["endings"][run.ending]["share"] == 1
    assert {"mark", "best", "usual", "played"} <= data["turning_points"][0].keys()


@pytest.mark.parametrize(
    ("lang", "none", "more"),
    [
        ("en", "no single move made a difference", "1 more move of these turns"),
        ("ja", "差をもたらした手は一つもなかった", "ほかの手1件"),
    ],
)
def test_moves_that_made_no_difference_are_not_rows_of_zeros(
    log: str, lang: str, none: str, more: str
) -> None:
    replay = open_replay(log)
    run_odds = odds_of(replay, 10)

    def point(gain: float) -> TurningPoint:
        found = Gain(gain, gain, gain)
        return TurningPoint(2, "red", 0, "arm", "hold", 10, found, found, changes=())

    narrator = Narrator.of(replay, lang)
    idle = odds.told(narrator, run_odds, (point(0.0), point(0.2)))
    assert idle.count(none) == 1 and "!!" not in idle
    mixed = odds.told(narrator, run_odds, (point(-120.0), point(0.0)))
    assert "-120" in mixed and more in mixed and none not in mixed
    assert "+0" not in idle + mixed


def test_odds_speak_japanese(log: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("--runs", "30", "--turning-points", "1", "--jobs", "1", "--lang", "ja")
    told = asked(capsys, "odds", log, *words)
    assert "30通りの未来" in told and "指した側から見た評価" in told


def test_where_nobody_acts_nobody_is_judged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(tmp_path / "tree.jsonl")
    asked(capsys, "run", "tegmark-tree", "--run", "3", "--log", path)
    data = as_json(capsys, "odds", path, "--runs", "30", "--jobs", "1")
    assert data["turning_points"] == []


@pytest.mark.parametrize("words", [("--runs", "0"), ("--turning-points", "-1"), ("--jobs", "0")])
def test_odds_of_no_futures_are_refused(
    log: str, words: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["odds", log, *words]) == 2
    assert words[0] in capsys.readouterr().err


def test_the_gallery_names_runs_that_open(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "actors").mkdir()
    (tmp_path / "small-crisis.yaml").write_text(SCENARIO, encoding="utf-8")
    for name, text in (("red", RED), ("blue", BLUE), ("small", MOVES)):
        (tmp_path / "actors" / f"{name}.yaml").write_text(text, encoding="utf-8")
    batch = run_batch(str(tmp_path / "small-crisis.yaml"), runs=20, out=tmp_path / "out")
    words = ("gallery", str(batch.folder), "--runs", "5", "--jobs", "1")
    assert "A sharp turn" in asked(capsys, *words)
    assert "鋭い転機" in asked(capsys, *words, "--lang", "ja")
    data = as_json(capsys, *words, "--out", str(tmp_path / "pages"))
    for pick in data["picks"]:
        assert "identical" in asked(capsys, "verify", pick["where"])
    assert data["out"] and all(Path(file).is_file() for file in data["out"])
