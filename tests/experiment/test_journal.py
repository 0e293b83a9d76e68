"""The journal: each run once, in any order, in any pieces; changed plans and damage are refused."""

from __future__ import annotations

import math
import os
import resource
import shutil
import sqlite3
import tracemalloc
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from toy_play import Columns, tally, toy_plan

from wargame.batches.store.columns import Packed, pack, unpack
from wargame.batches.store.journal import Counts, Journal
from wargame.batches.store.plan import Chunk, Plan
from wargame.errors import StoreError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.sqlite"


def played(plan: Plan, chunk: Chunk) -> Packed:
    return pack(tally(plan.task(chunk)), len(chunk))


def play_all(journal: Journal) -> None:
    for chunk in journal.pending():
        assert journal.store(chunk, played(journal.plan, chunk))


def whole(path: Path, plan: Plan) -> str:
    """The digest of a plan played without any trouble."""
    with Journal.create(path.with_name("whole.sqlite"), plan) as journal:
        play_all(journal)
        return journal.digest()


def told(path: Path, plan: Plan | None = None) -> str:
    """The one line with which a journal is refused."""
    with pytest.raises(StoreError) as refusal:
        (Journal.resume(path, plan) if plan else Journal.read(path)).close()
    line = str(refusal.value)
    assert "\n" not in line and line.startswith(f"{path}: ")
    return line.removeprefix(f"{path}: ")


# ------------------------------------------------------------------------------ columns


@given(
    columns=st.dictionaries(
        st.text(),
        st.sampled_from(["bool", "int8", "uint16", "int64", ">i4", "float64"]),
        max_size=5,
    ),
    runs=st.integers(1, 9),
)
def test_columns_come_back_as_they_went(columns: dict[str, str], runs: int) -> None:
    values: Columns = {
        name: (np.arange(runs * 3)[::3] - (dtype[0] not in "ub")).astype(dtype)
        for name, dtype in columns.items()
    }
    packed = pack(values, runs)
    back = unpack(packed, runs)
    assert list(back) == sorted(values)
    for name, column in back.items():
        assert (column == values[name]).all()
        assert column.dtype == values[name].dtype.newbyteorder("<")
    assert list(unpack(packed, runs, names=list(columns)[:1])) == list(columns)[:1]


@pytest.mark.parametrize(
    "column", [np.zeros((2, 3)), np.zeros(2), np.array(["a"] * 3), np.array([None] * 3)]
)
def test_only_numbers_of_every_run_are_columns(column: np.ndarray) -> None:
    with pytest.raises(ValueError, match="column 'x'"):
        pack({"x": column}, 3)


@pytest.mark.parametrize("inner", [(1,), (52,), (2, 3)])
@pytest.mark.parametrize("dtype", ["bool", "int8", ">i4", "float64"])
def test_a_run_may_have_several_numbers_in_a_column(inner: tuple[int, ...], dtype: str) -> None:
    values = np.arange(4 * math.prod(inner)).reshape(4, *inner).astype(dtype)
    back = unpack(pack({"x": values}, 4), 4)["x"]
    assert back.shape == values.shape and (back == values).all()


def test_bytes_of_another_length_are_no_columns() -> None:
    packed = pack({"x": np.zeros(3)}, 3)
    with pytest.raises(ValueError, match="24 bytes where 32 are due"):
        unpack(packed, 4)
    with pytest.raises(ValueError, match="incorrect header"):
        unpack(replace(packed, data=b"nonsense"), 3)


# ------------------------------------------------------------------------------ store, read


def test_what_is_stored_is_read_back_in_order(path: Path) -> None:
    plan = toy_plan(runs=250)
    with Journal.create(path, plan) as journal:
        for chunk in reversed(list(plan.chunks())):
            assert journal.store(chunk, played(plan, chunk))
    with Journal.read(path) as journal:
        assert journal.counts() == dict.fromkeys(("baseline", "a", "a+b"), Counts(250, 0))
        for variant in plan.variants:
            spans, columns = zip(*journal.results(variant.name), strict=True)
            assert spans == (range(100), range(100, 200), range(200, 250))
            expected = tally(plan.task(Chunk(variant.name, 0, 250)))
            for name, values in expected.items():
                assert (np.concatenate([part[name] for part in columns]) == values).all()
        (first, *_) = journal.results("a", names=["turn"])
        assert list(first[1]) == ["turn"]
        assert not list(journal.pending())


def test_a_run_is_stored_once_however_often_it_comes(path: Path) -> None:
    plan = toy_plan()
    with Journal.create(path, plan) as journal:
        for span in [(100, 200), (0, 50), (300, 400)]:
            assert journal.store(Chunk("a", *span), played(plan, Chunk("a", *span)))
        before = journal.digest()
        for span in [(100, 200), (150, 250), (0, 1000), (40, 60), (399, 400), (0, 1)]:
            assert not journal.store(Chunk("a", *span), played(plan, Chunk("a", *span)))
        assert not journal.fail("a", 120, "too late to fail")
        assert journal.digest() == before
        assert journal.counts()["a"] == Counts(250, 0)


def test_failed_runs_are_kept_with_reason_and_can_be_forgiven(path: Path) -> None:
    plan = toy_plan(runs=100)
    with Journal.create(path, plan) as journal:
        assert journal.fail("a", 17, "killed by SIGKILL")
        assert not journal.fail("a", 17, "killed again")
        assert journal.gaps(Chunk("a", 0, 100)) == [Chunk("a", 0, 17), Chunk("a", 18, 100)]
        play_all(journal)
        (failure,) = journal.failed("a")
        assert (failure.run, failure.reason) == (17, "killed by SIGKILL")
        assert journal.counts()["a"] == Counts(99, 1)
        failing = journal.digest()
        assert journal.forgive() == 1
        play_all(journal)
        assert journal.digest() == whole(path, plan) != failing


@settings(max_examples=25)
@given(data=st.data())
def test_the_digest_knows_nothing_of_pieces_and_order(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Cut the runs anywhere, store the pieces in any order, drop and resume: one digest."""
    folder = tmp_path_factory.mktemp("pieces")
    plan = toy_plan(runs=40, chunk=40)
    pieces = []
    for variant in plan.variants:
        cuts = sorted({0, 40, *data.draw(st.lists(st.integers(1, 39), max_size=4))})
        pieces += [Chunk(variant.name, start, stop) for start, stop in pairwise(cuts)]
    pieces = data.draw(st.permutations(pieces))
    path = folder / "journal.sqlite"
    Journal.create(path, plan).close()
    some = data.draw(st.integers(0, len(pieces)))
    with Journal.resume(path, plan) as journal:
        for piece in pieces[:some]:
            assert journal.store(piece, played(plan, piece))
    with Journal.resume(path, replace(plan, chunk=data.draw(st.integers(1, 50)))) as journal:
        play_all(journal)
        assert journal.digest() == whole(path, plan)


def test_every_value_counts_in_the_digest(tmp_path: Path) -> None:
    plan = toy_plan(runs=10, chunk=10)
    digests = set()
    for name in ("same", "ending", "turn", "nuclear", "missing", "failed"):
        with Journal.create(tmp_path / name, plan) as journal:
            for chunk in plan.chunks():
                columns = tally(plan.task(chunk))
                if name in columns and chunk.variant == "a":
                    columns[name] = columns[name].copy()
                    columns[name][9] ^= 1
                if name in ("missing", "failed") and chunk.variant == "a":
                    assert name == "missing" or journal.fail("a", 9, "?")
                    chunk = Chunk("a", 0, 9)
                    columns = {key: column[:9] for key, column in columns.items()}
                assert journal.store(chunk, pack(columns, len(chunk)))
            digests.add(journal.digest())
    assert len(digests) == 6


def test_results_of_another_shape_are_refused(path: Path) -> None:
    with Journal.create(path, toy_plan()) as journal:
        journal.store(Chunk("a", 0, 5), pack({"ending": np.zeros(5, np.int8)}, 5))
        with pytest.raises(StoreError, match="results have the columns"):
            journal.store(Chunk("a", 5, 9), pack({"ending": np.zeros(4, np.int16)}, 4))
        assert journal.counts()["a"] == Counts(5, 0)


def test_reading_holds_one_chunk_at_a_time(path: Path) -> None:
    plan = replace(toy_plan(), runs=range(100_000), chunk=1000)
    noise = np.random.Generator(np.random.Philox(7))
    with Journal.create(path, plan) as journal:
        for start in range(0, 100_000, 1000):
            values = {"noise": noise.integers(2**60, size=1000)}
            journal.store(Chunk("a", start, start + 1000), pack(values, 1000))
        tracemalloc.start()
        try:
            journal.digest()
            assert sum(len(numbers) for numbers, _ in journal.results("a")) == 100_000
            assert sum(1 for _ in journal.pending()) == 200
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert path.stat().st_size > 800_000
    assert peak < 200_000


# ------------------------------------------------------------------------------ resume


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"scenario": "other"}, "another scenario (sha-of-toy, now other): start a new folder"),
        ({"seed": 8}, "another seed (7, now 8)"),
        ({"engine": "0.2"}, "another engine (0.1, now 0.2)"),
        ({"seed": 8, "engine": "0.2"}, "another seed (7, now 8); another engine (0.1, now 0.2)"),
        ({"variants": toy_plan().variants[:2]}, "other overlays (baseline, a, a+b, now baseline,"),
        (
            {
                "variants": (
                    replace(toy_plan().variants[0], digest="edited"),
                    *toy_plan().variants[1:],
                )
            },
            "another text of the overlays of baseline",
        ),
        ({"runs": range(999)}, "runs 0 to 999, now 0 to 998"),
        ({"runs": range(1, 1000)}, "runs 0 to 999, now 1 to 999"),
    ],
)
def test_another_plan_is_refused_and_the_difference_named(
    path: Path, change: dict[str, object], reason: str
) -> None:
    plan = toy_plan()
    Journal.create(path, plan).close()
    other = replace(plan, **change)  # type: ignore[arg-type]
    assert told(path, other).startswith(f"the batch was begun with {reason}")
    Journal.resume(path, plan).close()


def test_settings_commands_and_chunks_may_differ(path: Path) -> None:
    Journal.create(path, toy_plan(folder="here")).close()
    elsewhere = replace(toy_plan(folder="there"), chunk=7)
    with Journal.resume(path, elsewhere) as journal:
        assert journal.plan is elsewhere
    with Journal.read(path) as journal:
        assert [v.overlays for v in journal.plan.variants] == [(), ("a",), ("a", "b")]


def test_a_batch_may_ask_for_more_runs_later(path: Path) -> None:
    few, many = toy_plan(runs=250), toy_plan(runs=640)
    with Journal.create(path, few) as journal:
        play_all(journal)
        short = journal.digest()
    with Journal.resume(path, many) as journal:
        assert Chunk("a", 250, 300) in list(journal.pending())
        play_all(journal)
        assert journal.digest() == whole(path, many) != short
    assert told(path, few).startswith("the batch was begun with runs 0 to 639, now 0 to 249")


def test_a_journal_that_had_hardly_begun_is_begun(path: Path) -> None:
    path.touch()
    assert told(path) == "the batch was stopped before it began"
    with Journal.resume(path, toy_plan(runs=10)) as journal:
        play_all(journal)
        assert journal.digest() == whole(path, toy_plan(runs=10))


# ------------------------------------------------------------------------------ refusals


def test_one_batch_at_a_time(path: Path) -> None:
    with Journal.create(path, toy_plan()):
        assert told(path, toy_plan()) == "is in use: a batch is being played into it"
        assert told(path) == "is in use: a batch is being played into it"
    Journal.read(path).close()


def test_what_is_no_journal_is_refused_and_left_alone(tmp_path: Path) -> None:
    plan = toy_plan()
    notes, fifo, base = tmp_path / "notes", tmp_path / "fifo", tmp_path / "base"
    notes.write_text("my holiday notes, " * 50)
    os.mkfifo(fifo)
    with closing(sqlite3.connect(base)) as other:
        other.execute("CREATE TABLE recipes (name)")
        other.commit()
    before = notes.read_bytes(), base.read_bytes()
    assert told(notes, plan) == told(notes) == "is not the journal of a batch"
    assert told(base, plan) == told(base) == "is a database, but not the journal of a batch"
    for path in (tmp_path, fifo):
        assert told(path, plan) == "is not a regular file, so not a database"
    assert told(tmp_path / "nowhere", plan) == "there is no batch to resume"
    assert told(tmp_path / "nowhere") == "there is no batch here"
    assert (notes.read_bytes(), base.read_bytes()) == before
    for path in (notes, tmp_path, fifo, base):
        with pytest.raises(StoreError, match="exists already; resume it"):
            Journal.create(path, plan)
    with pytest.raises(StoreError, match="cannot be used: unable to open database file"):
        Journal.create(tmp_path / "no" / "folder", plan)


def tamper(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(statement)
        connection.commit()


def test_a_journal_from_the_future_is_refused(path: Path) -> None:
    Journal.create(path, toy_plan()).close()
    tamper(path, "PRAGMA user_version = 2")
    assert told(path).startswith("was written by a newer version of this program (journal format 2")


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("PRAGMA user_version = 0", "there is no journal format 0"),
        ("DELETE FROM facts WHERE name = 'plan'", "it holds no plan"),
        ("UPDATE facts SET text = replace(text, '7', '8')", "its plan is not what was stored"),
    ],
)
def test_a_journal_whose_plan_has_changed_is_refused(
    path: Path, statement: str, reason: str
) -> None:
    Journal.create(path, toy_plan()).close()
    tamper(path, statement)
    assert told(path) == told(path, toy_plan()) == f"damaged: {reason}"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE results SET data = CAST(x'00' || substr(data, 2) AS BLOB) WHERE start = 100",
        "UPDATE results SET data = zeroblob(0) WHERE start = 100",
        "DELETE FROM results WHERE start = 100",
        "UPDATE chunks SET stop = stop - 1 WHERE start = 100",
        "UPDATE results SET (sum, data) = (SELECT sum, data FROM results WHERE start = 200) "
        "WHERE start = 100",
    ],
)
def test_results_that_have_changed_are_found(path: Path, statement: str) -> None:
    with Journal.create(path, toy_plan(runs=300)) as journal:
        play_all(journal)
    tamper(path, statement)
    with Journal.read(path) as journal, pytest.raises(StoreError, match="damaged: runs"):
        journal.digest()


def test_a_flipped_bit_is_found_or_changes_no_result(path: Path) -> None:
    """SQLite has no checksums of its own: a chunk may get lost, and will be played again."""
    plan = toy_plan(runs=60, chunk=20)
    with Journal.create(path, plan) as journal:
        play_all(journal)
        digest = journal.digest()
    with Journal.read(path) as journal:
        stored = journal.plan
    good = path.read_bytes()
    found = 0
    for position in range(0, len(good), 23):
        bad = bytearray(good)
        bad[position] ^= 1 << position % 8
        path.write_bytes(bad)
        try:
            with Journal.read(path) as journal:
                journal.counts()
                assert journal.digest() == digest or list(journal.pending())
                assert journal.plan == stored
        except StoreError:
            found += 1
    assert found > 50


@contextmanager
def files_no_larger_than(size: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_ends_the_batch_and_room_lets_it_go_on(path: Path) -> None:
    plan = toy_plan(runs=20_000, chunk=1000)
    with Journal.create(path, plan) as journal, files_no_larger_than(64 * 1024):
        with pytest.raises(StoreError, match="cannot be used: "):
            play_all(journal)
        assert 0 < sum(count.played for count in journal.counts().values()) < 60_000
    with Journal.resume(path, plan) as journal:
        play_all(journal)
        assert journal.digest() == whole(path, plan)


def test_a_copy_is_as_good_as_the_original(path: Path, tmp_path: Path) -> None:
    with Journal.create(path, toy_plan(runs=10)) as journal:
        play_all(journal)
        digest = journal.digest()
    copy = tmp_path / "a folder # with ? odd\nname"
    copy.mkdir()
    shutil.copy(path, copy / "j%41.sqlite")
    with Journal.read(copy / "j%41.sqlite") as journal:
        assert journal.digest() == digest


def test_reading_changes_nothing(path: Path) -> None:
    Journal.create(path, toy_plan()).close()
    with Journal.read(path) as journal, pytest.raises(StoreError, match="cannot be used"):
        journal.fail("a", 1, "?")
