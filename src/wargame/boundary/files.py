"""Where a file may be written, and how it gets there whole.

An output is never an input, never a link, never a database, a turn log or another file of a kind
that the command does not write: a slip of the hand must not cost results.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, TextIO

from wargame.errors import StoreError

__all__ = [
    "PRIVATE",
    "append_to",
    "check_folder",
    "check_new",
    "check_output",
    "create_private",
    "home",
    "make_folder",
    "nowhere",
    "replaced",
    "sync_folder",
    "write_all",
    "write_text",
]

PRIVATE = 0o600
"""The mode of logs, drafts and keys: they hold what other people of the machine may not read."""

StrPath = str | os.PathLike[str]

_KEPT = {
    b"SQLite format 3\0": ("a database", ".sqlite"),
    b'{"seq":0,"kind":"wargame-log-': ("a turn log", ".jsonl"),
    b"PAR1": ("a table of results", ".parquet"),
}
"""How files begin that no output of another kind may replace, whatever they are called."""

_HEAD = 128
"""So many bytes tell what a file is."""


def home(path: StrPath) -> Path:
    """A path as a person writes it: ``~`` and ``~name`` mean home, as in a shell.

    Raises StoreError where nobody has such a home.
    """
    try:
        return Path(path).expanduser()
    except RuntimeError:
        raise StoreError(f"{os.fspath(path)}: there is no such home") from None


def check_output(
    path: Path, inputs: Iterable[StrPath] = (), kinds: Iterable[str] = (), begins: str = ""
) -> None:
    """Check that a file can be written, or replaced, at a path, before the work for it is done.

    inputs: files that are being read. kinds: the suffixes, as ``.html``, of what may be replaced,
    and begins: how it must begin; anything where nothing is said. Raises StoreError.
    """
    _refuse(path, inputs, kinds, begins)
    _try(path)


def check_new(path: Path) -> None:
    """Check that a file can be made where there is none. Raises StoreError."""
    if os.path.lexists(path):
        raise StoreError(f"{path}: exists already; name a new file")
    _check_apart(path)
    _try(path)


def check_folder(path: Path) -> None:
    """Check that files can be made in a folder, or it made with those above it.

    Raises StoreError.
    """
    _check_apart(path)
    above = next((one for one in (path, *path.parents) if os.path.lexists(one)), Path())
    if not above.is_dir():
        raise StoreError(f"{above} is no folder: name another")
    _try(above / path.name if above != path else above / "results")


def _try(path: Path) -> None:
    """Make what is written before it is put at a path, and take it away again."""
    part = _part(path)
    try:
        os.close(create_private(part))
        part.unlink()
    except FileExistsError:
        return  # of somebody who was killed, or is writing at this moment
    except (OSError, ValueError) as error:
        none = "" if path.parent.is_dir() else f"there is no folder {path.parent}"
        raise StoreError(f"{path} cannot be written: {none or _why(error)}") from None


def _part(path: Path) -> Path:
    return path.with_name(path.name + ".part")


def _refuse(path: Path, inputs: Iterable[StrPath], kinds: Iterable[str], begins: str = "") -> None:
    _check_apart(path)
    try:
        seen = path.lstat()
    except FileNotFoundError:
        return
    except (OSError, ValueError) as error:
        raise StoreError(f"{path} cannot be written: {_why(error)}") from None
    if stat.S_ISLNK(seen.st_mode):
        raise StoreError(f"{path} is a link: name the file itself, or another")
    if not stat.S_ISREG(seen.st_mode):
        raise StoreError(f"{path} is no file that could be replaced: name another")
    for read in inputs:
        with suppress(OSError, ValueError):
            if os.path.samestat(seen, os.stat(read)):
                raise StoreError(f"{path} is what is being read: name another file")
    wanted, head = tuple(kinds), _head(path)
    for start, (what, kind) in _KEPT.items():
        if head.startswith(start) and kind not in wanted:
            raise StoreError(f"{path} is {what}, which is never replaced: name another file")
    if not seen.st_size:
        return
    if wanted and path.suffix.lower() not in wanted:
        raise StoreError(
            f"{path} exists and is no {' or '.join(wanted)} file: name another, or remove it first"
        )
    if not head.startswith(begins.encode()):
        raise StoreError(
            f"{path} exists and was not made by this command: name another, or remove it first"
        )


def _check_apart(path: Path) -> None:
    """That SQLite does not take what is written for the journal of a database, and delete it."""
    base, _, tail = path.name.rpartition("-")
    if base and tail in ("journal", "wal", "shm") and path.with_name(base).is_file():
        raise StoreError(f"{path} would be taken for a part of a database: name another")


def _head(path: Path) -> bytes:
    """How a file begins; nothing where it cannot be read."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    except OSError:
        return b""
    with open(fd, "rb") as file:
        return file.read(_HEAD)


def write_text(path: Path, text: str, mode: int = 0o666) -> None:
    """Write a text so that the file is either the old one or whole; see `replaced`."""
    data = text.encode()
    replaced(path, lambda file: file.write(data), mode=mode)


def replaced(
    path: Path,
    write: Callable[[BinaryIO], object],
    *,
    kinds: Iterable[str] = (),
    mode: int = 0o666,
    durable: bool = True,
) -> None:
    """Let `write` fill a new file, and put it in the place of `path` once that is on disk.

    Until then it is called ``NAME.part``. kinds: as `check_output` has them. mode: less the
    umask. durable: wait for the disk, as for all that cannot be made again. Raises StoreError,
    and leaves `path` as it was, if there is no room or no right to, or if `check_output` would
    refuse.
    """
    _refuse(path, (), kinds)
    part = _part(path)
    try:
        # Removing takes away a link itself, never what it points to.
        part.unlink(missing_ok=True)
        fd = os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
        with open(fd, "wb") as file:
            try:
                write(file)
                file.flush()
                if durable:
                    os.fsync(fd)
                if not _is_at(part, fd):
                    raise StoreError(f"{path} is being written by somebody else")
                part.replace(path)
            except BaseException:
                if _is_at(part, fd):
                    part.unlink()
                raise
        if durable:
            sync_folder(path)
    except (OSError, ValueError) as error:
        raise StoreError(f"{path} cannot be written: {_why(error)}") from None


def _is_at(path: Path, fd: int) -> bool:
    try:
        return os.path.samestat(os.fstat(fd), path.lstat())
    except FileNotFoundError:
        return False


def create_private(path: StrPath) -> int:
    """Create a file that only its owner can read and open it for appending; the descriptor.

    Raises FileExistsError if there is anything of that name, a link included, and OSError.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_NOFOLLOW
    return os.open(path, flags, PRIVATE)


def append_to(path: StrPath) -> int:
    """Open a file that there is for reading and appending; the descriptor. Raises OSError."""
    # Without O_NONBLOCK a named pipe would wait here for somebody to write into it.
    return os.open(path, os.O_RDWR | os.O_APPEND | os.O_NONBLOCK)


def make_folder(path: Path, private: bool = False) -> None:
    """Make a folder and those above it, where they are not there yet.

    private: others may not look into it; one that is there is closed to them. Raises StoreError.
    """
    try:
        path.mkdir(mode=0o700 if private else 0o777, parents=True, exist_ok=True)
        if private:
            seen = path.lstat()
            if not stat.S_ISDIR(seen.st_mode) or seen.st_uid != os.geteuid():
                raise StoreError(f"{path} is no folder of yours: remove it")
            path.chmod(0o700)
    except (OSError, ValueError) as error:
        raise StoreError(f"{path} cannot be made: {_why(error)}") from None


def nowhere() -> TextIO:
    """A file that takes all and keeps nothing."""
    return open(os.devnull, "w")


def write_all(fd: int, data: bytes) -> None:
    """Write all of it: the kernel may take a part, on a nearly full disk without an error."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(fd, rest) :]


def sync_folder(path: StrPath) -> None:
    """Make a file's name as durable as its content. Raises OSError."""
    fd = os.open(Path(path).absolute().parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _why(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
