"""Long studies survive: stopped anywhere and gone on with, they give the same answer to the bit."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import quarrel
from quarrel import SOURCE

from wargame.batches.store.columns import Columns
from wargame.batches.store.journal import Journal
from wargame.batches.study import Study, kept
from wargame.boundary import cache
from wargame.cli.main import main
from wargame.errors import StoreError, WargameError

TARGETS = """
schema: 1
id: calm
title: {en: Calm, ja: 平穏}
scenario: quarrel
dials: {red.pride: {}}
targets: [{id: war, forecaster: F, event: E, source: S, share: War, is: 300, give: 100}]
"""

QUESTIONS = {
    "sensitivity": "sensitivity quarrel --pairs 100 --screen 1000 --base 64 --policy whisper"
    " --worldview proud --only tornado,regions,regret",
    "calibrate": "calibrate quarrel --targets calm.yaml -o mine.yaml --runs 200 --budget 1000"
    " --settings 1",
    "rare": "rare quarrel --state War --replicates 6 --effort 20 --pilot 100",
    "robust": "robust quarrel --policy whisper --worldview as-written,proud --runs 200",
    "odds": "odds run.jsonl --runs 40 --turning-points 1",
    "believable": "believable quarrel --runs 100 --closely 0 --only expectations",
}
"""A question for each command, in which little is played."""


@pytest.fixture(scope="module")
def kept_place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the place of every test holds, its compiled scenario and a run of it among them."""
    folder = quarrel.write(tmp_path_factory.mktemp("study"))
    (folder / "calm.yaml").write_text(TARGETS)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("WARGAME_CACHE", str(folder / "cache"))
        assert main(["run", "quarrel", "--run", "3", "-o", "run.jsonl", "--json"]) == 0
    return folder


@pytest.fixture(autouse=True)
def place(kept_place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(kept_place, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WARGAME_CACHE", str(tmp_path / "cache"))
    return tmp_path


def unfinished() -> list[str]:
    """What is kept of questions that were not answered yet."""
    place = cache.place()
    assert place is not None
    top = place / "unfinished"
    return sorted(os.listdir(top)) if top.is_dir() else []


class Killed(BaseException):
    """Ends what is under way as kill -9 would: nobody answers it."""


class Stored:
    """Counts the chunks that are stored; `fatal` is the number of one that is not any more."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.chunks: list[str] = []
        self.fatal = -1
        store = Journal.store

        def counted(journal: Journal, chunk: Any, *rest: Any) -> bool:
            if len(self.chunks) == self.fatal:
                raise Killed
            self.chunks.append(f"{journal.path.name} {chunk}")
            return store(journal, chunk, *rest)

        monkeypatch.setattr(Journal, "store", counted)


@pytest.fixture
def stored(monkeypatch: pytest.MonkeyPatch) -> Stored:
    return Stored(monkeypatch)


@pytest.mark.parametrize("command", QUESTIONS)
def test_killed_and_resumed_the_answer_is_the_same_and_nothing_is_played_twice(
    command: str, stored: Stored, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [*QUESTIONS[command].split(), "--json"]
    words += ["--jobs", "1"]

    def answered(*more: str) -> str:
        capsys.readouterr()
        assert main([*words, *more]) in (0, 1)
        return capsys.readouterr().out

    whole = answered()
    assert unfinished() == [], "what was kept is taken away once the answer is there"
    chunks, stored.chunks = stored.chunks, []
    stored.fatal = len(chunks) // 2
    with pytest.raises(Killed):
        main(words)
    assert len(unfinished()) == 1
    stored.fatal = -1
    assert answered("--resume") == whole
    assert stored.chunks == chunks
    assert unfinished() == []


@pytest.mark.parametrize("command", ["rare", "robust"])
def test_a_named_folder_keeps_what_was_played(
    command: str, stored: Stored, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [*QUESTIONS[command].split(), "--jobs", "1", "--out", "kept"]
    assert main(words) == 0
    told = capsys.readouterr().out
    assert main(words) == 2
    assert "kept is not empty" in capsys.readouterr().err
    count = len(stored.chunks)
    assert main([*words, "--resume"]) == 0
    assert (capsys.readouterr().out, len(stored.chunks)) == (told, count)
    assert unfinished() == []


def test_jobs_change_nothing_about_a_rare_share(capsys: pytest.CaptureFixture[str]) -> None:
    told = []
    for jobs in ("1", "3"):
        assert main([*QUESTIONS["rare"].split(), "--jobs", jobs, "--json"]) == 0
        told.append(capsys.readouterr().out)
    assert told[0] == told[1]


def test_a_resume_with_other_words_says_what_differs(
    stored: Stored, capsys: pytest.CaptureFixture[str]
) -> None:
    words = QUESTIONS["rare"].split()
    stored.fatal = 2
    for out in ([], ["--out", "kept"]):
        stored.chunks = []
        with pytest.raises(Killed):
            main([*words, *out, "--jobs", "1"])
        stored.fatal = 2
        assert main([*words, *out, "--resume", "--seed", "9", "--effort", "50"]) == 2
        error = capsys.readouterr().err
        assert "begun with --effort 20 (now 50), --seed none (now 9)" in error
        assert len(error.splitlines()) == 1


def test_a_resume_of_nothing_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*QUESTIONS["robust"].split(), "--resume"]) == 2
    assert "nothing is kept of this question to go on with" in capsys.readouterr().err


def test_a_scenario_that_has_changed_is_told(
    place: Path, stored: Stored, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [*QUESTIONS["rare"].split(), "--jobs", "1"]
    stored.fatal = 2
    with pytest.raises(Killed):
        main(words)
    path = place / "scenarios" / "quarrel.yaml"
    path.write_text(path.read_text().replace("chance: 150", "chance: 200"))
    stored.fatal = -1
    assert main([*words, "--resume"]) == 2
    assert "was begun with another scenario" in capsys.readouterr().err


def test_two_processes_do_not_play_one_question(capsys: pytest.CaptureFixture[str]) -> None:
    with (
        kept("rare", {"state": "War"}),
        pytest.raises(StoreError, match="is in use"),
        kept("rare", {"state": "War"}),
    ):
        pass


def test_ctrl_c_says_how_to_go_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*arguments: Any) -> bool:
        raise KeyboardInterrupt

    monkeypatch.setattr(Journal, "store", interrupted)
    assert main([*QUESTIONS["rare"].split(), "--jobs", "1"]) == 130
    first, again = capsys.readouterr().err.splitlines()
    assert first == "wargame: interrupted; nothing played is lost. Go on with:"
    assert again.split() == ["wargame", *QUESTIONS["rare"].split(), "--jobs", "1", "--resume"]


# ------------------------------------------------------------------------------ stages


def squares(task: dict[str, Any]) -> Columns:
    """Each row's number, what it was given, and both squared, along a second axis."""
    rows = np.arange(task["start"], task["stop"])
    if (rows == task.get("faulty", -1)).any():
        raise ZeroDivisionError("no row may be this one")
    if task.get("misspelt"):
        raise WargameError("there is no such thing")
    return {"row": rows, "both": np.stack([rows**2, task["given"] ** 2], axis=1)}


def stage(study: Study, rows: range = range(10, 30), **settings: Any) -> Columns:
    return study.map(
        "squares",
        f"{__name__}:squares",
        rows,
        about="squares",
        settings=settings,
        of_rows={"given": np.arange(rows.start, rows.stop) + 100},
        chunk=7,
    )


def test_a_stage_gives_its_rows_in_order_with_what_each_was_given() -> None:
    found = stage(Study())
    assert found["row"].tolist() == list(range(10, 30))
    assert found["both"].tolist() == [[n**2, (n + 100) ** 2] for n in range(10, 30)]


def test_a_row_that_cannot_be_played_is_named() -> None:
    with pytest.raises(WargameError, match="run 17 of squares: ZeroDivisionError: no row may be"):
        stage(Study(), faulty=17)


def test_what_a_person_can_put_right_is_told_as_it_is() -> None:
    with pytest.raises(WargameError, match=r"^there is no such thing$"):
        stage(Study(), misspelt=True)


def test_a_row_that_failed_is_tried_again_by_whoever_goes_on(tmp_path: Path) -> None:
    with pytest.raises(WargameError):
        stage(Study(folder=tmp_path), faulty=17)
    assert stage(Study(folder=tmp_path))["row"].tolist() == list(range(10, 30))


# ------------------------------------------------------------------------------ real kills


@pytest.mark.long
@pytest.mark.parametrize("command", ["sensitivity", "calibrate", "rare", "odds"])
def test_killed_by_force_again_and_again(
    command: str, capsys: pytest.CaptureFixture[str], place: Path
) -> None:
    words = [*QUESTIONS[command].split(), "--jobs", "2", "--json"]
    capsys.readouterr()
    assert main(words) in (0, 1)
    whole = capsys.readouterr().out
    env = {**os.environ, "PYTHONPATH": str(SOURCE)}
    more: list[str] = []
    kills = 0
    for seconds in np.linspace(0.2, 12.0, 60):
        started = subprocess.Popen(
            [sys.executable, "-m", "wargame", *words, *more],
            cwd=place,
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            out, error = started.communicate(timeout=float(seconds))
        except subprocess.TimeoutExpired:
            started.kill()
            started.communicate()
            kills += 1
            more = ["--resume"] if unfinished() else []
            continue
        assert started.returncode in (0, 1) and out, error
        assert json.loads(out) == json.loads(whole)
        assert kills > 2
        return
    raise AssertionError("never came to an end")
