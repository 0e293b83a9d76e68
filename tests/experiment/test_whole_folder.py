"""A folder of results is one batch and all of it, or whoever opens it is told in one line."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import struct
from collections.abc import Callable, Iterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import quarrel
from hostile_values import mutants

from wargame.batches import request
from wargame.batches.batch import Batch, run_batch
from wargame.batches.open_run import read_playthrough
from wargame.batches.request import Request
from wargame.batches.store.folder import INPUTS, JOURNAL, MANIFEST, PARQUET, TALLY, seal_of
from wargame.cli.main import main
from wargame.errors import StoreError, WargameError

FIXTURES = Path(__file__).parents[1] / "fixtures" / "first-edition"
POLICIES = ("no-talks", "hush-money+threats")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where the quarrel lies, with two finished batches of it under different seeds."""
    top = quarrel.write(tmp_path_factory.mktemp("place"))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(top)
        # So that there are four of each variant, whoever plays.
        patch.setattr(request, "chunk_for", lambda *asked: 100)
        run_batch("quarrel", policies=POLICIES, runs=400, seed=1, out="one")
        run_batch("quarrel", policies=POLICIES, runs=400, seed=2, out="two")
        run_batch("quarrel", policies=POLICIES, runs=300, seed=1, out="shorter")
        yield top


@pytest.fixture
def one(place: Path, tmp_path: Path) -> Path:
    """A copy of the first batch."""
    return shutil.copytree(place / "one", tmp_path / "one")


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A copy of a batch that version 0.1.0 played."""
    return shutil.copytree(FIXTURES / "tree", tmp_path / "old")


def told(*words: str, capsys: pytest.CaptureFixture[str]) -> str:
    """The one line that a command refuses with."""
    capsys.readouterr()
    assert main(list(words)) == 2
    said = capsys.readouterr()
    assert said.err.startswith("wargame: ") and said.err.count("\n") == 1 and not said.out
    return said.err


def change(folder: Path, *statements: str) -> None:
    """Edit a journal as a database program would."""
    with sqlite3.connect(folder / JOURNAL) as connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()


def forge(folder: Path, name: str, edit: Callable[[Any], Any]) -> None:
    """Edit a fact of a journal and seal it again."""
    with sqlite3.connect(folder / JOURNAL) as connection:
        (text,) = connection.execute("SELECT text FROM facts WHERE name = ?", (name,)).fetchone()
        text = json.dumps(
            edit(json.loads(text)), sort_keys=True, separators=(",", ":"), ensure_ascii=False
        )
        connection.execute(
            "UPDATE facts SET text = ?, sum = ? WHERE name = ?",
            (text, sha256(text.encode()).digest(), name),
        )
    connection.close()


HALF = ("DELETE FROM chunks WHERE start >= 200", "DELETE FROM results WHERE start >= 200")


# ------------------------------------------------------------------------------ what is missing


@pytest.mark.parametrize("command", ["report", "compare", "gallery"])
def test_a_finished_batch_that_lost_half_its_rows_is_noticed(
    one: Path, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    change(one, *HALF)
    said = told(command, str(one), capsys=capsys)
    assert "journal.sqlite: damaged: 200 of the 400 runs of baseline are left" in said


def test_one_missing_chunk_of_one_policy_is_noticed(one: Path) -> None:
    change(one, "DELETE FROM chunks WHERE start = 100 AND variant = 'no-talks'")
    with pytest.raises(StoreError, match="300 of the 400 runs of no-talks are left"):
        Batch.open(one)


def test_what_version_0_1_0_left_is_counted_at_least(old: Path) -> None:
    assert not Batch.open(old).sealed
    change(old, "DELETE FROM chunks WHERE variant = 'spared'")
    with pytest.raises(StoreError, match="0 of the 200 runs of spared are left"):
        Batch.open(old)


def test_a_sealed_folder_says_nothing_and_an_old_one_that_it_cannot_be_checked(
    one: Path, old: Path
) -> None:
    assert Batch.open(one).sealed
    assert Batch.open(one).unchecked() == ""
    assert "written by version 0.1.0 or has lost its seal" in Batch.open(old).unchecked()
    assert "封印" in Batch.open(old).unchecked("ja")


def test_the_seal_cannot_be_taken_away(one: Path) -> None:
    change(one, "DELETE FROM facts WHERE name = 'whole'")
    with pytest.raises(StoreError, match="the seal of a finished batch is missing"):
        Batch.open(one)


def test_a_failed_run_cannot_be_slipped_in_or_taken_out(one: Path) -> None:
    change(one, "INSERT INTO failed VALUES ('baseline', 5, 'because', 'wargame run')")
    with pytest.raises(StoreError, match=r"damaged: 401 of the 400 runs of baseline"):
        Batch.open(one)


def test_what_is_missing_is_played_again_and_all_is_as_it_was(
    place: Path, one: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(place)
    before = Batch.open(place / "one").to_json()["results"]
    change(one, *HALF)
    run_batch("quarrel", out=one, resume=True)
    assert Batch.open(one).sealed
    assert Batch.open(one).to_json()["results"] == before


def test_a_batch_that_goes_on_is_sealed_anew(
    place: Path, one: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(place)
    run_batch("quarrel", runs=500, out=one, resume=True)
    assert Batch.open(one).sealed
    assert [tally.runs for tally in Batch.open(one).tallies()] == [500] * 3


# ------------------------------------------------------------------------------ exchanged, edited


@pytest.mark.parametrize("other", ["two", "shorter"])
@pytest.mark.parametrize("name", [JOURNAL, MANIFEST, TALLY, PARQUET])
def test_a_file_of_another_batch_is_noticed(place: Path, one: Path, name: str, other: str) -> None:
    if not (one / name).exists():
        pytest.skip("without pyarrow there is no table")
    shutil.copy(place / other / name, one / name)
    with pytest.raises(StoreError, match=r"two batches|not as it was written|left|not that of"):
        Batch.open(one)


@pytest.mark.parametrize("name", [JOURNAL, MANIFEST, TALLY])
def test_a_file_of_another_old_batch_is_noticed(old: Path, name: str) -> None:
    shutil.copy(FIXTURES / "other" / name, old / name)
    with pytest.raises(StoreError, match=r"two batches|not that of the batch"):
        Batch.open(old)


def test_a_manifest_whose_endings_changed_places_is_noticed(one: Path) -> None:
    found = json.loads((one / MANIFEST).read_text())
    for header in found["headers"].values():
        header["endings"][:2] = reversed(header["endings"][:2])
    (one / MANIFEST).write_text(json.dumps(found))
    with pytest.raises(StoreError, match=r"manifest\.json: damaged: it is not as it was written"):
        Batch.open(one)
    # Sealed again, it still is not what the finished journal says it is.
    (one / MANIFEST).write_text(json.dumps({**found, "sum": seal_of(found)}))
    with pytest.raises(StoreError, match=r"manifest\.json: damaged: it is not as it was written"):
        Batch.open(one)


def texts(folder: Path) -> list[Path]:
    return sorted(path for path in (folder / "inputs").rglob("*") if path.is_file())


def numbers(folder: Path) -> Any:
    """All that a folder says in numbers, and what its first run was."""
    batch = Batch.open(folder)
    for variant in batch.headers:
        batch.inputs(variant)
    read_playthrough(f"{folder}#3")
    return batch.to_json()["results"]


def damages(place: Path, path: Path) -> Iterator[tuple[str, Callable[[], object]]]:
    """Everything that may happen to a file, by name."""
    whole = path.read_bytes()
    yield "deleted", path.unlink
    for part in (0, len(whole) // 2, len(whole) - 1):
        yield f"cut to {part}", lambda part=part: path.write_bytes(whole[:part])
    for at in range(0, len(whole), max(1, len(whole) // 5)):
        flipped = bytearray(whole)
        flipped[at] ^= 1 << at % 8
        yield f"byte {at} flipped", lambda flipped=flipped: path.write_bytes(flipped)
    yield "doubled", lambda: path.write_bytes(whole + whole)
    yield "renamed", lambda: path.rename(path.with_name("renamed.yaml"))
    yield "no text", lambda: path.write_bytes(b"\xff\xfe" * 50)
    yield "a link to nothing", lambda: (path.unlink(), path.symlink_to("nowhere"))
    yield "a folder", lambda: (path.unlink(), path.mkdir())


def test_any_damage_to_any_file_is_told_in_one_line_or_changes_no_number(
    place: Path, tmp_path: Path
) -> None:
    good, found = numbers(place / "one"), 0
    files = [place / "one" / name for name in (JOURNAL, MANIFEST, TALLY, PARQUET)]
    for path in [*filter(Path.exists, files), *texts(place / "one")]:
        name = path.relative_to(place / "one")
        for number, _ in enumerate(damages(place, path)):
            folder = shutil.copytree(place / "one", tmp_path / "copy")
            what, damage = list(damages(place, folder / name))[number]
            damage()
            try:
                assert numbers(folder) == good, (name, what)
                assert name.name in (JOURNAL, PARQUET, TALLY), (name, what)
            except WargameError as error:
                assert "\n" not in str(error), (name, what, error)
                found += 1
            shutil.rmtree(folder)
    assert found > 80


# ------------------------------------------------------------------------------ hostile values


def opened(folder: Path) -> None:
    """Read everything that a folder says."""
    batch = Batch.open(folder)
    assert batch.held_by_programs() is not None
    assert batch.worldview is not None
    batch.to_json()
    main(["compare", str(folder)])
    read_playthrough(f"{folder}#3")
    Request.of_folder(folder)


@pytest.mark.parametrize("step", [29, pytest.param(1, marks=pytest.mark.long)])
def test_a_hostile_manifest_is_one_line(one: Path, step: int) -> None:
    """It is sealed by whoever wrote it, and the batch is unfinished: nothing else is against it."""
    (one / TALLY).unlink()
    change(one, "DELETE FROM facts WHERE name = 'whole'")
    good, refused = json.loads((one / MANIFEST).read_text()), 0
    for path, mutant in mutants(good, step):
        if isinstance(mutant, dict) and path[:1] != ("sum",):
            with suppress(UnicodeEncodeError):
                mutant["sum"] = seal_of(mutant)
        (one / MANIFEST).write_text(json.dumps(mutant))
        try:
            opened(one)
        except WargameError as error:
            refused += 1
            assert "\n" not in str(error), path
    assert refused > 200 // step


@pytest.mark.parametrize("name", ["plan", "columns", "whole"])
def test_a_hostile_journal_is_one_line(one: Path, name: str) -> None:
    good = (one / JOURNAL).read_bytes()
    with sqlite3.connect(one / JOURNAL) as connection:
        (text,) = connection.execute("SELECT text FROM facts WHERE name = ?", (name,)).fetchone()
    connection.close()
    for path, mutant in mutants(json.loads(text), 3):
        (one / JOURNAL).write_bytes(good)
        try:
            forge(one, name, lambda _, mutant=mutant: mutant)
        except (UnicodeEncodeError, sqlite3.Error):
            continue
        try:
            opened(one)
        except WargameError as error:
            assert "\n" not in str(error), path


def test_without_its_tally_a_batch_has_not_ended_and_says_the_same(one: Path) -> None:
    before = numbers(one)
    (one / TALLY).unlink()
    assert not Batch.open(one).complete
    assert numbers(one) == before


def test_verify_reads_every_chunk_of_a_folder(
    one: Path, old: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Batch.open(one).journal() as journal:
        digest = journal.digest()
    assert main(["verify", str(one)]) == 0
    said = capsys.readouterr().out
    assert said == f"{one}: 1,200 of 1,200 runs as they were stored, digest {digest}\n"
    assert main(["verify", str(old), "--lang", "ja"]) == 0
    assert "封印" in capsys.readouterr().out
    (one / TALLY).unlink()
    assert main(["verify", str(one)]) == 1
    # A tally that was written by hand is found even where nothing seals it.
    found = json.loads((old / TALLY).read_text())
    found["results"][0]["digest"] = "0" * 64
    (old / TALLY).write_text(json.dumps(found))
    assert "tally.json is not that of the batch" in told("verify", str(old), capsys=capsys)
    change(old, "UPDATE results SET data = x'00' WHERE variant = 'spared'")
    assert "of spared are not as they were stored" in told("verify", str(old), capsys=capsys)


# ------------------------------------------------------------------------------ what reaches out


def test_no_journal_makes_sqlite_delete_another_file(
    one: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A rollback journal of several databases names a file, which is deleted when it is used."""
    thesis = one / "thesis.txt"
    thesis.write_text("five years")
    name, magic = str(thesis).encode(), bytes.fromhex("d9d505f920a163d7")
    pages, page = (one / JOURNAL).stat().st_size // 4096, 4096
    head = magic + struct.pack(">5I", 0, 0, pages, 512, page)
    record = struct.pack(">I", 2**30 // page + 1) + name + struct.pack(">2I", len(name), sum(name))
    (one / f"{JOURNAL}-journal").write_bytes(head.ljust(512, b"\0") + record + magic)
    assert "a file that SQLite would delete" in told("report", str(one), capsys=capsys)
    assert thesis.read_text() == "five years"


ENDLESS = (
    "WITH RECURSIVE more(variant, run, reason, command) AS (SELECT 'baseline', 0, '', '' "
    "UNION ALL SELECT variant, run + 1, '', '' FROM more) SELECT * FROM more"
)


@pytest.mark.parametrize(
    "statements",
    [
        ("DROP TABLE failed", f"CREATE VIEW failed AS {ENDLESS}"),
        (f"CREATE TRIGGER new AFTER DELETE ON facts BEGIN INSERT INTO failed {ENDLESS}; END",),
    ],
    ids=["a view in the place of a table", "a trigger"],
)
def test_what_a_journal_computes_without_end_is_not_begun(
    one: Path, statements: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    change(one, *statements)
    for command in (["report", str(one)], ["batch", "quarrel", "--out", str(one), "--resume"]):
        assert "its tables are not those of a journal" in told(*command, capsys=capsys)


@pytest.mark.parametrize("run", ["-1", "400", "'seven'", "0.5", "9223372036854775807"])
def test_a_run_that_nobody_asked_for_is_refused(
    one: Path, run: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Going on, it was written over another run of the table, or ended in a traceback."""
    change(one, f"INSERT INTO failed VALUES ('baseline', {run}, 'why', '')")
    for command in (["report", str(one)], ["batch", "quarrel", "--out", str(one), "--resume"]):
        assert "runs that nobody asked for" in told(*command, capsys=capsys)


@pytest.mark.parametrize("name", [PARQUET, f"{JOURNAL}-journal", f"{JOURNAL}-wal"])
def test_a_named_pipe_is_not_waited_for(
    one: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (one / name).unlink(missing_ok=True)
    os.mkfifo(one / name)
    said = told("report", str(one), capsys=capsys)
    assert f"{name}: damaged: it is no file" in said or f"{name}: is not a regular file" in said


@pytest.mark.parametrize("name", ["logs", "logs/baseline", INPUTS, f"{INPUTS}/policies"])
def test_no_batch_is_gone_on_with_through_a_link(
    one: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    elsewhere = one.with_name("elsewhere")
    (one / "logs/baseline").mkdir(parents=True)
    (one / name).rename(elsewhere)
    (one / name).symlink_to(elsewhere)
    line = ("batch", "quarrel", "--out", str(one), "--resume")
    assert "is a link: a folder of results holds none" in told(*line, capsys=capsys)
