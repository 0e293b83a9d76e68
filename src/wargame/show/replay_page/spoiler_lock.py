"""Turns as blobs that open one after another: the key to a turn lies inside the turn before.

A page that shows turn 4 therefore has nothing of turn 5 that it, a search, or a glance at the
source could show. Whoever holds the file can still open it turn by turn, as the page itself
does, so this is a curtain and not a safe, and the page says so. (A server does better: it does
not send what may not be seen.) The cipher is as simple as that purpose allows: deflate, then
exclusive or with mixed counter words.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

import numpy as np

from wargame.boundary.foreign import Malformed, dumps, value

OPEN = (0, 0)  # the key of what is not veiled at all
Key = tuple[int, int]


def chain(items: Sequence[dict[str, Any]], salt: str) -> tuple[Key, list[str]]:
    """The key of the first item, and every item as a blob; each holds the ``next`` key.

    salt: what the keys follow from, so that the same run makes the same file.
    """
    keys = [key(f"{salt} {place}") for place in range(len(items))]
    following: list[Key | None] = [*keys[1:], None]
    blobs = [
        veil({**item, "next": after}, own)
        for item, own, after in zip(items, keys, following, strict=True)
    ]
    return keys[0] if keys else OPEN, blobs


def key(words: str) -> Key:
    """A key of two 32-bit numbers."""
    digest = sha256(words.encode()).digest()
    return int.from_bytes(digest[:4], "little"), int.from_bytes(digest[4:8], "little")


def veil(item: dict[str, Any], own: Key = OPEN) -> str:
    """An item as text: JSON, deflated, veiled with its key, in base 64."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    plain = dumps(item, ensure_ascii=False, separators=(",", ":")).encode()
    packed = packer.compress(plain) + packer.flush()
    return base64.b64encode(_mixed(packed, own)).decode()


def unveil(blob: str, own: Key = OPEN) -> dict[str, Any]:
    """What `veil` made a blob of. Raises Malformed."""
    try:
        plain = zlib.decompress(_mixed(base64.b64decode(blob), own), -15)
    except (ValueError, zlib.error):
        raise Malformed("no veiled turn, or not under this key") from None
    item: dict[str, Any] = value(plain, "the veiled turn")
    return item


def _mixed(data: bytes, own: Key) -> bytes:
    """Exclusive or with the key's stream (its own inverse); the page's script has the same lines.

    Words are the finaliser of MurmurHash3 (Appleby 2011) over a counter.
    """
    if own == OPEN:
        return data
    padded = np.frombuffer(data + bytes(-len(data) % 4), dtype="<u4")
    count = np.arange(1, padded.size + 1, dtype=np.uint32)
    word = (count * np.uint32(0x9E3779B9)) ^ np.uint32(own[0])
    word = (word ^ (word >> np.uint32(16))) * np.uint32(0x85EBCA6B) + np.uint32(own[1])
    word = (word ^ (word >> np.uint32(13))) * np.uint32(0xC2B2AE35)
    word ^= word >> np.uint32(16)
    mixed: bytes = (padded ^ word).astype("<u4").tobytes()
    return mixed[: len(data)]
