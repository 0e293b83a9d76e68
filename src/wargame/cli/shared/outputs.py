"""Where commands write: each says what it writes, and that is checked before any work begins."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from wargame.boundary.files import check_folder, check_new, check_output, home
from wargame.errors import StoreError

Check = Callable[[Path, Iterable[Path]], None]
"""Refuses a place, by StoreError, where nothing may be written; beside it, files that are read."""


def add_out(
    parser: argparse.ArgumentParser,
    metavar: str,
    help: str,
    *also: str,
    writes: Check,
    **more: Any,
) -> None:
    """``-o`` and ``--out``: where a command writes. also: older spellings that go on working."""
    parser.add_argument("-o", "--out", *also, metavar=metavar, help=help, type=home, **more)
    parser.set_defaults(check_out=writes)


def check_out(args: argparse.Namespace) -> None:
    """Refuse an output that must not be written, if there is one. Raises StoreError."""
    if getattr(args, "out", None) is not None:
        args.check_out(args.out, tuple(_named(args)))


def _named(args: argparse.Namespace) -> Iterator[Path]:
    """What stands on the command line and may be a file that is read."""
    for name, given in vars(args).items():
        for word in given if isinstance(given, list) else [given]:
            if name != "out" and isinstance(word, str | Path) and str(word):
                yield home(word)


# ------------------------------------------------------------------------------ what is written


def replaces(*kinds: str, begins: str = "") -> Check:
    """One file, which may replace an older one of these suffixes that begins like this."""
    return partial(_replaces, kinds=kinds, begins=begins)


def _replaces(out: Path, inputs: Iterable[Path], kinds: tuple[str, ...], begins: str) -> None:
    check_output(out, inputs, kinds, begins)


def new_file(out: Path, inputs: Iterable[Path]) -> None:
    """One file that is not there yet, as a log is."""
    check_new(out)


def fills(*names: str) -> Check:
    """A folder, made if need be, and in it files of these names, whose older ones are replaced."""
    return partial(_fills, names=names, there=False)


def joins(*names: str) -> Check:
    """A folder that there is already, and in it files of these names."""
    return partial(_fills, names=names, there=True)


def _fills(out: Path, inputs: Iterable[Path], names: tuple[str, ...], there: bool) -> None:
    check_folder(out)
    if there and not out.is_dir():
        raise StoreError(f"{out} is no folder")
    if out.is_dir():
        for name in names:
            check_output(out / name, inputs, [Path(name).suffix])
