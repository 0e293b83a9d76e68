"""``runs.parquet``: one row for every run of a batch, for whoever works with tables.

Failed runs have a row too, with nothing in it but their number: who leaves them out has to do
so knowingly. Rolling hashes are texts, ``0x0123456789abcdef``: a spreadsheet would round them.
Written only where pyarrow is installed (extra ``parquet``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from wargame.batches.playing import layout
from wargame.batches.results import Window, windows
from wargame.batches.store.journal import Journal
from wargame.boundary.files import replaced
from wargame.boundary.foreign import dumps
from wargame.engine.record import RunHeader
from wargame.statistics.shares import FAILED

if TYPE_CHECKING:
    import pyarrow as pa


def export(journal: Journal, headers: Mapping[str, RunHeader], path: Path) -> bool:
    """Write every run to a Parquet file; False where pyarrow is not installed.

    The bytes depend on the results alone, not on how they were played. Raises StoreError if the
    file cannot be written whole.
    """
    try:
        import pyarrow.parquet as pq
    except ImportError:
        return False

    def write(file: BinaryIO) -> None:
        tables = _tables(journal, headers)
        first = next(tables)
        with pq.ParquetWriter(file, first.schema, compression="zstd") as writer:
            writer.write_table(first)
            for rows in tables:
                writer.write_table(rows)

    replaced(path, write, kinds=(".parquet",))
    return True


def _tables(journal: Journal, headers: Mapping[str, RunHeader]) -> Iterator[pa.Table]:
    base = next(iter(headers.values()))
    about = {
        "scenario": base.scenario,
        "digest": base.digest,
        "seed": base.seed,
        "engine": base.engine,
    }
    for variant, header in headers.items():
        for window in windows(journal, variant, layout(header)):
            yield table(window, variant, header, tuple(headers)).replace_schema_metadata(
                {"wargame": dumps(about)}
            )


def table(window: Window, variant: str, header: RunHeader, variants: tuple[str, ...]) -> pa.Table:
    """One window as rows: played and failed runs in order."""
    import pyarrow as pa

    runs = np.concatenate([window.runs, window.failed])
    order = np.argsort(runs, kind="stable")
    failed = (np.arange(len(runs)) >= len(window.runs))[order]
    policy = np.full(len(runs), variants.index(variant), dtype=np.int16)
    columns: dict[str, pa.Array] = {
        "policy": pa.DictionaryArray.from_arrays(_array(policy), _texts(variants)),
        "run": _array(runs[order]),
    }
    for name, dtype in layout(header).items():
        known = np.asarray(window.columns.get(name, ()), dtype=dtype)
        values = np.concatenate([known, np.zeros(len(window.failed), dtype=dtype)])[order]
        if name == "ending":
            codes = np.where(failed, len(header.endings), values).astype(np.int16)
            endings = _texts((*header.endings, FAILED))
            columns[name] = pa.DictionaryArray.from_arrays(_array(codes), endings)
        elif name == "trail":
            columns[name] = _hashes(values, failed)
        else:
            columns[name] = _array(values, failed)
    return pa.Table.from_arrays(list(columns.values()), names=list(columns))


# As `pa.array` does it. That would import pandas where there is one, a third of a second, only
# to see whether what it is given is one of its own.


def _array(values: NDArray[Any], missing: NDArray[np.bool_] | None = None) -> pa.Array:
    import pyarrow as pa

    held = pa.py_buffer(np.ascontiguousarray(values))
    buffers = [_valid(missing), held]
    return pa.Array.from_buffers(pa.from_numpy_dtype(values.dtype), len(values), buffers)


def _hashes(values: NDArray[Any], missing: NDArray[np.bool_]) -> pa.StringArray:
    import pyarrow as pa

    digits = np.frombuffer(values.astype(">u8").tobytes().hex().encode(), dtype="S16")
    texts = np.char.add(b"0x", digits)
    ends = np.arange(len(values) + 1, dtype=np.int32) * texts.itemsize
    return pa.StringArray.from_buffers(
        len(values), pa.py_buffer(ends), pa.py_buffer(texts.tobytes()), _valid(missing)
    )


def _valid(missing: NDArray[np.bool_] | None) -> pa.Buffer | None:
    import pyarrow as pa

    if missing is None or not missing.any():
        return None
    return pa.py_buffer(np.packbits(~missing, bitorder="little"))


def _texts(texts: Sequence[str]) -> pa.StringArray:
    import pyarrow as pa

    encoded = [text.encode() for text in texts]
    ends = np.cumsum([0, *map(len, encoded)], dtype=np.int32)
    return pa.StringArray.from_buffers(
        len(texts), pa.py_buffer(ends), pa.py_buffer(b"".join(encoded))
    )
