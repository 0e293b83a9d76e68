"""Opens SQLite databases that may come from a stranger."""

from __future__ import annotations

import os
import sqlite3
import stat
from pathlib import Path
from sqlite3 import Connection, Error

from wargame.errors import StoreError

__all__ = ["Connection", "Error", "in_memory", "open_database"]


def in_memory() -> Connection:
    """An empty database that nothing is left of once it is closed."""
    return sqlite3.connect(":memory:", isolation_level=None)


def open_database(path: Path, mode: str) -> Connection:
    """A SQLite database; mode is ``ro``, ``rw`` or ``rwc``.

    Views, triggers and functions that a foreign schema brings are not trusted, and neither is
    what lies beside it for SQLite to go on with. Raises StoreError if the path, or a journal of
    it, is a link or no file, or the journal names another file; and Error, which is SQLite's own.
    """
    for tail in ("", "-journal", "-wal", "-shm"):
        _check_regular(path.with_name(path.name + tail))
    _check_alone(path.with_name(path.name + "-journal"))
    uri = f"{path.absolute().as_uri()}?mode={mode}"
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=0)
    connection.execute("PRAGMA trusted_schema = OFF")
    return connection


def _check_regular(path: Path) -> None:
    try:
        seen = path.lstat()
    except OSError:
        return  # not there, or SQLite says why it cannot be read
    if not stat.S_ISREG(seen.st_mode):
        raise StoreError(f"{path}: is not a regular file, so not a database")


def _check_alone(journal: Path) -> None:
    """That a rollback journal does not name a file.

    That of a change to several databases at once does, at its end, and SQLite deletes that file,
    whatever it is. We change one at a time.
    """
    try:
        with open(journal, "rb") as file:
            file.seek(-len(_MAGIC), os.SEEK_END)
            named = file.read() == _MAGIC
    except OSError:
        return  # not there, or shorter
    if named:
        raise StoreError(f"{journal}: names a file that SQLite would delete; remove this journal")


_MAGIC = bytes.fromhex("d9d505f920a163d7")
"""How SQLite's rollback journals begin, and how they end if they name a file."""
