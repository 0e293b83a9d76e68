"""A batch: what its numbers say, what its folder holds, and that it can be gone on with."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import quarrel
from scipy.stats import binomtest

from wargame.batches import playing, variants
from wargame.batches.batch import Batch, Interrupted, run_batch
from wargame.batches.results import Turns
from wargame.batches.runners.scheduler import Progress
from wargame.batches.store.folder import PARQUET, TALLY
from wargame.engine.record import UNRESOLVED
from wargame.errors import SpecError, StoreError, WargameError
from wargame.statistics.anytime import Look

POLICIES = ("no-talks", "whisper", "hush-money+threats")
ENDINGS = ("War", "Peace", UNRESOLVED)


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Every test stands in a folder of its own that holds the quarrel."""
    monkeypatch.chdir(quarrel.write(tmp_path))
    return tmp_path


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Batch:
    """A batch of three policies that was played to its end on a quiet day."""
    top = quarrel.write(tmp_path_factory.mktemp("whole"))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(top)
        batch = run_batch("quarrel", policies=POLICIES, runs=1500, out=top / "out")
    return batch


def files(batch: Batch) -> dict[str, bytes]:
    """What a batch leaves for others to read; the journal's bytes depend on its chunks."""
    return {name: (batch.folder / name).read_bytes() for name in (TALLY, PARQUET)}


# ------------------------------------------------------------------------------ numbers


def test_what_is_printed_for_programs(whole: Batch) -> None:
    data = json.loads(json.dumps(whole.to_json()))
    assert data["schema"] == 1
    assert data["scenario"] == "quarrel"
    assert data["digest"] == whole.header.digest
    assert data["seed"] == 7
    assert data["out"] == str(whole.folder)
    assert [result["policy"] for result in data["results"]] == ["baseline", *POLICIES]
    for result in data["results"]:
        assert set(result) == {"policy", "runs", "failed", "digest", "endings", "milestones"}
        assert (result["runs"], result["failed"], len(result["digest"])) == (1500, 0, 64)
        assert tuple(result["endings"]) == ENDINGS
        assert tuple(result["milestones"]) == ("crisis",)
        assert sum(row["count"] for row in result["endings"].values()) == 1500
        for row in (*result["endings"].values(), *result["milestones"].values()):
            assert set(row) == {"count", "share", "low", "high"}


def test_intervals_of_endings_are_exact_and_hold_together(whole: Batch) -> None:
    for result in whole.to_json()["results"]:
        for row in result["endings"].values():
            exact = binomtest(row["count"], 1500).proportion_ci(1 - 0.05 / 3, "exact")
            assert (row["low"], row["high"]) == pytest.approx((exact.low, exact.high), abs=1e-12)


def test_what_was_never_seen_has_a_bound() -> None:
    data = run_batch("quarrel", policies=["no-talks"], runs=150).to_json()
    assert data["results"][1]["endings"]["Peace"]["count"] == 0
    # Exact, and simultaneous for the three endings.
    assert data["never_seen"]["no-talks"]["Peace"] == pytest.approx(1 - (0.05 / 3) ** (1 / 150))


def test_turns_of_endings_are_quantiles() -> None:
    counts = np.array([0, 0, 5, 40, 10, 0])  # turn 2 five times, turn 3 forty times, turn 4 ten
    assert Turns.of(counts) == Turns(early=3, median=3, late=4)
    assert Turns.of(np.zeros(5, dtype=np.int64)) is None


def test_a_policy_without_effect_changes_no_run(whole: Batch) -> None:
    study = whole.summary.study
    assert study is not None
    assert not study["whisper"].transitions
    assert whole.tally("whisper").digest == whole.tally("baseline").digest
    for row in study["whisper"]:
        assert row.difference == 0
        assert row.verdict.kind == "small"


def test_a_policy_with_effect_is_resolved_against_the_same_luck(whole: Batch) -> None:
    study = whole.summary.study
    assert study is not None
    found = study["no-talks"]
    assert {row.name: row.verdict.kind for row in found} == {
        "War": "up",
        "Peace": "down",
        UNRESOLVED: "up",
        "crisis": "up",
        "War|crisis": "up",
    }
    assert found["War"].pairing > 1.5
    for ending in ENDINGS:
        moved = sum(
            (flow.count - flow.back) * ((flow.variant == ending) - (flow.base == ending))
            for flow in found.transitions
        )
        after, before = (whole.tally(name).endings[ending] for name in ("no-talks", "baseline"))
        assert moved == after - before


def test_policies_compose_and_a_worldview_holds_for_all() -> None:
    batch = run_batch("quarrel", policies=["hush-money+threats"], worldview="proud", runs=100)
    assert tuple(batch.headers) == ("baseline", "hush-money+threats")
    assert batch.headers["baseline"].overlays == ("proud",)
    assert batch.headers["hush-money+threats"].overlays == ("proud", "hush-money", "threats")
    for variant in batch.headers:
        for _, columns in batch.columns(variant, ["unknown.red.pride"]):
            assert (columns["unknown.red.pride"] == 800).all()
        assert batch.spec(variant).overlay_names == batch.headers[variant].overlays


def test_a_policy_given_by_its_path_has_its_own_name() -> None:
    batch = run_batch("quarrel", policies=["scenarios/policies/no-talks.yaml"], runs=10)
    assert tuple(batch.headers) == ("baseline", "no-talks")


# ------------------------------------------------------------------------------ the folder


def test_an_opened_folder_says_what_was_played(whole: Batch) -> None:
    opened = Batch.open(whole.folder)
    assert opened.complete
    assert opened.headers == whole.headers
    assert opened.expect == whole.expect
    assert opened.to_json() == whole.to_json()
    assert json.loads((whole.folder / TALLY).read_text()) == whole.tallied()


def test_a_row_for_every_run(whole: Batch) -> None:
    pq = pytest.importorskip("pyarrow.parquet")
    table = pq.read_table(whole.folder / PARQUET)
    assert table.num_rows == 4 * 1500
    assert table.column_names == ["policy", "run", *playing.layout(whole.header)]
    frame = table.to_pandas()
    counts = frame[frame.policy == "no-talks"].ending.value_counts()
    assert counts["War"] == whole.tally("no-talks").endings["War"]
    assert (frame.groupby("policy", observed=True).run.nunique() == 1500).all()
    # A hash is a text, which no spreadsheet rounds; it is the journal's number.
    (numbers, columns), *_ = whole.columns("no-talks", ["trail"])
    texts = frame[frame.policy == "no-talks"].sort_values("run").trail
    assert [int(text, 16) for text in texts[: len(numbers)]] == list(columns["trail"])
    assert texts.str.fullmatch("0x[0-9a-f]{16}").all()
    assert json.loads(table.schema.metadata[b"wargame"])["seed"] == 7


def test_without_pyarrow_all_but_the_table_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyarrow.parquet", None)
    batch = run_batch("quarrel", runs=50)
    assert batch.complete
    assert not (batch.folder / PARQUET).exists()


def test_the_next_free_number_below_runs() -> None:
    folders = [run_batch("quarrel", runs=5).folder for _ in range(2)]
    assert folders == [Path("runs/quarrel-0001"), Path("runs/quarrel-0002")]


@pytest.mark.parametrize("jobs", [1, 2])
def test_jobs_change_no_byte(whole: Batch, jobs: int) -> None:
    again = run_batch("quarrel", policies=POLICIES, runs=1500, jobs=jobs, out=f"jobs-{jobs}")
    assert files(again) == files(whole)


# ------------------------------------------------------------------------------ failed runs


def fail(monkeypatch: pytest.MonkeyPatch, run: int) -> None:
    """Let one run of `no-talks` be one that cannot be played."""
    play = playing.play

    def touchy(task: Mapping[str, Any]) -> playing.Columns:
        if task["variant"] == "no-talks" and task["start"] <= run < task["stop"]:
            raise ZeroDivisionError("no gauge may divide by zero")
        return play(task)

    monkeypatch.setattr(playing, "play", touchy)


def test_a_failed_run_is_counted_named_and_never_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        fail(patch, run=77)
        batch = run_batch("quarrel", policies=["no-talks"], runs=300, out="out")
    tally = batch.tally("no-talks")
    assert (tally.runs, tally.failed, sum(tally.endings.values())) == (300, 1, 299)
    (failure,) = batch.to_json()["failures"]
    assert failure == {
        "policy": "no-talks",
        "run": 77,
        "reason": "ZeroDivisionError: no gauge may divide by zero",
        "command": "wargame run ./out/inputs/scenario.yaml --overlay "
        "./out/inputs/policies/no-talks/overlays/1-no-talks.yaml --seed 7 --run 77",
    }
    study = batch.summary.study
    assert study is not None
    assert (study["no-talks"].n, study["no-talks"].failed_variant) == (300, 1)

    pq = pytest.importorskip("pyarrow.parquet")
    row = pq.read_table(batch.folder / PARQUET).slice(300 + 77, 1).to_pylist()[0]
    assert (row["run"], row["ending"], row["turn"]) == (77, "failed", None)

    again = run_batch("quarrel", out="out", resume=True)
    assert again.tally("no-talks").failed == 1, "it stays failed until somebody asks"
    mended = run_batch("quarrel", out="out", resume=True, retry=True)
    assert mended.tally("no-talks").failed == 0
    assert files(mended) == files(run_batch("quarrel", policies=["no-talks"], runs=300))


# ------------------------------------------------------------------------------ until, look


def test_until_stops_all_variants_at_the_same_run() -> None:
    batch = run_batch("quarrel", policies=["no-talks"], until=0.03, out="until")
    stop = batch.stop
    assert stop is not None and stop.reached
    runs = {tally.runs for tally in batch.tallies()}
    assert len(runs) == 1
    assert 400 < runs.pop() < 5000
    for tally in batch.tallies():
        assert all((row.high - row.low) / 2 <= 0.03 for row in tally.ending_shares())
    spread = run_batch("quarrel", policies=["no-talks"], until=0.03, jobs=2, out="spread")
    assert files(spread) == files(batch)


def test_until_gives_up_at_the_runs_allowed() -> None:
    batch = run_batch("quarrel", until=0.01, runs=450)
    assert batch.stop is not None and not batch.stop.reached
    assert batch.tally().runs == 450
    assert batch.to_json()["precision"]["more"] > 0


def test_looks_come_as_the_batch_grows() -> None:
    seen: list[tuple[Look, ...]] = []
    run_batch("quarrel", policies=["no-talks"], runs=3000, out="out", on_look=seen.append)
    sizes = [looks[0].n for looks in seen]
    assert sizes == sorted(sizes) and sizes[0] >= 400
    for base, *policies in seen:
        assert base.variant == "baseline" and not any(row.resolved for row in base.rows)
        assert all(policy.variant == "no-talks" for policy in policies)
    assert any(row.name == "War" and row.resolved for row in seen[-1][1].rows)


# ------------------------------------------------------------------------------ going on


def stop_after(calls: int) -> Any:
    """A watcher that behaves as Ctrl-C does, at a given report of progress."""
    left = calls

    def watch(progress: Progress) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            raise KeyboardInterrupt

    return watch


@pytest.mark.parametrize("after", [1, 2, 4])
@pytest.mark.parametrize("asked", [{"runs": 1500}, {"until": 0.03}])
def test_an_interrupted_batch_goes_on_to_the_same_bytes(after: int, asked: dict[str, Any]) -> None:
    quiet = run_batch("quarrel", policies=POLICIES, out="quiet", **asked)
    with pytest.raises(Interrupted) as stopped:
        run_batch("quarrel", policies=POLICIES, out="out", on_progress=stop_after(after), **asked)
    assert not stopped.value.batch.complete
    done, total = stopped.value.batch.counts()
    assert 0 <= done < total
    # Nothing needs to be said again.
    batch = run_batch("quarrel", out="out", resume=True)
    assert batch.complete and files(batch) == files(quiet)
    assert files(run_batch("quarrel", out="out", resume=True)) == files(quiet)


def test_a_batch_can_be_made_longer() -> None:
    run_batch("quarrel", policies=POLICIES, runs=200, out="out")
    longer = run_batch("quarrel", runs=900, out="out", resume=True)
    assert files(longer) == files(run_batch("quarrel", policies=POLICIES, runs=900))


def test_a_longer_batch_that_is_interrupted_does_not_look_whole() -> None:
    run_batch("quarrel", runs=200, out="out")
    with pytest.raises(Interrupted):
        run_batch("quarrel", runs=900, out="out", resume=True, on_progress=stop_after(2))
    assert not Batch.open("out").complete
    assert not (Path("out") / PARQUET).exists()


LOUDER = quarrel.FILES["scenarios/policies/no-talks.yaml"] + "start: {trust: 290}\n"
WILDER = quarrel.FILES["scenarios/quarrel.yaml"].replace("chance: 150", "chance: 160")


@pytest.mark.parametrize(
    ("change", "asked", "told"),
    [
        ({}, {"seed": 8}, "another seed (7, now 8)"),
        ({}, {"policies": ["whisper"]}, "other overlays (baseline, no-talks, now baseline, whisp"),
        ({}, {"worldview": "proud"}, "other overlays"),
        ({}, {"runs": 100}, "runs 0 to 199, now 0 to 99"),
        ({"scenarios/policies/no-talks.yaml": LOUDER}, {}, "another text of the overlays of no-t"),
        ({"scenarios/quarrel.yaml": WILDER}, {}, "another scenario"),
    ],
)
def test_a_batch_does_not_go_on_as_another(
    place: Path, change: dict[str, str], asked: dict[str, Any], told: str
) -> None:
    batch = run_batch("quarrel", policies=["no-talks"], runs=200, out="out")
    before = files(batch)
    quarrel.write(place, change)
    with pytest.raises(StoreError) as error:
        run_batch("quarrel", out="out", resume=True, **asked)
    assert told in str(error.value)
    assert files(batch) == before
    assert batch.to_json()["results"]


def test_a_batch_does_not_go_on_under_another_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    run_batch("quarrel", runs=20, out="out")
    monkeypatch.setattr(variants, "__version__", "99.0")
    with pytest.raises(StoreError, match="another engine"):
        run_batch("quarrel", out="out", resume=True)


# ------------------------------------------------------------------------------ before it begins


def test_all_faults_of_all_policies_are_told_before_the_first_run(place: Path) -> None:
    bad = quarrel.FILES["scenarios/policies/no-talks.yaml"].replace("forbid: [talk]", "forbid: [x]")
    quarrel.write(place, {"scenarios/policies/no-talks.yaml": bad})
    with pytest.raises(SpecError) as error:
        run_batch("quarrel", policies=["no-talks", "no-tolks", "stranger"], runs=10, out="a/b")
    lines = str(error.value).splitlines()
    assert any("no-talks.yaml:7:10" in line for line in lines)
    assert any("no-tolks" in line and "no-talks" in line for line in lines)
    assert any("stranger" in line or "bridge-2022" in line for line in lines)
    assert not (place / "a").exists()


@pytest.mark.parametrize(
    "asked",
    [
        {"runs": 0},
        {"runs": -5},
        {"runs": 10**12},
        {"seed": 2**64},
        {"seed": -1},
        {"jobs": 0},
        {"until": 0.0},
        {"until": 0.7},
        {"until": float("nan")},
        {"policies": ["no-talks", "scenarios/policies/no-talks.yaml"]},
        {"policies": [""]},
        {"resume": True},
        {"retry": True},
    ],
    ids=str,
)
def test_what_makes_no_sense_leaves_nothing_behind(place: Path, asked: dict[str, Any]) -> None:
    before = sorted(place.rglob("*"))
    with pytest.raises(WargameError) as error:
        run_batch("quarrel", **{"runs": 10, **asked})
    assert len(str(error.value).splitlines()) == 1
    assert sorted(place.rglob("*")) == before


def test_a_folder_that_holds_something_is_left_alone(place: Path) -> None:
    (place / "out").mkdir()
    (place / "out" / "thesis.txt").write_text("years of work")
    for resume in (False, True):
        with pytest.raises(StoreError):
            run_batch("quarrel", runs=5, out="out", resume=resume)
    assert os.listdir("out") == ["thesis.txt"]
