"""Options mean the same at every command."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import pytest

from wargame.cli.main import COMMANDS, command_module, main

WRITE = {"run", "batch", "expect", "export", "fork", "gallery", "seminar", "kit", "sensitivity"} | {
    "report",
    "calibrate",
    "robust",
    "believable",
    "odd",
    "program",
    "rare",
}


def _options(command: str, capsys: pytest.CaptureFixture[str]) -> set[str]:
    """The options that the help of a command names first on a line."""
    with pytest.raises(SystemExit) as left:
        main([command, "--help"])
    assert left.value.code == 0
    lines = re.findall(r"^  (-.*)$", capsys.readouterr().out, re.M)
    return {word for line in lines for word in re.findall(r"(?<!\S)--?[a-z][a-z-]*", line)}


@pytest.mark.parametrize("command", COMMANDS)
def test_what_writes_takes_both_spellings(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    options = _options(command, capsys)
    for spelling in ("-o", "--out"):
        assert (spelling in options) == (command in WRITE)


def test_older_spellings_go_on_working(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pages = []
    for place, word in enumerate(("-o", "--out", "--output")):
        folder = tmp_path / str(place)
        assert main(["kit", "bridge-2022", word, str(folder)]) == 0
        pages.append(sorted(path.name for path in folder.iterdir()))
    assert pages[0] == pages[1] == pages[2]
    logs = []
    for word in ("-o", "--out", "--log"):
        log = tmp_path / f"{word}.jsonl"
        assert main(["run", "bridge-2022", word, str(log)]) == 0
        logs.append(log.exists())
    assert all(logs)
    capsys.readouterr()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ("selftest --jobs 0", "--jobs must be between 1 and 1024, not 0"),
        ("robust bridge-2022 --policies a --worldviews b --jobs 2000", "not 2000"),
        ("calibrate bridge-2022 --targets tegmark -o x.yaml --jobs 0", "not 0"),
        ("backtest --seed -1", "--seed must be a number from 0 to 2**63 - 1, not -1"),
        ("believable bridge-2022 --seed -1", "--seed must be a number"),
        ("sensitivity bridge-2022 --seed -1", "--seed must be a number"),
    ],
)
def test_a_number_out_of_range_is_told(
    arguments: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments.split()) == 2
    printed = capsys.readouterr()
    assert told in printed.err and len(printed.err.splitlines()) == 1


@pytest.mark.parametrize("command", ["batch", "expect", "robust", "rare", "sensitivity", "compare"])
def test_policies_are_named_alike_everywhere(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parser = argparse.ArgumentParser()
    command_module(command).add_arguments(parser)
    needed = ["--state", "KABOOM"] if command == "rare" else []
    monkeypatch.chdir(tmp_path)
    (tmp_path / "c,d.yaml").touch()

    def named(words: str) -> list[str]:
        found: list[str] = parser.parse_args(["x", *needed, *words.split()]).policy
        return found

    for words in ("--policy a+b --policy c", "--policy a+b,c", "--policies a+b c"):
        assert named(words) == ["a+b", "c"]
    assert named("--policies a,b --policy c") == ["a", "b", "c"]
    assert named("--policy c,d.yaml") == ["c,d.yaml"]  # a file that exists
    assert not named("")


def test_robust_asks_for_what_it_cannot_do_without(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["robust", "bridge-2022", "--worldview", "tegmark"]) == 2
    assert capsys.readouterr().err == "wargame: name at least one policy: --policy P\n"
