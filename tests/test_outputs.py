"""An output is never an input, a link, or a file that the command did not make.

Every command that takes --out is asked to write where it must not. It says so in one line before
it does anything else, and leaves every file as it was.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from pathlib import Path

import pytest
import quarrel

from wargame.boundary.files import check_output
from wargame.cli.main import COMMANDS, command_module, main
from wargame.errors import StoreError

LINES = {
    "run": "quarrel",
    "batch": "quarrel",
    "expect": "quarrel",
    "export": "game.jsonl",
    "fork": "game.jsonl --turn 1",
    "gallery": "played",
    "seminar": "quarrel",
    "kit": "quarrel",
    "sensitivity": "quarrel",
    "report": "played",
    "calibrate": "scenarios/quarrel.yaml --targets scenarios/policies/no-talks.yaml",
    "robust": "quarrel --policies no-talks --worldviews as-written",
    "believable": "scenarios/quarrel.yaml",
    "odd": "scenarios/quarrel.yaml",
    "program": "scenarios/quarrel.yaml",
    "rare": "quarrel --state War",
}
"""Each command with what it reads."""

FOLDERS = {"batch", "expect", "gallery", "kit", "rare", "robust", "sensitivity"}
"""Those that write several files, into a folder."""

MADE = {"export": "a.html", "report": "a.html", "believable": "a.html", "odd": "a.md"} | {
    "calibrate": "a.yaml",
    "program": "a.html",
}
"""What the others replace. The rest write logs, and replace nothing."""


def test_every_command_with_an_output_is_tried_here() -> None:
    for command in COMMANDS:
        parser = argparse.ArgumentParser()
        command_module(command).add_arguments(parser)
        assert ("--out" in parser.format_help()) == (command in LINES)


# ------------------------------------------------------------------------------ where not to write


def a_link(name: str) -> Path:
    Path(name).symlink_to("notes.txt")
    return Path(name)


def a_link_to_nothing(name: str) -> Path:
    Path(name).symlink_to("nowhere")
    return Path(name)


def a_database(name: str) -> Path:
    with closing(sqlite3.connect(name)) as base:
        base.execute("CREATE TABLE results (run)")
        base.commit()
    return Path(name)


def beside_a_database(name: str) -> Path:
    """Where SQLite would take it for its own journal, and delete it."""
    return a_database(name).with_name(f"{name}-journal")


def a_turn_log(name: str) -> Path:
    return Path(shutil.copy("game.jsonl", name))


def a_table(name: str) -> Path:
    Path(name).write_bytes(b"PAR1 and the results of a week")
    return Path(name)


def a_file_of_another_kind(_: str) -> Path:
    return Path("notes.txt")


def an_input(_: str) -> Path:
    return Path("scenarios/quarrel.yaml")


def a_pipe(name: str) -> Path:
    os.mkfifo(name)
    return Path(name)


def a_name_too_long(name: str) -> Path:
    return Path("x" * 300 + name)


NOWHERE = [
    a_link,
    a_link_to_nothing,
    a_database,
    beside_a_database,
    a_turn_log,
    a_table,
    a_file_of_another_kind,
    an_input,
    a_pipe,
    a_name_too_long,
]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the place of every test holds: a crisis, one run and twenty runs of it, and notes."""
    place = quarrel.write(tmp_path_factory.mktemp("kept"))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        assert main(["run", "quarrel", "--out", "game.jsonl"]) == 0
        assert main(["batch", "quarrel", "--runs", "20", "--jobs", "1", "--out", "played"]) == 0
    (place / "notes.txt").write_text("my holiday notes")
    return place


@pytest.fixture(autouse=True)
def place(kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(kept, tmp_path, dirs_exist_ok=True)
    tmp_path.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def everything(place: Path) -> dict[str, object]:
    return {
        str(path): os.readlink(path)
        if path.is_symlink()
        else path.read_bytes()
        if path.is_file()
        else path.lstat().st_mode
        for path in sorted(place.rglob("*"))
    }


def refused(
    command: str,
    out: Path,
    capsys: pytest.CaptureFixture[str],
    who: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> str:
    """What is said of an output that is refused, before any work: the command itself is not run."""
    capsys.readouterr()
    before = everything(Path())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(command_module(command), "run", worked)
        with who():
            code = main([command, *LINES[command].split(), "--out", str(out)])
        said = capsys.readouterr().err
    assert (code, said.startswith("wargame: "), len(said.splitlines())) == (2, True, 1)
    assert everything(Path()) == before
    return said


def worked(_: argparse.Namespace) -> int:
    raise AssertionError("it went to work")


@pytest.mark.parametrize("command", LINES)
def test_it_is_refused_before_any_work_and_nothing_is_lost(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    suffix = Path(MADE.get(command, "a.jsonl")).suffix
    for nowhere in NOWHERE:
        refused(command, nowhere(nowhere.__name__ + suffix), capsys)


@pytest.mark.parametrize("command", sorted(LINES.keys() - FOLDERS))
def test_a_file_is_no_folder_and_stands_in_one_that_there_is(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    name = MADE.get(command, "a.jsonl")
    Path(name).mkdir()
    refused(command, Path(name), capsys)
    assert "there is no folder missing" in refused(command, Path("missing") / name, capsys)


@contextmanager
def as_nobody() -> Iterator[None]:
    """Root may write anywhere; for as long as the block lasts, be somebody who may not."""
    me = os.geteuid()
    if me == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(me)


@pytest.mark.parametrize("command", LINES)
def test_a_folder_without_the_right_to_write(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("closed").mkdir(mode=0o555)
    name = "" if command in FOLDERS else MADE.get(command, "a.jsonl")
    assert "Permission denied" in refused(command, Path("closed") / name, capsys, as_nobody)


@pytest.mark.parametrize("planted", [a_link, a_database])
@pytest.mark.parametrize(
    ("command", "name"),
    [
        ("batch", "manifest.json"),
        ("batch", "tally.json"),
        ("batch", "runs.parquet"),
        ("expect", "tally.json"),
        ("gallery", "index.html"),
        ("kit", "roles.html"),
        ("sensitivity", "sensitivity.json"),
    ],
)
def test_a_link_or_a_database_under_the_name_of_what_a_folder_gets(
    command: str, name: str, planted: Callable[[str], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    Path("full").mkdir()
    planted("bait").rename(Path("full", name))
    refused(command, Path("full"), capsys)


@pytest.mark.parametrize("command", MADE)
def test_what_it_made_before_is_replaced(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    older = Path(MADE[command])
    older.write_text("# Made by calibration, not by hand." if command == "calibrate" else "older")
    module = command_module(command)
    monkeypatch.setattr(module, "run", lambda args: 0)
    assert main([command, *LINES[command].split(), "--out", str(older)]) == 0
    assert main([command, *LINES[command].split(), "--out", "new"]) == (command == "calibrate") * 2


# ------------------------------------------------------------------------------ to the end


@pytest.mark.parametrize(
    "line",
    [
        "export game.jsonl -o game.jsonl",
        "report played -o played/journal.sqlite",
        "report played -o played/runs.parquet",
        "report played -o played/manifest.json",
        "odd scenarios/quarrel.yaml -o scenarios/quarrel.yaml",
        "calibrate quarrel --targets t -o actors/words.yaml",
        "run quarrel --log game.jsonl",
        "fork game.jsonl --turn 1 -o game.jsonl",
        "batch quarrel -o played",
        "batch quarrel -o scenarios",
        "robust quarrel --policies no-talks --worldviews as-written -o played",
    ],
)
def test_results_are_not_lost_to_a_slip(
    line: str, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = everything(place)
    capsys.readouterr()
    assert main(line.split()) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert everything(place) == before


def test_a_link_planted_in_a_folder_of_results_overwrites_nothing() -> None:
    played = Path("played")
    tally = played / "tally.json"
    whole = tally.read_bytes()
    tally.unlink()
    for planted in ("tally.json.part", "runs.parquet.part", "manifest.json.part"):
        (played / planted).symlink_to("../notes.txt")
        assert main(["batch", "quarrel", "--out", "played", "--resume"]) == 2
        (played / planted).unlink()
    assert main(["batch", "quarrel", "--out", "played", "--resume"]) == 0
    assert tally.read_bytes() == whole and not tally.is_symlink()
    for planted in ("journal.sqlite", "tally.json", "report.html"):
        (played / planted).unlink(missing_ok=True)
        (played / planted).symlink_to("../notes.txt")
    assert main(["batch", "quarrel", "--out", "played", "--resume"]) == 2
    assert main(["report", "played"]) == 2
    assert Path("notes.txt").read_text() == "my holiday notes"


def test_an_output_is_never_an_input_though_it_be_of_the_right_kind(tmp_path: Path) -> None:
    page, other = tmp_path / "page.html", tmp_path / "other.html"
    page.write_text("what is being read")
    other.hardlink_to(page)  # the same file under another name
    for output in (page, other):
        with pytest.raises(StoreError, match="is what is being read"):
            check_output(output, [page], [".html"])
    check_output(page, [], [".html"])
