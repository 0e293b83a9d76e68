"""What commands share that play a study: where it is kept, and how one goes on with it."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from wargame.cli.shared.options import jobs_of

if TYPE_CHECKING:
    from wargame.batches.study import Study

_NO_QUESTION = frozenset(
    (
        "check_out",
        "cluster",
        "command",
        "function",
        "jobs",
        "json",
        "lang",
        "out",
        "parser",
        "resume",
        "words",
    )
)
"""What a command is told that changes nothing about its answer."""


def add_resume(parser: argparse.ArgumentParser) -> None:
    """``--resume``; `study_of` obeys it."""
    parser.add_argument(
        "--resume",
        action="store_true",
        help="go on with the same question where it was interrupted; nothing is played twice",
    )


@contextmanager
def study_of(args: argparse.Namespace, out: Path | None = None) -> Iterator[Study]:
    """Who plays, and keeps what was played until the answer is there.

    out: the folder for it; left out, one of the user's own, which the same command finds again.
    After Ctrl-C, KeyboardInterrupt says how to go on.
    """
    from wargame.batches.study import kept

    try:
        with kept(
            args.command,
            {name: value for name, value in vars(args).items() if name not in _NO_QUESTION},
            jobs=jobs_of(args) if hasattr(args, "jobs") else 1,
            cluster=getattr(args, "cluster", None),
            out=out,
            resume=args.resume,
        ) as study:
            yield study
    except KeyboardInterrupt:
        raise KeyboardInterrupt(f"nothing played is lost. Go on with:\n  {_again(args)}") from None


def _again(args: argparse.Namespace) -> str:
    words = [word for word in args.words if word != "--resume"]
    return shlex.join(["wargame", *words, "--resume"])
