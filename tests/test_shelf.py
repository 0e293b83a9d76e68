"""The shelf of compiled scenarios: what stands there is used, but never trusted blindly."""

from __future__ import annotations

import os
import pickle
from hashlib import sha256
from pathlib import Path

import pytest
from small_crisis import small_crisis

from wargame import shelf
from wargame.replay import header_for, record
from wargame.shelf import compiled

INPUTS = small_crisis().spec.inputs


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
    content = pickle.dumps(Bomb())
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
    for content in (b"", b"no pickle", pickle.dumps("no scenario")):
        only(folder).write_bytes(sha256(content).digest() + content)
        compiled(INPUTS)
    assert len(compilations) == 4


def test_another_version_of_the_program_compiles_anew(
    compilations: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled(INPUTS)
    monkeypatch.setattr(shelf, "_program", lambda: "tomorrow's")
    compiled(INPUTS)
    assert len(compilations) == 2


def test_the_oldest_make_room(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shelf, "MOST", 2)
    names = []
    for number in range(3):
        compiled({name: f"{text}\n# {number}\n" for name, text in INPUTS.items()})
        (new,) = {path.name for path in folder.iterdir()} - set(names)
        names.append(new)
        os.utime(folder / new, (number, number))
    assert {path.name for path in folder.iterdir()} == set(names[1:])


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
