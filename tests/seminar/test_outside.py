"""Programs in the seats of a run or a batch: what they order is in the log, which is enough."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest
from three_seats import write_scenario

from wargame.cli import main
from wargame.errors import OrderError, WargameError
from wargame.experiment.archive import read_playthrough
from wargame.experiment.batch import run_batch
from wargame.experiment.folder import run_log
from wargame.fork import fork
from wargame.replay import header_for, open_replay, record, verify
from wargame.scenario import Scenario
from wargame.seminar.agents import Silence
from wargame.seminar.outside import Seated, faults

PLOTTER = """
import json, sys
for line in sys.stdin:
    seen = json.loads(line)
    move = "plot" if (seen["run"] + seen["turn"]) % 2 else "marsh" if seen["turn"] == 4 else "hold"
    print(json.dumps({"orders": [{"move": move, "intent": "because"}]}), flush=True)
"""


class Scripted:
    """A program of this process, which remembers what it was asked."""

    def __init__(self, answer: Any) -> None:
        self.letters: list[dict[str, Any]] = []
        self._answer = answer

    def ask(self, letter: dict[str, Any], patience: float) -> Any:
        self.letters.append(letter)
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer

    def close(self) -> None:
        pass


@pytest.fixture
def plotter(tmp_path: Path) -> str:
    """The command of a program that plots every second turn, and says nonsense in turn 4."""
    path = tmp_path / "plotter.py"
    path.write_text(PLOTTER, encoding="utf-8")
    return shlex.join([sys.executable, str(path)])


def test_what_a_program_orders_is_played_and_logged(crisis: Scenario, tmp_path: Path) -> None:
    plots = Scripted({"orders": [{"move": "plot", "intent": "They will not notice"}]})
    with Seated(crisis, {"red": plots}) as seated:
        replay = seated.record(tmp_path / "run.jsonl", run=3)
    for event in replay.turns:
        first, second = event.orders["red"]
        assert (first.move, first.by, str(first.intent)) == (
            "plot",
            "script",
            "They will not notice",
        )
        assert (second.move, second.by) == ("hold", "script")
        assert {order.by for order in event.orders["blue"]} == {"rule"}
    assert faults([replay.log]) == []
    assert replay.header.seats == {"red": "script"}
    assert verify(tmp_path / "run.jsonl").identical


def test_the_log_goes_on_without_the_program(crisis: Scenario, tmp_path: Path) -> None:
    """A fork lays down again what the program ordered; nobody has to ask it."""
    with Seated(crisis, {"red": Scripted({"orders": [{"move": "plot"}]})}) as seated:
        seated.record(tmp_path / "run.jsonl")
    other = fork(open_replay(tmp_path / "run.jsonl"), 2, {"blue": ["march"]}).replay
    assert {event.orders["red"][0].move for event in other.turns} == {"plot"}


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (Silence("no answer in 20 s"), "no answer in 20 s"),
        ([], "no JSON object"),
        ({"orders": [{"move": "marsh"}]}, "mean 'march'?"),
        ({"orders": [{"move": "parley"}]}, "parley"),
        ({"orders": [{"free": "Do something"}]}, "nobody translates"),
        ({"orders": [{"move": "plot"}] * 3}, "2 are allowed"),
        ({"luck": 6}, "orders"),
    ],
)
def test_a_bad_answer_leaves_the_turn_to_the_rules_and_the_log_says_why(
    crisis: Scenario, tmp_path: Path, answer: Any, why: str
) -> None:
    with Seated(crisis, {"red": Scripted(answer)}) as seated:
        replay = seated.record(tmp_path / "run.jsonl", run=3)
    alone = record(crisis, header_for(crisis, run=3))
    assert replay.world(6).digest() == alone.world(6).digest()
    for event in replay.turns:
        (left,) = event.left_out
        assert (left.actor, left.order.move) == ("red", None)
        assert why in left.why
    (line,) = faults([replay.log])
    assert line.startswith("red: its rules decided in 6 of 6 turns") and why in line
    assert verify(tmp_path / "run.jsonl").identical


def test_a_program_is_told_what_its_actor_knows_and_no_more(crisis: Scenario) -> None:
    asked = Scripted({"orders": []})
    with Seated(crisis, {"green": asked}, lang="ja") as seated:
        replay = seated.record(run=5)
    assert [letter["turn"] for letter in asked.letters] == [1, 2, 3, 4, 5, 6]
    first = asked.letters[0]
    assert (first["protocol"], first["actor"], first["run"], first["lang"]) == (1, "green", 5, "ja")
    sources = {fact["gauge"]: fact["source"] for fact in first["know"]}
    assert sources == {
        "tension": "public", "green.purse": "own",
        "red.strength": "intelligence", "blue.strength": "intelligence",
    }  # fmt: skip
    true = int(replay.world(0)["red.strength"][0])
    assert next(f["value"] for f in first["know"] if f["gauge"] == "red.strength") != true


def test_no_seat_for_a_stranger(crisis: Scenario) -> None:
    with pytest.raises(OrderError, match="purple"):
        Seated(crisis, {"purple": "true"})


def test_a_batch_keeps_a_log_of_every_run_that_proves_its_row(
    crisis: Scenario, tmp_path: Path, plotter: str
) -> None:
    scenario = str(write_scenario(tmp_path))
    found = [
        run_batch(
            scenario, runs=6, jobs=jobs, out=tmp_path / f"jobs-{jobs}", seats={"red": plotter},
            seated=("wargame.seminar.outside:play", "wargame.seminar.outside:prepare"),
        )
        for jobs in (1, 2)
    ]  # fmt: skip
    for resume in (False, True):
        asked = {} if resume else {"seats": {"red": plotter}}
        with pytest.raises(WargameError, match="play it with wargame batch"):
            run_batch(scenario, out=tmp_path / "jobs-1", resume=resume, **asked)  # type: ignore[arg-type]
    # This program answers the same to the same letter, so the whole batch is the same.
    assert len({batch.tally().digest for batch in found}) == 1
    for run in range(6):
        path = run_log(found[0].folder, "baseline", run)
        assert verify(path).identical
        assert bool(faults([open_replay(path).log])) == (run % 2 == 0)
        row = read_playthrough(f"{found[0].folder}#{run}")
        assert row.verdict.identical
        for event in row.turns:
            odd = (run + event.turn) % 2
            orders = event.orders["red"]
            assert orders[0].by == ("script" if odd or event.turn != 4 else "rule")
            assert not odd or orders[0].move == "plot"


def test_a_batch_is_gone_on_with_in_the_same_seats_only(
    tmp_path: Path, plotter: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["batch", str(write_scenario(tmp_path)), "--runs", "2", "--jobs", "1"]
    out = ["--out", str(tmp_path / "out")]
    assert main([*words, *out, "--seat", f"red={plotter}"]) == 0
    assert "Programs played red." in capsys.readouterr().out
    assert main([*words, *out, "--resume"]) == 0
    assert main(["report", str(tmp_path / "out"), "--out", str(tmp_path / "report.html")]) == 0
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Programs played red." in page and "外部プログラムが担当：red" in page
    assert main([*words, *out, "--resume", "--seat", "red=another"]) == 2


def test_the_commands(tmp_path: Path, plotter: str, capsys: pytest.CaptureFixture[str]) -> None:
    scenario = str(write_scenario(tmp_path))
    log = tmp_path / "run.jsonl"
    assert main(["run", scenario, "--seat", f"red={plotter}", "--log", str(log), "--json"]) == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["schema"] == 1
    assert said.err == (
        "wargame: red: its rules decided in 1 of 6 turns, for want of a usable answer; most "
        "often: there is no move 'marsh' (did you mean 'march'?)\n"
    )
    assert main(["verify", str(log)]) == 0


@pytest.mark.parametrize(
    "words",
    [
        ["run", "kherson-2022", "--seat", "china"],
        ["run", "kherson-2022", "--seat", "atlantis=true"],
        ["batch", "kherson-2022", "--seat", "atlantis=true", "--runs", "1"],
        ["batch", "kherson-2022", "--seat", "china=true", "--rare", "KABOOM"],
        ["batch", "kherson-2022", "--seat", "china=true", "--cluster", "tcp://127.0.0.1:1"],
    ],
)
def test_a_mistake_is_told_in_one_line(
    words: list[str], tmp_path: Path, monkeypatch: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(words) == 2
    said = capsys.readouterr().err
    assert said.startswith("wargame: ") and said.count("\n") == 1
    assert not (tmp_path / "runs").exists()
