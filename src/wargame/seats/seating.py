"""Roles and codes: who somebody is at the table, and how a seat is claimed.

A role is ``facilitator``, ``projector`` or ``seat:<actor>``. A code opens a role; it has 50
random bits, is shown once and kept only as a salted hash.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable

FACILITATOR, PROJECTOR, SEAT = "facilitator", "projector", "seat:"
HUMAN, RULES, AGENT = "human", "rules", "agent"

PROGRAM = "agent:"
"""Whoever a program orders for: ``agent:<actor>`` is who the log says did it. No role."""

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: no I, L, O, U
LENGTH = 10  # 50 bits
_ALIKE = str.maketrans({"I": "1", "L": "1", "O": "0", "-": None, " ": None})


def role_of(actor: str) -> str:
    """The role of an actor's seat."""
    return SEAT + actor


def seat_of(role: str) -> str | None:
    """The actor whose seat a role is; None for the facilitator and the projector."""
    return role.removeprefix(SEAT) if role.startswith(SEAT) else None


def holder_of(written: str) -> str:
    """The holder that a log names: ``human``, ``rules`` or ``agent``.

    A log of the first edition goes on with the program's command or address. That is data, and
    never used: programs are named on the command line of the process that starts them.
    """
    return written.partition(":")[0]


Codes = Callable[[str, int], str]
"""Makes the code of a role's n-th generation: `random_code`, or one that can be made again."""


def random_code(role: str, generation: int) -> str:
    """A fresh code, as people read it aloud: ``7K3QD-0M2XW``."""
    letters = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    return f"{letters[:5]}-{letters[5:]}"


def hashed(code: str) -> str:
    """What the log keeps of a code: salt and scrypt hash, in hexadecimal."""
    salt = secrets.token_bytes(8)
    return f"{salt.hex()}:{_digest(code, salt)}"


def matches(code: str, kept: str) -> bool:
    """Whether this is the code of which `kept` is the hash; dashes and letter case do not count."""
    salt, _, digest = kept.partition(":")
    return bool(digest) and hmac.compare_digest(_digest(code, bytes.fromhex(salt)), digest)


def is_code(text: str) -> bool:
    """Whether this could be a code at all; nothing else is worth a slow look."""
    plain = _plain(text)
    return len(plain) == LENGTH and all(letter in ALPHABET for letter in plain)


def same(code: str, other: str) -> bool:
    """Whether two codes are one; dashes and letter case do not count."""
    return hmac.compare_digest(_plain(code).encode(), _plain(other).encode())


def _plain(code: str) -> str:
    return code[:80].upper().translate(_ALIKE)


def _digest(code: str, salt: bytes) -> str:
    plain = _plain(code).encode("utf-8", "replace")[:64]
    return hashlib.scrypt(plain, salt=salt, n=2**12, r=8, p=1, dklen=20).hex()
