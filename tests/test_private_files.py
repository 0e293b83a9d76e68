"""Keys, logs, drafts and certificates: whole, their owner's alone, never through a link."""

from __future__ import annotations

import os
import resource
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
import quarrel

from wargame.boundary.keys import LENGTH, kept_key, tightened
from wargame.cli.main import main
from wargame.errors import StoreError
from wargame.replay.log_file import LogWriter, read_log
from wargame.seminar.drafts import Drafts


def test_a_key_is_made_once(tmp_path: Path) -> None:
    key = kept_key(tmp_path / "game.key")
    assert len(key) == LENGTH and kept_key(tmp_path / "game.key") == key
    assert kept_key(tmp_path / "another.key") != key


def cut(path: Path, length: int) -> None:
    path.write_bytes(path.read_bytes()[:length])


def linked(path: Path) -> None:
    path.symlink_to(path.rename(path.with_name("elsewhere")))


def to_nothing(path: Path) -> None:
    path.unlink()
    path.symlink_to("nowhere")


def piped(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize(
    "harm",
    [
        lambda path: cut(path, 0),
        lambda path: cut(path, LENGTH - 1),
        lambda path: path.write_bytes(b"k" * (LENGTH + 1)),
        linked,
        to_nothing,
        piped,
        a_folder,
    ],
)
def test_a_key_that_is_none_is_refused_and_left_alone(
    tmp_path: Path, harm: Callable[[Path], object]
) -> None:
    path = tmp_path / "game.key"
    kept_key(path)
    harm(path)
    before = path.lstat()
    with pytest.raises(StoreError, match="remove it and start again") as told:
        kept_key(path)
    assert str(told.value).startswith(str(path)) and "\n" not in str(told.value)
    assert path.lstat() == before and not Path(tmp_path, "nowhere").exists()


def test_on_a_full_disk_there_is_no_key_rather_than_half_a_one(tmp_path: Path) -> None:
    """Files may grow to so many bytes: the kernel takes a part of the key, and then refuses."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (LENGTH // 2, hard))
    try:
        with pytest.raises(StoreError, match="cannot be written: File too large"):
            kept_key(tmp_path / "game.key")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(tmp_path.iterdir()) == []
    assert len(kept_key(tmp_path / "game.key")) == LENGTH


def test_a_key_that_others_can_read_is_closed_to_them(tmp_path: Path) -> None:
    path = tmp_path / "game.key"
    kept_key(path)
    assert not tightened(path) and not tightened(tmp_path / "none.key")
    path.chmod(0o644)
    assert tightened(path) and not tightened(path)
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("left", ["a key", "an empty key", "a key that others can read"])
def test_a_seminar_goes_on_with_a_whole_key_only(
    scenario: Path, left: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    log = str(scenario.with_name("game.jsonl"))
    monkeypatch.setattr("wargame.seminar.web.server.serve", lambda *_, **__: None)
    line = ["--port", "0", "--host", "127.0.0.1", "--no-qr"]
    assert main(["seminar", str(scenario), "--seats", "red", "--log", log, *line]) == 0
    key = Path(f"{log}.key")
    if left == "an empty key":
        cut(key, 0)
    elif left == "a key that others can read":
        key.chmod(0o644)
    capsys.readouterr()
    assert main(["seminar", "--open", log, *line]) == (2 if left == "an empty key" else 0)
    said = capsys.readouterr().err
    assert ("is no whole key" in said) == (left == "an empty key")
    assert ("could read it until now" in said) == (left == "a key that others can read")
    assert key.stat().st_mode & 0o777 == 0o600


# ------------------------------------------------------------------------------ modes


def a_log(path: Path) -> list[Path]:
    LogWriter.create(path, {"seed": 1}).close()
    return [path]


def a_torn_end(path: Path) -> list[Path]:
    a_log(path)
    with path.open("ab") as file:
        file.write(b'{"seq":1,"ki')
    LogWriter.open(path).close()
    assert not read_log(path).torn
    return [path.with_name(path.name + ".torn-1")]


def drafts(path: Path) -> list[Path]:
    Drafts(path).keep("red", 1, [])
    return [path.with_name(path.name + ".drafts")]


def a_key(path: Path) -> list[Path]:
    kept_key(path)
    return [path]


def a_certificate(path: Path) -> list[Path]:
    certificate = pytest.importorskip("wargame.seminar.web.certificate")
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed here")
    path.mkdir(mode=0o755)
    certificate.kept(path, ["localhost"])
    assert path.stat().st_mode & 0o777 == 0o700
    return list(path.iterdir())


@pytest.mark.parametrize("made", [a_log, a_torn_end, drafts, a_key, a_certificate])
def test_it_is_its_owners_alone_whatever_the_umask(
    tmp_path: Path, made: Callable[[Path], list[Path]]
) -> None:
    before = os.umask(0)
    try:
        found = made(tmp_path / "it")
    finally:
        os.umask(before)
    assert found and {path.stat().st_mode & 0o777 for path in found} == {0o600}


@pytest.mark.parametrize("name", ["it", "it.torn-1", "it.drafts", "it.drafts.part"])
def test_nothing_private_is_written_through_a_link(tmp_path: Path, name: str) -> None:
    (tmp_path / "precious").write_text("mine")
    (tmp_path / name).symlink_to("precious")
    for made in (a_torn_end, drafts):
        with suppress(StoreError, AssertionError):
            made(tmp_path / "it")
    assert (tmp_path / "precious").read_text() == "mine"


def test_a_game_does_not_begin_where_no_draft_could_be_kept(tmp_path: Path) -> None:
    (tmp_path / "it.drafts").symlink_to("precious")
    with pytest.raises(StoreError, match="is a link"):
        Drafts(tmp_path / "it")


def test_a_certificate_is_not_written_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("mine")
    (tmp_path / "planted").mkdir()
    for name in ("key.pem", "certificate.pem"):
        (tmp_path / "planted" / name).symlink_to("../precious")
    certificate = pytest.importorskip("wargame.seminar.web.certificate")
    certificate.kept(tmp_path / "planted", ["localhost"])
    assert (tmp_path / "precious").read_text() == "mine"
    (tmp_path / "linked").symlink_to("planted")
    with pytest.raises(StoreError, match="no folder of yours"):
        certificate.kept(tmp_path / "linked", ["localhost"])


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    return quarrel.write(tmp_path) / "scenarios" / "quarrel.yaml"
