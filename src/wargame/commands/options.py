"""Options that commands share, each declared once: the same words mean the same everywhere."""

from __future__ import annotations

import argparse
import os

from wargame.errors import WargameError
from wargame.experiment.plan import MOST_JOBS

SEEDS = 2**63


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


def add_overlay(parser: argparse.ArgumentParser, help: str = "a policy or worldview") -> None:
    """``--overlay``, as often as one likes."""
    parser.add_argument(
        "--overlay", action="append", default=[], metavar="O", help=f"{help}; repeat"
    )


def add_worldview(parser: argparse.ArgumentParser) -> None:
    """``--worldview``: one."""
    parser.add_argument("--worldview", metavar="W", help="what to believe about the world")


def add_seat(parser: argparse.ArgumentParser) -> None:
    """``--seat``: an actor that a program plays; `seminar.agents.parse_seats` reads them."""
    parser.add_argument(
        "--seat",
        action="append",
        default=[],
        metavar="A=WHERE",
        help="an actor that a program plays: its http address, or a command; repeat",
    )
