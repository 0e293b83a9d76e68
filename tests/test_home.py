"""``~`` means home wherever a person types a path."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import quarrel

import wargame as wg
from wargame.boundary.files import home
from wargame.boundary.programs import named
from wargame.cli.main import main
from wargame.content.data_files import find
from wargame.errors import Mark, SpecError, StoreError

QUICK = "--runs 20 --jobs 1"


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = quarrel.write(tmp_path_factory.mktemp("kept"))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        assert main(["run", "quarrel", "--out", "game.jsonl"]) == 0
        assert main(f"batch quarrel {QUICK} --policy no-talks --out played".split()) == 0
    (place / "news.yaml").write_text("{title: Rain, effects: {trust: 10}}")
    return place


@pytest.fixture(autouse=True)
def at_home(kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """All files are at home, and we are elsewhere."""
    shutil.copytree(kept, tmp_path / "home")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.mark.parametrize(
    "line",
    [
        "run ~/scenarios/quarrel.yaml --out ~/a.jsonl",
        "run ~/scenarios/quarrel.yaml --log=~/a.jsonl --overlay ~/scenarios/policies/no-talks.yaml",
        f"batch ~/scenarios/quarrel.yaml {QUICK} --policy=~/scenarios/policies/no-talks.yaml"
        "+~/scenarios/policies/threats.yaml --out=~/b",
        "batch ~/scenarios/quarrel.yaml --resume --out ~/played",
        f"expect ~/scenarios/quarrel.yaml {QUICK}",
        "compare ~/played",
        "replay ~/game.jsonl --plain",
        "replay ~/played#7 --plain",
        "replay ~/played#no-talks/7 --plain",
        "export ~/game.jsonl --odds 0 -o ~/a.html",
        "verify ~/game.jsonl ~/played#3",
        "odds ~/game.jsonl --runs 20 --jobs 1 --turning-points 0",
        "fork ~/game.jsonl --turn 1 --inject ~/news.yaml --out ~/a.jsonl",
        "gallery ~/played --runs 5 --jobs 1 --out ~/pages",
        "kit ~/scenarios/quarrel.yaml --out=~/kit",
        "report ~/played --out=~/a.html",
        f"robust ~/scenarios/quarrel.yaml {QUICK} --policies ~/scenarios/policies/no-talks.yaml"
        " --worldviews as-written --out ~/r",
        "odd ~/scenarios/quarrel.yaml -o ~/a.md",
        "check ~/scenarios/quarrel.yaml ~/scenarios/policies/no-talks.yaml",
    ],
)
def test_it_is_found_and_written_at_home(
    line: str, at_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = set(at_home.iterdir())
    code = main(line.split())
    assert code == 0, capsys.readouterr().err
    assert not list(Path().glob("~*"))
    if "~/a" in line or "out=" in line:
        assert set(at_home.iterdir()) > before


def test_targets_are_looked_for_at_home(at_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = "calibrate ~/scenarios/quarrel.yaml --targets ~/none.yaml --out ~/a.yaml"
    assert main(line.split()) == 2
    assert str(at_home / "none.yaml") in capsys.readouterr().err


def test_a_script_may_say_it_as_well(at_home: Path) -> None:
    played = wg.batch("~/scenarios/quarrel.yaml", runs=20, jobs=1, out="~/mine")
    assert played.folder == at_home / "mine"
    assert wg.open_results("~/mine").policies == ("baseline",)
    assert wg.run("~/scenarios/quarrel.yaml").turns
    assert wg.load("~/scenarios/quarrel.yaml").scenario.id == "quarrel"


def test_a_program_of_ones_own_is_named_by_it() -> None:
    assert named("python3 ~/mine.py ~").words == ("python3", str(Path.home() / "mine.py"), "~")


def test_nobodys_home_is_told() -> None:
    with pytest.raises(StoreError, match="there is no such home"):
        home("~nobody-of-this-name/x")


def test_what_a_file_says_of_another_is_not_typed_by_anybody() -> None:
    assert find("actor", "~/actors/red.yaml").is_file()
    with pytest.raises(SpecError, match="there is no file"):
        find("actor", "~/actors/red.yaml", asked_at=Mark("stranger.yaml", 1, 1))
