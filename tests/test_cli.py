"""The command line: what it prints where, its exit codes, and what a mistake leaves behind."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import quarrel

from wargame.cli.main import COMMANDS, main

SMALL = ("--runs", "20", "--jobs", "1")


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Every test stands in a folder of its own that holds the quarrel."""
    monkeypatch.chdir(quarrel.write(tmp_path))
    return tmp_path


def everything(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


# ------------------------------------------------------------------------------ manners


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_with_examples(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main([command, "--help"])
    assert stopped.value.code == 0
    assert f"wargame {command}" in capsys.readouterr().out


def test_help_comes_at_once(place: Path) -> None:
    program = (
        "import sys; from wargame.cli.main import main; main([]); "
        "print(sorted({'numpy', 'yaml', 'pydantic', 'scipy', 'mesa'} & set(sys.modules)))"
    )
    told = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": str(quarrel.SOURCE)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert told.endswith("[]\n")


def test_json_is_one_object_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["batch", "quarrel", *SMALL, "--policy", "no-talks", "--json"]) == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)["results"][1]["policy"] == "no-talks"
    assert printed.err == "", "progress is for terminals only"


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("en", ["resolved up", "Peace → unresolved", "no-talks: 600 runs", "  digest "]),
        ("ja", ["上昇と確定", "Peace → 決着なし", "（no-talks）：実行600回", "  ダイジェスト "]),
    ],
)
def test_tables_are_told_in_both_languages(
    lang: str, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--runs", "600", "--jobs", "1", "--policy", "no-talks", "--lang", lang]
    assert main(["batch", "quarrel", *arguments]) == 0
    printed = capsys.readouterr().out
    assert all(word in printed for word in words)
    assert "runs/quarrel-0001" in printed


# ------------------------------------------------------------------------------ mistakes


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ("quarrel --runs 0", "runs must be a whole number from 1 to 1,000,000,000, not 0"),
        ("quarrel --runs 1000000000000", "not 1,000,000,000,000"),
        ("quarrel --seed 18446744073709551616", "seed must be a number from 0 to 2**63 - 1"),
        ("quarrel --jobs 0", "jobs must be between 1 and 1024, not 0"),
        ("quarrel --until 7", "until is half the width of an interval"),
        ("quarrel --policy stranger", "stranger is written for bridge-2022, not for quarrel"),
        ("quarrel --policy no-tolks", "did you mean 'no-talks'?"),
        ("quarrel --policy no-talks --policy no-talks", "no-talks is named twice"),
        ("quarrel --worldview humble", "there is no policy or worldview 'humble'"),
        ("quarel", "did you mean 'quarrel'?"),
        ("scenarios/policies/no-talks.yaml", "no-talks.yaml:"),
        ("quarrel --resume", "name its folder: --out DIR"),
        ("quarrel --out new --resume", "new holds no batch to go on with"),
        ("quarrel --out full", "full is not empty (thesis.txt)"),
        ("quarrel --out full --resume", "full holds no batch to go on with"),
        ("quarrel --out fifo", "fifo is no folder"),
        ("quarrel --out file/below", "file is no folder"),
        ("quarrel --out dangling", "dangling is no folder"),
        ("quarrel --out " + "x" * 300, "cannot be written: File name too long"),
    ],
    ids=lambda text: text[:40],
)
def test_a_mistake_is_told_and_leaves_nothing_behind(
    place: Path, arguments: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (place / "full").mkdir()
    (place / "full" / "thesis.txt").touch()
    (place / "file").touch()
    (place / "dangling").symlink_to("nowhere")
    os.mkfifo(place / "fifo")
    before = everything(place)
    assert main(["batch", *arguments.split()]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("wargame: ") and told in printed.err
    assert "Traceback" not in printed.err
    if "no-talks.yaml" not in arguments:
        assert len(printed.err.splitlines()) == 1
    assert everything(place) == before


@pytest.mark.parametrize("arguments", ["--runs ten", "--runs 1.5", "--no-such-thing", "--lang fr"])
def test_what_cannot_be_parsed_ends_with_two(
    place: Path, arguments: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = everything(place)
    with pytest.raises(SystemExit) as stopped:
        main(["batch", "quarrel", *arguments.split()])
    assert stopped.value.code == 2
    told = capsys.readouterr().err
    assert told.startswith("wargame batch: ") and len(told.splitlines()) == 1
    assert everything(place) == before


def test_a_path_with_spaces_and_a_newline(place: Path) -> None:
    odd = place / "an odd\nname"
    quarrel.write(odd)
    scenario = odd / "scenarios" / "quarrel.yaml"
    assert main(["batch", str(scenario), *SMALL, "--out", "out of\nline"]) == 0
    assert (place / "out of\nline" / "tally.json").exists()


# ------------------------------------------------------------------------------ the system


@pytest.fixture
def open_place() -> Iterator[Path]:
    """A folder that other users may enter, too."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield quarrel.write(folder)
    shutil.rmtree(folder)


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


def test_a_folder_without_the_right_to_write(
    open_place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(open_place)
    assert main(["batch", "quarrel", *SMALL]) == 0  # whatever is imported late is imported now
    capsys.readouterr()
    (open_place / "closed").mkdir(mode=0o555)
    before = everything(open_place)
    for out in ("closed", "closed/new"):
        with as_nobody():
            assert main(["batch", "quarrel", *SMALL, "--out", out]) == 2
        told = capsys.readouterr().err
        assert "Permission denied" in told and len(told.splitlines()) == 1
    assert everything(open_place) == before


@pytest.mark.parametrize("room", [4_000, 24_000, 40_000])
def test_a_full_disk(place: Path, room: int) -> None:
    """Files may grow to so many bytes and no further: the same errors as on a disk that is full."""
    limit = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({room}, {room}))"
    program = (
        f"{limit}; import sys; from wargame.cli.main import main; sys.exit(main(sys.argv[1:]))"
    )
    arguments = ["batch", "quarrel", "--runs", "3000", "--jobs", "1", "--out", "out"]
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        env={**os.environ, "PYTHONPATH": str(quarrel.SOURCE)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("wargame: out") and len(done.stderr.splitlines()) == 1
    assert not Path("out/tally.json").exists()
    assert not Path("out/runs.parquet").exists()
    assert main([*arguments, *(["--resume"] if Path("out").exists() else [])]) == 0
    assert main([*arguments[:-1], "quiet"]) == 0
    for name in ("tally.json", "runs.parquet"):
        assert Path("out", name).read_bytes() == Path("quiet", name).read_bytes()


def test_nobody_reads_the_output(place: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = quarrel.wargame(
        "batch", "quarrel", *SMALL, "--json", cwd=place,
        stdout=writer, stderr=subprocess.PIPE, capture_output=False,
    )  # fmt: skip
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, "")
    assert Path("runs/quarrel-0001/tally.json").exists()


def test_the_output_has_no_room(place: Path) -> None:
    with open("/dev/full", "w") as full:
        done = quarrel.wargame(
            "batch", "quarrel", *SMALL, cwd=place,
            stdout=full, stderr=subprocess.PIPE, capture_output=False,
        )  # fmt: skip
    assert (done.returncode, done.stderr) == (2, "wargame: No space left on device\n")


def test_the_output_is_closed(place: Path) -> None:
    shell = f"exec {sys.executable} -m wargame batch quarrel --runs 20 --jobs 1 >&- 2>&-"
    done = subprocess.run(
        ["sh", "-c", shell], env={**os.environ, "PYTHONPATH": str(quarrel.SOURCE)}, check=False
    )
    assert done.returncode == 0
    assert main(["batch", "quarrel", "--out", "runs/quarrel-0001", "--resume"]) == 0


CTRL_C = """
import os, signal, sys
from wargame.cli.studies import batch
from wargame.cli.main import main

class Meter(batch.Meter):
    def show(self, done, total, *rest):
        if 0 < done:
            os.kill(os.getpid(), signal.SIGINT)

batch.Meter = Meter
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.parametrize("jobs", [1, 2])
def test_control_c_leaves_a_batch_that_goes_on(
    place: Path, jobs: int, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["batch", "quarrel", "--runs", "600", "--policy", "no-talks", "--jobs", str(jobs)]
    done = subprocess.run(
        [sys.executable, "-c", CTRL_C, *asked, "--out", "my runs"],
        env={**os.environ, "PYTHONPATH": str(quarrel.SOURCE)},
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert done.returncode == 130
    assert done.stdout == ""
    first, command = done.stderr.splitlines()
    assert first.startswith("wargame: interrupted after ") and "of 1,200 runs" in first
    assert command.strip() == "wargame batch quarrel --out 'my runs' --resume"
    assert not Path("my runs/tally.json").exists()

    assert main(["batch", "quarrel", "--out", "my runs", "--resume"]) == 0
    assert main([*asked, "--out", "quiet"]) == 0
    for name in ("tally.json", "runs.parquet"):
        assert Path("my runs", name).read_bytes() == Path("quiet", name).read_bytes()


def test_check_says_its_summary_in_both_languages(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "slip.yaml"
    path.write_text("schema: 1\nid: slip\ngauges: {a: {start: b}}\nendings: {}\n")
    assert main(["check", str(path)]) == 2
    *faults, english = capsys.readouterr().out.splitlines()
    assert main(["check", str(path), "--lang", "ja"]) == 2
    *same, japanese = capsys.readouterr().out.splitlines()
    assert faults == same and faults
    assert english.startswith("checked 1 file: ") and english.endswith(", 0 oddities")
    assert japanese == f"ファイル1件を検査：誤り{len(faults)}件、不自然な点0件"
    assert main(["check", str(path), "--lang", "ja", "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["checked"] == "1 file"


def test_a_pipe_is_not_replaced_by_a_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    os.mkfifo(pipe := tmp_path / "pipe")
    assert main(["odd", "tegmark-tree", "-o", str(pipe)]) == 2
    assert "is no file that could be replaced" in capsys.readouterr().err
    assert pipe.is_fifo()
