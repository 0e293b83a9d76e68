"""`wargame check`: single files and folders, every fault of all of them, exit code 2 if any."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import quarrel

from wargame import checking
from wargame.checking import yaml_files
from wargame.cli import main


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in, beside one with a sound scenario."""
    content = tmp_path / "content"
    content.mkdir()
    quarrel.write(content)
    (content / "scenarios" / "policies" / "stranger.yaml").unlink()  # at fault on purpose
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    monkeypatch.setattr(checking, "list_available", lambda _: [])  # what ships takes seconds
    return content


def checked(capsys: pytest.CaptureFixture[str], *paths: str, code: int) -> dict[str, list[str]]:
    """The messages and files that a check tells, and its exit code."""
    assert main(["check", *paths, "--json"]) == code
    told = json.loads(capsys.readouterr().out)
    return {
        "checked": told["checked"],
        "messages": [fault["message"] for fault in told["faults"]],
        "files": sorted({Path(fault["file"]).name for fault in told["faults"] if fault["file"]}),
    }


def test_a_folder_stands_for_every_yaml_file_in_it(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = checked(capsys, str(place), code=0)
    count = len([*place.rglob("*.yaml")])
    assert count > 3 and found["checked"] == f"{count} files"


def test_the_faults_of_all_files_are_told_together(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (place / "broken.yaml").write_text("a: [1\n", encoding="utf-8")
    (place / "odd.yml").write_text("kind: policy\ncolour: red\n", encoding="utf-8")
    (place / ".hidden").mkdir()
    (place / ".hidden" / "secret.yaml").write_text("a: [1\n", encoding="utf-8")
    (place / "notes.txt").write_text("a: [1\n", encoding="utf-8")
    found = checked(capsys, str(place), code=2)
    assert found["files"] == ["broken.yaml", "odd.yml"]
    assert any("colour" in message for message in found["messages"])


def test_a_folder_without_yaml_and_a_file_that_is_not_there_are_mistakes(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (place / "empty").mkdir()
    found = checked(capsys, str(place / "empty"), str(place / "nothing.yaml"), code=2)
    assert found["messages"][0] == f"there is no YAML file in {place / 'empty'}"
    assert found["files"] == ["nothing.yaml"]


def test_files_are_named_once_and_in_order(place: Path) -> None:
    found = yaml_files(place)
    assert found == sorted(set(found)) and all(path.suffix == ".yaml" for path in found)
    assert yaml_files(found[0]) == [found[0]]
