"""Results as columns: one array per column, one element per run, packed into one blob."""

from __future__ import annotations

import zlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Columns = dict[str, NDArray[Any]]

Schema = tuple[tuple[str, str], ...]
"""The columns in order of name, each with its dtype in NumPy's notation, as ``<i4``."""

MOST_BYTES = 2**30
"""Of the columns of one chunk, unpacked."""

_FAST = 1
"""zlib's level: columns of small whole numbers shrink to about a fifth already."""


@dataclass(frozen=True, slots=True)
class Packed:
    """The columns of some runs, as bytes that are the same on every machine."""

    schema: Schema
    data: bytes


def pack(columns: Mapping[str, NDArray[Any]], runs: int) -> Packed:
    """Pack columns of numbers or truth values, each of shape ``(runs,)`` or ``(runs, ...)``.

    Raises ValueError for any other shape or type: text, for one, takes a width that depends on
    what else is in the array, and so would depend on the chunk.
    """
    schema, parts = [], []
    for name in sorted(columns):
        column = np.asarray(columns[name])
        if column.shape[:1] != (runs,):
            raise ValueError(f"column {name!r} has shape {column.shape}, not ({runs},)")
        if column.dtype.kind not in "biuf":
            raise ValueError(f"column {name!r} holds {column.dtype}, not numbers")
        column = column.astype(column.dtype.newbyteorder("<"))
        # NumPy's notation for what one run has of a column with further axes: ``(52,)<i4``.
        inner = str(column.shape[1:]) if column.ndim > 1 else ""
        schema.append((name, f"{inner}{column.dtype.str}"))
        parts.append(column.tobytes())
    return Packed(tuple(schema), zlib.compress(b"".join(parts), _FAST))


def unpack(packed: Packed, runs: int, names: Collection[str] | None = None) -> Columns:
    """The columns again, read-only; only those named, if any are.

    Raises ValueError if the bytes are not what :func:`pack` made for so many runs.
    """
    sizes = [np.dtype(dtype).itemsize * runs for _, dtype in packed.schema]
    if sum(sizes) > MOST_BYTES:
        raise ValueError(f"{sum(sizes):,} bytes for {runs} runs are too many")
    try:
        # A few bytes can stand for gigabytes: no more is unpacked than is due.
        data = zlib.decompressobj().decompress(packed.data, sum(sizes) + 1)
    except (zlib.error, OverflowError) as error:
        raise ValueError(str(error)) from None
    if len(data) != sum(sizes):
        raise ValueError(f"{len(data)} bytes where {sum(sizes)} are due")
    columns: Columns = {}
    at = 0
    for (name, dtype), size in zip(packed.schema, sizes, strict=True):
        if names is None or name in names:
            columns[name] = np.frombuffer(data, dtype, runs, at)
        at += size
    return columns
