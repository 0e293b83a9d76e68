"""Programs in the seats of a run or a batch: what they order is in the log, which is enough."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import sqlite3
import sys
from pathlib import Path
from typing import Any

import pytest
from three_seats import write_scenario

from wargame import api as wg
from wargame.batches.batch import Batch, run_batch
from wargame.batches.open_run import read_playthrough
from wargame.batches.store.folder import run_log, seal_of
from wargame.boundary.programs import named
from wargame.cli.main import main
from wargame.engine.scenario import Scenario
from wargame.errors import OrderError, WargameError
from wargame.replay.fork import fork
from wargame.replay.replay import header_for, open_replay, record, verify
from wargame.seats.play import Programs, Seated, first_reason
from wargame.seats.programs import Silence

FIRST_EDITION = Path(__file__).resolve().parents[1] / "fixtures" / "first-edition" / "seats"

PLOTTER = """
import json, sys
for line in sys.stdin:
    seen = json.loads(line)
    move = "plot" if (seen["run"] + seen["turn"]) % 2 else "marsh" if seen["turn"] == 4 else "hold"
    echo = {"run": seen["run"], "turn": seen["turn"]}
    print(json.dumps({**echo, "orders": [{"move": move, "intent": "because"}]}), flush=True)
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
            "program",
            "They will not notice",
        )
        assert (second.move, second.by) == ("hold", "program")
        assert {order.by for order in event.orders["blue"]} == {"rule"}
    assert [seat.by_rules for seat in seated.stood_in(replay)] == [0]
    assert replay.header.seats == {"red": "program"}
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
    (seat,) = seated.stood_in(replay)
    assert (seat.turns, seat.by_rules, seat.first) == (6, 6, 3)
    assert first_reason(replay.log, "red").startswith("turn 1: ")
    assert verify(tmp_path / "run.jsonl").identical


def test_a_program_is_told_what_its_actor_knows_and_no_more(crisis: Scenario) -> None:
    asked = Scripted({"orders": []})
    with Seated(crisis, {"green": asked}, lang="ja") as seated:
        replay = seated.record(run=5)
    assert [letter["turn"] for letter in asked.letters] == [1, 2, 3, 4, 5, 6]
    first = asked.letters[0]
    assert (first["protocol"], first["actor"], first["run"], first["lang"]) == (2, "green", 5, "ja")
    sources = {fact["gauge"]: fact["source"] for fact in first["know"]}
    assert sources == {
        "tension": "public", "green.purse": "own",
        "red.strength": "intelligence", "blue.strength": "intelligence",
    }  # fmt: skip
    true = int(replay.world(0)["red.strength"][0])
    assert next(f["value"] for f in first["know"] if f["gauge"] == "red.strength") != true


def test_no_seat_for_a_stranger(crisis: Scenario) -> None:
    with pytest.raises(OrderError, match="purple"):
        Seated(crisis, {"purple": named("true")})


def test_a_batch_keeps_a_log_of_every_run_that_proves_its_row(
    crisis: Scenario, tmp_path: Path, plotter: str
) -> None:
    scenario = str(write_scenario(tmp_path))
    found = [
        run_batch(
            scenario, runs=6, jobs=jobs, out=tmp_path / f"jobs-{jobs}",
            programs=Programs.of({"red": plotter}),
        )
        for jobs in (1, 2)
    ]  # fmt: skip
    # This program answers the same to the same letter, so the whole batch is the same.
    assert len({batch.tally().digest for batch in found}) == 1
    for run in range(6):
        path = run_log(found[0].folder, "baseline", run)
        assert verify(path).identical
        assert bool(first_reason(open_replay(path).log, "red")) == (run % 2 == 0)
        row = read_playthrough(f"{found[0].folder}#{run}")
        assert row.verdict.identical
        for event in row.turns:
            odd = (run + event.turn) % 2
            orders = event.orders["red"]
            assert orders[0].by == ("program" if odd or event.turn != 4 else "rule")
            assert not odd or orders[0].move == "plot"


def test_a_batch_is_gone_on_with_by_naming_its_programs_again(
    tmp_path: Path, plotter: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["batch", str(write_scenario(tmp_path)), "--jobs", "1"]
    out, again = ["--out", str(tmp_path / "out")], ["--resume", "--runs", "3"]
    seat = ["--seat", f"red={plotter}"]
    assert main([*words, *out, "--runs", "2", *seat]) == 3
    for wrong in ([], ["--seat", f"blue={plotter}"], [*seat, "--seat", f"blue={plotter}"]):
        capsys.readouterr()
        assert main([*words, *out, *again, *wrong]) == 2
        assert "programs play red: name them again: --seat red=..." in capsys.readouterr().err
    assert main([*words, *out, *again, "--seat", f"red={plotter} other"]) == 2
    assert main([*words, *out, *again, *seat]) == 3
    # The count goes on with the batch: turn 4 of runs 0 and 2.
    (seen,) = json.loads((tmp_path / "out" / "tally.json").read_text("utf-8"))["programs"]
    assert seen == {
        "policy": "baseline", "actor": "red", "turns": 18, "by_rules": 2,
        "runs": 3, "affected": 2, "first": 0,
    }  # fmt: skip
    alone = ["--out", str(tmp_path / "alone")]
    assert main([*words, *alone, "--runs", "1"]) == 0
    assert main([*words, *alone, *again, *seat]) == 2


@pytest.mark.parametrize("jobs", [1, 2])
def test_how_often_rules_stood_in_is_told_everywhere(
    tmp_path: Path, plotter: str, capsys: pytest.CaptureFixture[str], jobs: int
) -> None:
    out = tmp_path / "out"
    words = ["batch", str(write_scenario(tmp_path)), "--runs", "5", "--jobs", str(jobs)]
    words += ["--seat", f"red={plotter}"]
    assert main([*words, "--out", str(out)]) == 3
    said = capsys.readouterr()
    assert "rules stood in for the program of red in 3 of 30 turns (10.0 %), in 3 of 5" in said.out
    assert said.err.startswith(
        "wargame: rules stood in for the program of red, first in baseline, run 0, turn 4: there "
        "is no move 'marsh'"
    )
    assert main([*words, "--out", str(out), "--resume", "--lang", "ja"]) == 3
    assert "30ターン中3ターン（10.0 %）、実行5回中3回" in capsys.readouterr().out
    assert main([*words, "--out", str(out), "--resume", "--json"]) == 3
    (seen,) = json.loads(capsys.readouterr().out)["programs"]
    assert (seen["turns"], seen["by_rules"], seen["affected"]) == (30, 3, 3)
    assert main(["report", str(out), "--out", str(tmp_path / "report.html")]) == 0
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    for words_ in ("Programs played red.", "外部プログラムが担当：red", "3 (10.0 %)", "規則が代行"):
        assert words_ in page


def test_no_folder_says_which_program_it_was(tmp_path: Path, plotter: str) -> None:
    """A manifest may say that a program sat there; a command or an address is nobody's to keep."""
    scenario, out = str(write_scenario(tmp_path)), tmp_path / "out"
    wg.batch(scenario, runs=1, jobs=1, out=out, seats={"red": plotter})
    for path in out.rglob("*"):
        if path.is_file():
            assert b"plotter" not in path.read_bytes(), path


def unfinished(folder: Path) -> None:
    """Take away what seals a batch as a whole: a stranger may make a folder like that."""
    (folder / "tally.json").unlink()
    with contextlib.closing(sqlite3.connect(folder / "journal.sqlite")) as journal:
        journal.execute("DELETE FROM facts WHERE name = 'whole'")
        journal.commit()


def test_what_a_manifest_names_is_neither_run_nor_printed(
    tmp_path: Path, plotter: str, capsys: pytest.CaptureFixture[str]
) -> None:
    scenario, out = str(write_scenario(tmp_path)), tmp_path / "out"
    wg.batch(scenario, runs=2, jobs=1, out=out, seats={"red": plotter})
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    trap = tmp_path / "it-ran"
    manifest["asked"]["seats"] = {"red": f"touch {trap}"}  # as the first edition kept it
    manifest["sum"] = seal_of(manifest)
    (out / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    unfinished(out)
    assert main(["batch", scenario, "--out", str(out), "--resume", "--runs", "3"]) == 2
    with pytest.raises(WargameError, match="name them again: --seat red="):
        wg.batch(scenario, runs=3, out=out, resume=True)
    assert wg.open_results(out).batch.seats == ("red",)
    assert main(["report", str(out), "--out", str(tmp_path / "report.html")]) == 0
    assert main(["compare", str(out), str(out)]) in (0, 2)
    page = (tmp_path / "report.html").read_text(encoding="utf-8") + "".join(capsys.readouterr())
    assert "it-ran" not in page and "touch" not in page
    assert not trap.exists()
    wg.batch(scenario, runs=3, jobs=1, out=out, resume=True, seats={"red": plotter})
    assert wg.open_results(out).batch.counts() == (3, 3)


def test_a_report_passes_on_no_command_of_a_journal(tmp_path: Path) -> None:
    """What plays a failed run again is written anew; a stranger's file may say anything."""
    scenario, out = str(write_scenario(tmp_path)), tmp_path / "out"
    batch = run_batch(scenario, runs=4, out=out)
    unfinished(out)
    with contextlib.closing(sqlite3.connect(batch.folder / "journal.sqlite")) as journal:
        for played in ("results", "chunks"):  # a run has failed or was played, never both
            journal.execute(f"DELETE FROM {played}")
        journal.execute("INSERT INTO failed VALUES ('baseline', 3, 'no reason', 'rm -rf x')")
        journal.commit()
    (failure,) = Batch.open(out).summary.failures
    assert failure.command == f"wargame run {out}/inputs/scenario.yaml --seed 7 --run 3"


DEAF = "import threading; threading.Event().wait()"


@pytest.mark.parametrize(
    ("where", "why"),
    [
        ("no-such-program-anywhere", "anywhere cannot be started: No such file or directory"),
        ("http://127.0.0.1:9", "Connection refused"),
        (
            f"{sys.executable} -c \"raise SystemExit('no key for the model')\"",
            "no key for the model",
        ),
        (f"{sys.executable} -c \"input(); print('{{}}')\"", 'repeat the letter\'s "run": 0'),
    ],
)
def test_a_seat_that_cannot_start_is_refused_before_the_first_run(
    tmp_path: Path, monkeypatch: Any, capsys: pytest.CaptureFixture[str], where: str, why: str
) -> None:
    scenario = str(write_scenario(tmp_path))
    monkeypatch.chdir(tmp_path)
    before = set(tmp_path.iterdir())
    for words in (["run", scenario, "--log", "run.jsonl"], ["batch", scenario, "--jobs", "1"]):
        assert main([*words, "--seat", f"red={where}"]) == 2
        said = capsys.readouterr().err
        assert said.startswith("wargame: the program for red cannot take its seat: ")
        assert why in said and said.count("\n") == 1
    with pytest.raises(WargameError, match="cannot take its seat"):
        wg.batch(scenario, runs=1, seats={"red": where})
    assert set(tmp_path.iterdir()) <= before | {tmp_path / "runs"}
    assert not list(tmp_path.glob("runs/*"))


def test_programs_end_with_the_batch_that_asked_them(tmp_path: Path) -> None:
    """Even one that does not mind the end of its input, and in a worker."""
    path, pids = tmp_path / "stays.py", tmp_path / "pids"
    note = f"import os; open({str(pids)!r}, 'a').write(f'{{os.getpid()}}\\n')\n"
    path.write_text(note + PLOTTER + DEAF, encoding="utf-8")
    seats = {"red": shlex.join([sys.executable, str(path)])}
    scenario = str(write_scenario(tmp_path))
    for jobs in (1, 2):
        wg.batch(scenario, runs=2, jobs=jobs, out=tmp_path / f"out-{jobs}", seats=seats)
    started = [int(pid) for pid in pids.read_text(encoding="utf-8").split()]
    assert len(started) >= 4  # the rehearsals, too
    for pid in started:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_a_run_says_how_often_rules_stood_in(
    tmp_path: Path, plotter: str, capsys: pytest.CaptureFixture[str]
) -> None:
    scenario = str(write_scenario(tmp_path))
    log = tmp_path / "run.jsonl"
    assert main(["run", scenario, "--seat", f"red={plotter}", "--log", str(log), "--json"]) == 3
    said = capsys.readouterr()
    assert json.loads(said.out)["programs"] == [{"actor": "red", "turns": 6, "by_rules": 1}]
    assert said.err == (
        "wargame: rules stood in for the program of red in 1 of 6 turns, first in turn 4: there "
        "is no move 'marsh' (did you mean 'march'?)\n"
    )
    assert main(["verify", str(log)]) == 0


@pytest.mark.parametrize(
    "words",
    [
        ["run", "kherson-2022", "--seat", "china"],
        ["run", "kherson-2022", "--seat", "china='"],
        ["run", "kherson-2022", "--seat", "china=http://"],
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


@pytest.mark.parametrize(
    ("lang", "said", "never"),
    [
        ("en", "(decided by a program)", "really happened"),
        ("ja", "（プログラムが決定）", "史実"),
    ],
)
def test_a_programs_moves_are_told_as_a_programs(
    tmp_path: Path,
    plotter: str,
    capsys: pytest.CaptureFixture[str],
    lang: str,
    said: str,
    never: str,
) -> None:
    """Also in a log of the first edition, which called them a script's, as it called history's."""
    log = str(tmp_path / "run.jsonl")
    scenario = str(write_scenario(tmp_path))
    main(["run", scenario, "--seat", f"red={plotter}", "--log", log, "--lang", lang])
    told = [capsys.readouterr().out]
    for replayed in (log, f"{FIRST_EDITION}#1"):
        assert main(["replay", replayed, "--plain", "--lang", lang]) == 0
        told.append(capsys.readouterr().out)
        replay = read_playthrough(replayed)
        assert {order.by for turn in replay.turns for order in turn.orders["red"]} >= {"program"}
    for text in told:
        assert said in text and never not in text
