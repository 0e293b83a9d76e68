"""A batch whose process is killed at a named moment goes on to the same bytes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import quarrel

from wargame.batches.batch import Batch, run_batch
from wargame.batches.store.folder import PARQUET, TALLY

ASKED = {"policies": ["no-talks", "threats"], "runs": 700}

KILLED = """
import os, sys
from importlib import import_module
from wargame.batches.batch import run_batch

module, path, count = sys.argv[1:]
owner = import_module(module)
*above, name = path.split(".")
for step in above:
    owner = getattr(owner, step)
called = getattr(owner, name)

def fatal(*args, **kwargs):
    global count
    count = int(count) - 1
    if count == 0:
        os.kill(os.getpid(), 9)
    return called(*args, **kwargs)

setattr(owner, name, fatal)
run_batch("quarrel", policies=["no-talks", "threats"], runs=700, out="out")
"""


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(quarrel.write(tmp_path))
    return tmp_path


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Batch:
    """The same batch, played on a quiet day."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(quarrel.write(tmp_path_factory.mktemp("day")))
        return run_batch("quarrel", out=Path("quiet").absolute(), **ASKED)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("module", "function", "call"),
    [
        ("wargame.batches.store.folder", "write_text", 1),
        ("wargame.batches.store.folder", "write_text", 3),
        ("wargame.batches.batch", "write_manifest", 1),
        ("os", "fsync", 1),  # an input is written but not in its place
        ("wargame.batches.store.journal", "Journal.create", 1),
        ("wargame.batches.store.journal", "_state", 1),  # the journal is open but empty
        ("wargame.batches.store.journal", "Journal.store", 1),
        ("wargame.batches.store.journal", "Journal.store", 3),
        ("wargame.batches.batch", "export", 1),
        ("wargame.batches.parquet", "table", 2),  # in the midst of the table of runs
        ("wargame.batches.batch", "finish", 1),  # the seal over the whole
        ("wargame.batches.batch", "write_json", 1),  # the tally
    ],
)
def test_killed_at(module: str, function: str, call: int, quiet: Batch) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", KILLED, module, function, str(call)],
        env={**os.environ, "PYTHONPATH": str(quarrel.SOURCE)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == -9, ended.stderr
    assert not (Path("out") / TALLY).exists(), "what is not whole does not look so"

    batch = run_batch("quarrel", out="out", resume=True, **ASKED)  # type: ignore[arg-type]
    for name in (TALLY, PARQUET):
        assert (batch.folder / name).read_bytes() == (quiet.folder / name).read_bytes()
    assert sorted(os.listdir("out")) == sorted(os.listdir(quiet.folder))
    assert Batch.open("out").inputs("threats") == quiet.inputs("threats")
