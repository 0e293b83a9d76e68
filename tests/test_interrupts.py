"""Ctrl-C at any moment is one word and exit code 130; what was played can be gone on with."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import quarrel

STRUCK = """
import os, signal, sys
from importlib import import_module
from importlib.abc import MetaPathFinder
from wargame.cli import start  # from here on it is one word

place, times = sys.argv[1], int(sys.argv[2])

def strike():
    for _ in range(times):
        os.kill(os.getpid(), signal.SIGINT)

class Watch(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name == place.removeprefix("import "):
            sys.meta_path.remove(self)
            strike()

if place == "start":
    strike()
elif place.startswith("import "):
    sys.meta_path.insert(0, Watch())
else:
    module, _, path = place.partition(":")
    owner = import_module(module)
    *above, name = path.split(".")
    for step in above:
        owner = getattr(owner, step)
    called = getattr(owner, name)

    def struck(*args, **kwargs):
        strike()
        return called(*args, **kwargs)

    setattr(owner, name, struck)
sys.argv = ["wargame", *sys.argv[3:]]
sys.exit(start.main())
"""

BATCH = ["batch", "quarrel", "--runs", "300", "--jobs", "2", "--out", "out"]
RARE = ["rare", "quarrel", "--state", "War", "--replicates", "6", "--effort", "20", "--jobs", "2"]
RARE += ["--pilot", "100"]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(quarrel.write(tmp_path))
    monkeypatch.setenv("WARGAME_CACHE", str(tmp_path / "cache"))


def listening() -> None:
    """As a process of a terminal, which is not told to ignore Ctrl-C."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def struck(place: str, words: list[str], times: int = 1) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", STRUCK, place, str(times), *words],
        env={**os.environ, "PYTHONPATH": str(quarrel.SOURCE)},
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=listening,
    )


@pytest.mark.parametrize(
    ("place", "words", "times"),
    [
        ("start", BATCH, 1),
        ("import wargame.cli.main", BATCH, 2),
        ("import wargame.cli.studies.batch", BATCH, 1),
        ("import numpy", BATCH, 2),
        ("wargame.batches.runners.local_runner:Worker.__init__", RARE, 1),
        ("wargame.batches.runners.local_runner:Worker.end", RARE, 2),
        ("wargame.batches.runners.runner:Runner.play", BATCH, 1),
        ("wargame.batches.store.journal:Journal.store", BATCH, 1),
        ("os:fsync", BATCH, 1),
        ("wargame.cli.shared.batch_tables:told", BATCH, 1),
        ("wargame.batches.store.journal:Journal.store", RARE, 2),
        ("shutil:rmtree", RARE, 1),
    ],
)
def test_ctrl_c_is_one_word(place: str, words: list[str], times: int) -> None:
    done = struck(place, words, times)
    assert done.returncode == 130, done.stderr
    first, *rest = done.stderr.strip().splitlines()
    assert first.startswith("wargame: interrupted")
    assert all(line.startswith("  wargame ") for line in rest), "how to go on, and nothing else"


def test_what_a_library_makes_of_it_is_still_ctrl_c() -> None:
    swallowed = STRUCK.replace(
        "        strike()\n        return", "        turned()\n        return"
    ).replace(
        "class Watch",
        "def turned():\n    try:\n        strike()\n    except KeyboardInterrupt:\n"
        "        raise RuntimeError('a callback failed')\n\nclass Watch",
    )
    done = subprocess.run(
        [sys.executable, "-c", swallowed, "wargame.content.load:load", "1", *RARE],
        env={**os.environ, "PYTHONPATH": str(quarrel.SOURCE)},
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=listening,
    )
    assert (done.returncode, done.stderr) == (130, "wargame: interrupted\n")


@pytest.mark.long
@pytest.mark.parametrize("words", [BATCH, RARE])
def test_ctrl_c_at_any_time(words: list[str]) -> None:
    ready = "import sys; from wargame import start; print('up', flush=True); sys.exit(start.main())"
    told = set()
    for seconds in np.linspace(0.0, 4.0, 80):
        process = subprocess.Popen(
            [sys.executable, "-c", ready, *words],
            env={**os.environ, "PYTHONPATH": str(quarrel.SOURCE)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=listening,
        )
        assert process.stdout is not None and process.stdout.readline() == "up\n"
        try:
            process.wait(float(seconds))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGINT)
        _, error = process.communicate()
        assert process.returncode in (0, 130, 2), error
        assert "Traceback" not in error and "Exception ignored" not in error
        if process.returncode == 130:
            assert error.strip().startswith("wargame: interrupted")
            told.add(error)
    assert told
