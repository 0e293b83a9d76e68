"""Opens SQLite databases that may come from a stranger."""

from __future__ import annotations

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

    Views, triggers and functions that a foreign schema brings are not trusted. Raises StoreError
    if the path is a link or no file, and Error, which is SQLite's own.
    """
    if path.is_symlink() or (path.exists() and not stat.S_ISREG(path.stat().st_mode)):
        raise StoreError(f"{path}: is not a regular file, so not a database")
    uri = f"{path.absolute().as_uri()}?mode={mode}"
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=0)
    connection.execute("PRAGMA trusted_schema = OFF")
    return connection
