"""Whole numbers from outside: counts, seeds, runs, jobs.

A script may hold them as any integer type, NumPy's included; the program goes on with Python's.
"""

from __future__ import annotations

import operator
from typing import Any

from wargame.errors import WargameError

__all__ = ["SEEDS", "integer"]

SEEDS = 2**63
"""A seed lies below."""


def integer(value: Any, name: str, least: int, below: int) -> int:
    """`value` as an int, from `least` to `below` - 1.

    Raises WargameError for what is no integer, for True and False, which pass for 1 and 0 but have
    other digests, and for a number that lies outside.
    """
    try:
        number = operator.index(value)
    except TypeError:
        number = None
    if number is None or isinstance(value, bool) or not least <= number < below:
        most = f"2**{below.bit_length() - 1} - 1" if below in (2**62, 2**63) else f"{below - 1:,}"
        given = f"{value!r}" if number is None or isinstance(value, bool) else f"{number:,}"
        raise WargameError(f"{name} must be a whole number from {least:,} to {most}, not {given}")
    return number
