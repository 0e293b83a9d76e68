"""What a report says of playing a batch again leads back to the same results, and is no command
that a folder brings with it."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import sqlite3
import subprocess
from html import unescape
from pathlib import Path
from typing import Any

import pytest
import quarrel

from wargame.batches import playing
from wargame.batches.batch import Batch, run_batch
from wargame.batches.recipe import Recipe
from wargame.batches.store.folder import JOURNAL, MANIFEST, TALLY, seal_of
from wargame.cli.main import main
from wargame.show.documents.report import _Facts, _Report

FIXTURES = Path(__file__).parents[1] / "fixtures" / "first-edition"


def shell(folder: Path, lang: str = "en") -> list[list[str]]:
    """The commands of a report, as a shell would split them."""
    text = _Report(_Facts(Batch.open(folder), ()), lang).again()
    found = re.search(r"<pre><code>(.*?)</code></pre>", text, re.DOTALL)
    assert found is not None
    return [shlex.split(line) for line in unescape(found[1]).splitlines()]


def digest(folder: Path) -> str:
    with Batch.open(folder).journal() as journal:
        return journal.digest()


QUARREL: dict[str, dict[str, Any]] = {
    "plain": {},
    "policy": {"policies": ["no-talks"]},
    "composed": {"policies": ["hush-money", "hush-money+threats", "no-talks"]},
    "worldview": {"policies": ["no-talks"], "worldview": "proud"},
    "until": {"policies": ["threats"], "until": 0.06},
    "by path": {"policies": ["scenarios/policies/no-talks.yaml"]},
}


@pytest.mark.parametrize("case", QUARREL)
def test_the_recipe_leads_back_to_the_folder_wherever_it_lies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    written, fresh = tmp_path / "written", tmp_path / "fresh"
    written.mkdir(), fresh.mkdir()
    monkeypatch.chdir(quarrel.write(written))
    asked = {"runs": None if case == "until" else 120, **QUARREL[case]}
    scenario = "scenarios/quarrel.yaml" if case == "by path" else "quarrel"
    run_batch(scenario, seed=3, out=fresh / "a batch", **asked)
    monkeypatch.chdir(fresh)
    shutil.rmtree(written)
    again, compare, *_ = shell(fresh / "a batch")
    assert again[:2] == ["wargame", "batch"] and main(again[1:]) == 0
    assert digest(fresh / "again") == digest(fresh / "a batch")
    assert compare == ["wargame", "compare", "./a batch", "again"] and main(compare[1:]) == 0
    assert shell(fresh / "a batch", "ja") == shell(fresh / "a batch")


def test_what_came_with_the_program_is_called_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run_batch("tegmark-tree", runs=60, out="tree")
    (again, *_) = shell(Path("tree"))
    assert again == shlex.split("wargame batch tegmark-tree --runs 60 --seed 2022 --out again")
    assert main(again[1:]) == 0
    assert digest(Path("again")) == digest(Path("tree"))


def test_a_changed_text_is_never_called_by_the_name_of_the_programs_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(shutil.copytree(FIXTURES, tmp_path / "old"))
    (again, *_) = shell(Path("tree"))
    assert again[2] == "./tree/inputs/scenario.yaml"
    assert "./tree/inputs/policies/spared/overlays/1-spared.yaml" in again
    assert main(again[1:]) == 0
    assert digest(Path("again")) == digest(Path("tree"))


def test_a_program_in_a_seat_is_named_by_nobody_but_the_reader() -> None:
    text = _Report(_Facts(Batch.open(FIXTURES / "seats"), ()), "en").again()
    assert "red=PROGRAM" in text and "plotter" not in text


# ------------------------------------------------------------------------------ hostile folders

HOSTILE = "x; touch owned; $(touch owned) `touch owned` \n touch owned #"


@pytest.fixture
def failing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A batch of the quarrel of which one run failed."""
    play = playing.play

    def touchy(task: Any) -> Any:
        if task["start"] <= 7 < task["stop"]:
            raise ZeroDivisionError("no gauge may divide by zero")
        return play(task)

    monkeypatch.chdir(quarrel.write(tmp_path))
    monkeypatch.setattr(playing, "play", touchy)
    run_batch("quarrel", policies=["no-talks"], runs=60, out="out")
    return tmp_path / "out"


def poisoned(folder: Path) -> None:
    """Write hostile words wherever they may stand, sealed as their writer would."""
    (folder / TALLY).unlink()
    with sqlite3.connect(folder / JOURNAL) as connection:
        connection.execute("DELETE FROM facts WHERE name = 'whole'")
        connection.execute("UPDATE failed SET command = ?, reason = ?", (HOSTILE, HOSTILE))
    connection.close()
    found = json.loads((folder / MANIFEST).read_text())
    found["asked"] |= {"scenario": HOSTILE, "policies": [HOSTILE], "worldview": HOSTILE}
    found["asked"]["runs"] = found["asked"]["seed"] = None
    for name in ("platform", "scenario"):
        found[name] = HOSTILE.replace("\n", "")
    for header in found["headers"].values():
        header["scenario"] = HOSTILE.replace("\n", "")
    (folder / MANIFEST).write_text(json.dumps({**found, "sum": seal_of(found)}))


def test_no_word_of_a_folder_becomes_a_command(
    failing: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    poisoned(failing)
    text = unescape(_Report(_Facts(Batch.open(failing), ()), "en").again())
    (lines,) = re.findall(r"<pre><code>(.*?)</code></pre>", text, re.DOTALL)
    commands = [*lines.splitlines(), *re.findall(r"wargame run [^<\n]*", text)]
    commands += [failure.command for failure in Batch.open(failing).summary.failures]
    assert len(commands) == 4 + 2 + 2
    monkeypatch.chdir(failing)
    for command in commands:
        assert "touch" not in command
        subprocess.run(["sh", "-c", f"wargame() {{ :; }}; {command}"], check=True)
    assert not (failing / "owned").exists()


def test_a_failed_run_is_played_again_by_its_command(
    failing: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for failure in Batch.open(failing).summary.failures:
        words = shlex.split(failure.command)
        assert words[:2] == ["wargame", "run"] and main([*words[1:], "--json"]) == 0
        told = json.loads(capsys.readouterr().out)
        assert (told["run"], told["seed"], tuple(told["overlays"])) == (
            7,
            7,
            Batch.open(failing).headers[failure.variant].overlays,
        )


@pytest.mark.parametrize("name", ["-x", "a b", "$(touch owned)", "é"])
def test_any_name_of_a_folder_is_one_word(tmp_path: Path, name: str) -> None:
    folder = shutil.copytree(FIXTURES / "tree", tmp_path / name)
    recipe = Recipe.of_folder(folder, Batch.open(folder).headers, Path(name))
    assert shlex.split(recipe.batch(1, 2))[2] == f"./{name}/inputs/scenario.yaml"
