"""Is a folder one batch, and all of it? Asked whenever one is opened.

Piece by piece, each thing in a folder has its own seal: chunks in the journal, the manifest. What
no piece can say is that none is missing and that all are of one batch. So the journal of a
finished batch has a seal over its chunks and over the files beside it, and what a manifest and a
plan say of the same thing must agree. No chunk is unpacked for it: that costs 40 ms for ten
thousand chunks, and a megabyte of files a few.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from wargame.batches.playing import layout
from wargame.batches.stood_in import column
from wargame.batches.store.folder import JOURNAL, MANIFEST, PARQUET, TALLY, json_text, read_json
from wargame.batches.store.journal import Journal
from wargame.batches.store.plan import MOST_RUNS
from wargame.batches.variants import identity
from wargame.engine.record import RunHeader
from wargame.errors import StoreError

if TYPE_CHECKING:  # which takes pydantic: who plays need not wait for it
    from wargame.batches.manifest import Manifest


_ENDS = 2**20
"""Of a longer file the beginning and the end are looked at: both ends of a table name its batch."""


def finish(folder: Path, journal: Journal, tally: object) -> None:
    """Seal a folder in which all has been played, and all is written but its tally."""
    beside = [name for name in (MANIFEST, PARQUET) if (folder / name).exists()]
    files = {name: _print(folder / name) for name in beside}
    text = json_text(tally).encode()
    journal.finish({**files, TALLY: _hash(len(text), text[:_ENDS], text[_ENDS:][-_ENDS:])})


def check(folder: Path, manifest: Manifest, headers: Mapping[str, RunHeader]) -> bool:
    """Whether the folder could be checked as a whole: not while it is played, nor as version
    0.1.0 left it.

    Raises StoreError, naming what is missing, damaged or of another batch.
    """
    finished = (folder / TALLY).exists()
    with Journal.read(folder / JOURNAL) as journal:
        _check_plan(folder, journal, manifest, headers)
        if finished:
            _check_counts(folder, journal, manifest)
        whole = journal.whole
        if whole is None:
            if finished and manifest.seal is not None:
                raise _damaged(folder / JOURNAL, "the seal of a finished batch is missing")
            return False
        for name, seal in whole.files.items():
            gone = not (folder / name).exists()
            # Without its tally a batch does not look finished; nothing here reads the table.
            if gone and name in (TALLY, PARQUET):
                continue
            if gone or _print(folder / name) != seal:
                raise _damaged(folder / name, "it is not as it was written")
        return True


def _check_plan(
    folder: Path, journal: Journal, manifest: Manifest, headers: Mapping[str, RunHeader]
) -> None:
    plan = journal.plan
    seats = manifest.asked.seats or ()
    # Which programs held seats is part of what was played, and no manifest says it.
    variants = [(v.name, v.overlays, "" if seats else v.digest) for v in plan.variants]
    told = [
        (name, one.overlays, "" if seats else identity(one, {})) for name, one in headers.items()
    ]
    for what, agrees in {
        "scenario": plan.scenario == manifest.digest
        and all(header.digest == manifest.digest for header in headers.values()),
        "seed": {plan.seed} == {manifest.seed, *(header.seed for header in headers.values())},
        "engine": plan.engine == manifest.engine,
        "set of policies": variants == told,
    }.items():
        if not agrees:
            raise StoreError(
                f"{folder}: {MANIFEST} and {JOURNAL} are of two batches: each has another {what}"
            )
    if plan.runs.start or plan.runs.stop > MOST_RUNS:
        raise _damaged(folder / JOURNAL, f"a batch has runs 0 to {MOST_RUNS - 1:,} at most")
    extra = {column(actor) for actor in seats}
    found = {name: kind for name, kind in journal.schema if name not in extra}
    for header in headers.values():
        due = {name: np.dtype(kind).newbyteorder("<").str for name, kind in layout(header).items()}
        if found and found != due:
            raise _damaged(folder / MANIFEST, f"{JOURNAL} has other columns")


def _check_counts(folder: Path, journal: Journal, manifest: Manifest) -> None:
    """A finished batch has all its runs, and says of them what its journal says."""
    tally, runs = read_json(folder / TALLY), len(journal.plan.runs)
    for name, counts in journal.counts().items():
        if counts.played + counts.failed != runs:
            raise StoreError(
                f"{folder / JOURNAL}: damaged: {counts.played + counts.failed:,} of the {runs:,} "
                f"runs of {name} are left; copy the folder anew, or play what is missing with "
                "--resume"
            )
    due = [(name, runs, counts.failed) for name, counts in journal.counts().items()]
    match tally:
        case {"digest": manifest.digest, "seed": manifest.seed, "results": [*results]}:
            found = [
                (row.get("policy"), row.get("runs"), row.get("failed"))
                if isinstance(row, dict)
                else None
                for row in results
            ]
            if found == due:
                return
    raise StoreError(f"{folder}: {TALLY} is not that of the batch: copy it anew, or --resume")


def _damaged(path: Path, why: str) -> StoreError:
    return StoreError(f"{path}: damaged: {why}; copy it anew, or --resume")


def _print(path: Path) -> str:
    """A hash over a file: over all of it, or the ends of a long one and its length."""
    if not path.is_file():  # a named pipe would wait for somebody to write into it
        raise _damaged(path, "it is no file")
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            head = file.read(_ENDS)
            file.seek(max(len(head), size - _ENDS))
            return _hash(size, head, file.read(_ENDS))
    except OSError as error:
        raise StoreError(f"{path} cannot be read: {error.strerror or error}") from None


def _hash(size: int, head: bytes, tail: bytes) -> str:
    return sha256(b"%d " % size + head + tail).hexdigest()
