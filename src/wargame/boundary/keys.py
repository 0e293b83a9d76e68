"""Keys: each in a file that only its owner can read, whole or not there at all."""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path

from wargame.boundary.files import PRIVATE, replaced
from wargame.errors import StoreError

__all__ = ["LENGTH", "kept_key", "tightened"]

LENGTH = 32
"""Bytes of a key."""


def kept_key(path: Path) -> bytes:
    """The key in a file, which is made when it is first asked for.

    Raises StoreError for a link, for somebody else's file, and for one that is not as long as a
    key: a full disk leaves such, and what an empty key has sealed anybody can seal.
    """
    try:
        # Without O_NONBLOCK a named pipe would wait here for somebody to write into it.
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        key = secrets.token_bytes(LENGTH)
        replaced(path, lambda file: file.write(key), mode=PRIVATE)
        return key
    except OSError as error:
        what = "is a link" if path.is_symlink() else f"cannot be read: {error.strerror}"
        raise StoreError(f"{path} {what}; {_CURE}") from None
    try:
        seen = os.fstat(fd)
        if not stat.S_ISREG(seen.st_mode) or seen.st_uid != os.geteuid():
            raise StoreError(f"{path} is no key of yours; {_CURE}")
        key = os.read(fd, LENGTH + 1)
    finally:
        os.close(fd)
    if len(key) != LENGTH:
        raise StoreError(f"{path} is no whole key, which has {LENGTH} bytes; {_CURE}")
    return key


_CURE = "remove it and start again: a new one is made, and everybody signs in anew"


def tightened(path: Path) -> bool:
    """Take from others what they may do with a file; whether they could read it until now.

    Nothing is done where there is no such file, or where it is a link. Raises StoreError.
    """
    try:
        seen = path.lstat()
        if not stat.S_ISREG(seen.st_mode) or not seen.st_mode & 0o077:
            return False
        path.chmod(PRIVATE)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise StoreError(f"{path} cannot be made private: {error.strerror}") from None
    return bool(seen.st_mode & 0o044)
