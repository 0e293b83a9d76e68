"""``runs.parquet``: one row for every run of a batch, for whoever works with tables.

Failed runs have a row too, with nothing in it but their number: who leaves them out has to do
so knowingly. Written only where pyarrow is installed (extra ``parquet``).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from wargame.experiment.folder import replaced
from wargame.experiment.journal import Journal
from wargame.experiment.playing import layout
from wargame.experiment.results import Window, windows
from wargame.record import RunHeader
from wargame.statistics import FAILED

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["export", "table"]


def export(journal: Journal, headers: Mapping[str, RunHeader], path: Path) -> bool:
    """Write every run to a Parquet file; False where pyarrow is not installed.

    The bytes depend on the results alone, not on how they were played. Raises StoreError if the
    file cannot be written whole.
    """
    try:
        import pyarrow.parquet as pq
    except ImportError:
        return False

    def write(beside: Path) -> None:
        tables = _tables(journal, headers)
        first = next(tables)
        with pq.ParquetWriter(beside, first.schema, compression="zstd") as writer:
            writer.write_table(first)
            for rows in tables:
                writer.write_table(rows)

    replaced(path, write)
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
                {"wargame": json.dumps(about)}
            )


def table(window: Window, variant: str, header: RunHeader, variants: tuple[str, ...]) -> pa.Table:
    """One window as rows: played and failed runs in order."""
    import pyarrow as pa

    runs = np.concatenate([window.runs, window.failed])
    order = np.argsort(runs, kind="stable")
    failed = (np.arange(len(runs)) >= len(window.runs))[order]
    policy = np.full(len(runs), variants.index(variant), dtype=np.int16)
    columns: dict[str, Any] = {
        "policy": pa.DictionaryArray.from_arrays(policy, list(variants)),
        "run": runs[order],
    }
    for name, dtype in layout(header).items():
        known = np.asarray(window.columns.get(name, ()), dtype=dtype)
        values = np.concatenate([known, np.zeros(len(window.failed), dtype=dtype)])[order]
        if name == "ending":
            codes = np.where(failed, len(header.endings), values).astype(np.int16)
            columns[name] = pa.DictionaryArray.from_arrays(codes, [*header.endings, FAILED])
        else:
            columns[name] = pa.array(values, mask=failed)
    return pa.table(columns)
