"""The shelf of what was read and compiled: it is used, but never trusted blindly."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import zlib
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from small_crisis import small_crisis

from wargame.boundary import cache
from wargame.compiler.cached import compiled
from wargame.content.diagnostics import place
from wargame.content.load import load
from wargame.content.validation import shape
from wargame.errors import SpecError
from wargame.replay.replay import header_for, record

INPUTS = small_crisis().spec.inputs
CRISIS, RED = Path("scenarios/crisis.yaml"), Path("actors/red.yaml")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A shelf of this test's own, empty."""
    path = tmp_path / "cache" / "shelf"
    monkeypatch.setenv("WARGAME_CACHE", str(path))
    return path


@pytest.fixture
def compilations(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """One entry for each time that a scenario is compiled."""
    done: list[str] = []
    real = shelf_compiler()

    def compile_and_count(spec: object) -> object:
        done.append("compiled")
        return real(spec)  # type: ignore[operator]

    monkeypatch.setattr("wargame.compiler.compile_scenario", compile_and_count)
    return done


def shelf_compiler() -> object:
    from wargame.compiler import compile_scenario

    return compile_scenario


def only(folder: Path) -> Path:
    """The one file on the shelf."""
    (path,) = folder.iterdir()
    return path


def test_a_scenario_is_compiled_once(compilations: list[str]) -> None:
    compiled(INPUTS)
    compiled(dict(reversed(INPUTS.items())))
    assert len(compilations) == 1
    changed = {name: text + "\n# another text\n" for name, text in INPUTS.items()}
    compiled(changed)
    assert len(compilations) == 2


@pytest.mark.parametrize("run", range(3))
def test_what_comes_from_the_shelf_plays_the_same_runs(run: int) -> None:
    compiled(INPUTS)
    shelved, fresh = compiled(INPUTS), small_crisis()
    assert shelved.header == fresh.header and shelved.spec == fresh.spec
    one, two = (record(s, header_for(s, run=run)).log for s in (shelved, fresh))
    assert one == two


def test_who_finds_a_scenario_compiled_waits_for_neither_reader_nor_compiler() -> None:
    compiled(INPUTS)
    heavy = ("pydantic", "yaml", "networkx", "wargame.content.spec", "wargame.compiler.assembly")
    code = (
        "import sys; from wargame.batches.playing import prepare;"
        f"prepare({{'inputs': {INPUTS!r}}}); print([m for m in {heavy!r} if m in sys.modules])"
    )
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True)
    assert done.stdout == "[]\n", done.stderr


def test_nobody_else_can_read_or_write_it(folder: Path) -> None:
    compiled(INPUTS)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert only(folder).stat().st_mode & 0o777 == 0o600


class Bomb:
    """What should never be unpickled."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (os.mkdir, (os.environ["BOMB"],))


@pytest.fixture
def bomb(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A shelved file with a good seal that runs code; this folder is there if it was opened."""
    compiled(INPUTS)
    monkeypatch.setenv("BOMB", str(tmp_path / "exploded"))
    content = zlib.compress(pickle.dumps(Bomb()))
    only(folder).write_bytes(sha256(content).digest() + content)
    return tmp_path / "exploded"


def test_a_file_that_others_can_write_is_not_read(
    folder: Path, bomb: Path, compilations: list[str]
) -> None:
    only(folder).chmod(0o620)
    compiled(INPUTS)
    assert len(compilations) == 1 and not bomb.exists()


@pytest.mark.parametrize("mode", [0o770, 0o707, 0o1777])
def test_a_folder_that_others_can_write_is_not_read(
    folder: Path, bomb: Path, compilations: list[str], mode: int
) -> None:
    folder.chmod(mode)
    compiled(INPUTS)
    assert len(compilations) == 1 and not bomb.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
@pytest.mark.parametrize("whose", ["file", "folder"])
def test_what_belongs_to_somebody_else_is_not_read(
    folder: Path, bomb: Path, compilations: list[str], whose: str
) -> None:
    os.chown(only(folder) if whose == "file" else folder, 12345, 12345)
    compiled(INPUTS)
    assert len(compilations) == 1 and not bomb.exists()


@pytest.mark.parametrize("what", ["file", "folder"])
def test_a_link_is_not_followed(
    folder: Path, bomb: Path, compilations: list[str], what: str
) -> None:
    path = only(folder) if what == "file" else folder
    path.rename(path.with_name("elsewhere"))
    path.symlink_to(path.with_name("elsewhere"))
    compiled(INPUTS)
    assert len(compilations) == 1 and not bomb.exists()


@pytest.mark.parametrize("place", [0, 31, 32, 5000, -1])
def test_a_damaged_file_is_replaced(folder: Path, compilations: list[str], place: int) -> None:
    compiled(INPUTS)
    good = only(folder).read_bytes()
    damaged = bytearray(good)
    damaged[place] ^= 4
    only(folder).write_bytes(damaged)
    assert compiled(INPUTS).header == small_crisis().header
    assert len(compilations) == 2
    compiled(INPUTS)
    assert len(compilations) == 2


def test_a_sealed_file_that_is_no_scenario_is_replaced(
    folder: Path, compilations: list[str]
) -> None:
    compiled(INPUTS)
    for content in (b"", b"no pickle", *map(zlib.compress, (b"nor this", pickle.dumps("a text")))):
        only(folder).write_bytes(sha256(content).digest() + content)
        compiled(INPUTS)
    assert len(compilations) == 5


def test_another_version_of_the_program_compiles_anew(
    compilations: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled(INPUTS)
    monkeypatch.setattr(cache, "_program", lambda: "tomorrow's")
    compiled(INPUTS)
    assert len(compilations) == 2


def test_the_oldest_make_room(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "MOST", 2)
    names = []
    for number in range(3):
        compiled({name: f"{text}\n# {number}\n" for name, text in INPUTS.items()})
        (new,) = {path.name for path in folder.iterdir()} - set(names)
        names.append(new)
        os.utime(folder / new, (number, number))
    assert {path.name for path in folder.iterdir()} == set(names[1:])


def test_what_a_kill_has_left_makes_room_like_anything_old(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled(INPUTS)
    part = folder / f"{only(folder).name}.12345"
    part.write_bytes(b"half of")
    os.utime(part, (0, 0))
    monkeypatch.setattr(cache, "MOST", 2)
    compiled({name: f"{text}\n# another\n" for name, text in INPUTS.items()})
    assert not part.exists() and len(list(folder.iterdir())) == 2


@pytest.mark.parametrize("place", ["/dev/null", "/proc/no/such/place", "a\0b"])
def test_without_a_shelf_everything_is_compiled(
    place: str, compilations: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "environ", {**os.environ, "WARGAME_CACHE": place})
    compiled(INPUTS)
    compiled(INPUTS)
    assert len(compilations) == 2


def test_a_full_disk_leaves_nothing_behind(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(os, "replace", full)
    assert compiled(INPUTS).header == small_crisis().header
    assert list(folder.iterdir()) == []


# --- what was read ---------------------------------------------------------------------------


@pytest.fixture
def readings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """One entry for each text whose YAML is read."""
    done: list[str] = []

    def shape_and_count(kind: type[Any], text: str, called: str) -> Any:
        done.append(called)
        return shape(kind, text, called)

    monkeypatch.setattr("wargame.content.load.shape", shape_and_count)
    return done


@pytest.fixture
def crisis(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The small crisis as files; its scenario."""
    monkeypatch.chdir(tmp_path)
    for name, text in INPUTS.items():
        path = CRISIS if name == "scenario.yaml" else RED.with_name(Path(name).name)
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return CRISIS


def test_files_are_read_once(crisis: Path, readings: list[str]) -> None:
    first = load(crisis)
    once = len(readings)
    assert load(crisis) == first and len(readings) == once > 0


def test_what_is_read_from_the_shelf_knows_where_it_was_written(crisis: Path) -> None:
    fresh, shelved = load(crisis), load(crisis)
    assert fresh is not shelved
    for one, two in zip(fresh.actors, shelved.actors, strict=True):
        assert [place(rule) for rule in one.rules] == [place(rule) for rule in two.rules]
        assert all(place(rule) for rule in two.rules)


def test_a_changed_file_is_read_anew(crisis: Path) -> None:
    load(crisis)
    RED.write_text(RED.read_text() + "\n# a thought\n")
    assert load(crisis).inputs["actors/red.yaml"] == RED.read_text()
    RED.write_text("id: [")
    with pytest.raises(SpecError, match=r"actors/red\.yaml"):
        load(crisis)
    RED.unlink()
    with pytest.raises(SpecError, match="there is no actor 'red'"):
        load(crisis)


def test_a_file_that_comes_to_stand_before_another_is_read(crisis: Path) -> None:
    """Actors are looked for beside the scenario first."""
    load(crisis)
    nearer = CRISIS.parent / RED
    nearer.parent.mkdir()
    nearer.write_text(RED.read_text() + "\n# nearer\n")
    assert load(crisis).inputs["actors/red.yaml"] == nearer.read_text()


def test_what_has_faults_is_not_kept(crisis: Path, folder: Path) -> None:
    crisis.write_text("id: [")
    for _ in range(2):
        with pytest.raises(SpecError):
            load(crisis)
    assert list(folder.iterdir()) == []
