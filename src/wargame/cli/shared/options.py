"""Options that commands share, each declared once: the same words mean the same everywhere."""

from __future__ import annotations

import argparse
import os
from typing import Any

from wargame.batches.store.plan import MOST_JOBS
from wargame.boundary.files import home
from wargame.content.data_files import is_path
from wargame.errors import WargameError

SEEDS = 2**63

STOOD_IN = 3
"""The exit code where rules had to stand in for a program, though everything was played."""


def add_json(
    parser: argparse.ArgumentParser, help: str = "print one JSON object and nothing else"
) -> None:
    """``--json``."""
    parser.add_argument("--json", action="store_true", help=help)


def add_lang(parser: argparse.ArgumentParser, help: str = "language of the words") -> None:
    """``--lang``: English or Japanese."""
    parser.add_argument("--lang", choices=("en", "ja"), default="en", help=help)


def add_seed(
    parser: argparse.ArgumentParser, help: str = "names the luck (default: the scenario's)"
) -> None:
    """``--seed``; `seed_of` reads it."""
    parser.add_argument("--seed", type=int, metavar="S", help=help)


def seed_of(args: argparse.Namespace) -> int | None:
    """The seed that was asked for, if any. Raises WargameError for a number that names no luck."""
    asked: int | None = args.seed
    if asked is not None and not 0 <= asked < SEEDS:
        raise WargameError(f"--seed must be a number from 0 to 2**63 - 1, not {asked}")
    return asked


def add_jobs(parser: argparse.ArgumentParser, what: str = "processes") -> None:
    """``--jobs``; `jobs_of` reads it."""
    parser.add_argument(
        "--jobs", type=int, metavar="J", help=f"{what} (default: one for each core)"
    )


def jobs_of(args: argparse.Namespace) -> int:
    """How many processes to play with. Raises WargameError for none, and for far too many."""
    asked: int = args.jobs if args.jobs is not None else os.cpu_count() or 1
    if not 1 <= asked <= MOST_JOBS:
        raise WargameError(f"--jobs must be between 1 and {MOST_JOBS}, not {asked}")
    return asked


def named(entry: str) -> list[str]:
    """``a,b`` as two names, ``""`` as none; the path of an existing file may contain a comma."""
    if is_path(entry) and home(entry).exists():
        return [entry]
    return [name.strip() for name in entry.split(",") if name.strip()]


class _Names(argparse.Action):
    """Gathers names: ``--policy a --policy b``, ``--policy a,b`` and ``--policies a b`` alike."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        entries = [values] if isinstance(values, str) else values
        before = getattr(namespace, self.dest) or []
        found = [*before, *(name for entry in entries for name in named(entry))]
        setattr(namespace, self.dest, found)


def add_policies(
    parser: argparse.ArgumentParser, help: str, default: list[str] | None = None
) -> None:
    """``--policy``: as many as one likes; ``policy`` is a list of names, `default` without any."""
    _add_names(parser, "policy", "policies", "P", f"{help}; a+b composes two", default)


def add_worldviews(
    parser: argparse.ArgumentParser, help: str, default: list[str] | None = None
) -> None:
    """``--worldview``: as many as one likes; ``worldview`` is a list of names."""
    _add_names(parser, "worldview", "worldviews", "W", help, default)


def add_cluster(parser: argparse.ArgumentParser) -> None:
    """``--cluster``: who plays in place of processes on this machine."""
    parser.add_argument(
        "--cluster", metavar="ADDRESS", help="play on a Dask cluster: tcp://host:8786"
    )


def add_players(parser: argparse.ArgumentParser, what: str = "processes") -> None:
    """``--seed``, ``--jobs`` and ``--cluster``: under which luck, and who plays."""
    add_seed(parser)
    add_jobs(parser, what)
    add_cluster(parser)


def add_telling(
    parser: argparse.ArgumentParser, language_of: str = "language of the words"
) -> None:
    """``--lang`` and ``--json``: how the answer is told."""
    add_lang(parser, language_of)
    add_json(parser)


def add_margin(parser: argparse.ArgumentParser) -> None:
    """``--margin``: a share between 0 and 0.5, refused before anything is played."""
    parser.add_argument(
        "--margin",
        type=_margin,
        default=0.01,
        metavar="M",
        help="the smallest difference that matters, as a share (default: 0.01)",
    )


def _margin(text: str) -> float:
    try:
        margin = float(text)
    except ValueError:
        margin = 0.0
    if not 0 < margin < 0.5:
        raise WargameError(f"a margin is a share between 0 and 0.5, not {text}")
    return margin


def add_overlay(parser: argparse.ArgumentParser, help: str = "a policy or worldview") -> None:
    """``--overlay``: as many as one likes, laid over each other."""
    _add_names(parser, "overlay", "overlays", "O", help, [])


def _add_names(
    parser: argparse.ArgumentParser,
    one: str,
    many: str,
    metavar: str,
    help: str,
    default: list[str] | None,
) -> None:
    parser.add_argument(
        f"--{one}",
        dest=one,
        action=_Names,
        default=default,
        metavar=f"{metavar},...",
        help=f"{help}; repeat, or separate by commas",
    )
    # The older spelling takes names apart by spaces, too.
    parser.add_argument(
        f"--{many}", dest=one, action=_Names, nargs="+", default=default, help=argparse.SUPPRESS
    )


def add_worldview(parser: argparse.ArgumentParser) -> None:
    """``--worldview``: one."""
    parser.add_argument("--worldview", metavar="W", help="what to believe about the world")


def add_seat(parser: argparse.ArgumentParser) -> None:
    """``--seat``: an actor that a program plays; `seats.programs.parse_seats` reads them."""
    parser.add_argument(
        "--seat",
        action="append",
        default=[],
        metavar="A=WHERE",
        help="an actor that a program plays: its http address, or a command; repeat",
    )
