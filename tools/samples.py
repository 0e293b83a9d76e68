"""Make the sample batch and the sample turn log in runs/ anew: run it when a format changes."""

from __future__ import annotations

import platform
import shutil
from pathlib import Path

import wargame as wg
from wargame.replay.replay import record_run

RUNS = Path(__file__).resolve().parent.parent / "runs"
BATCH, LOG = RUNS / "sample-batch", RUNS / "sample-run.jsonl"


def main() -> None:
    """Play them in place of the old ones, by today's program."""
    shutil.rmtree(BATCH, ignore_errors=True)
    LOG.unlink(missing_ok=True)
    platform.platform = platform.system  # a manifest in the repository names no machine
    wg.batch("tegmark-tree", runs=500, jobs=1, out=BATCH)
    record_run("kherson-2022", LOG, run=153)


if __name__ == "__main__":
    main()
