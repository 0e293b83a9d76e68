"""Print a scenario as the machine plays it: the head of its program, then its code, step by step.

docs/machine.md says what each operation means.
"""

from __future__ import annotations

import argparse

from wargame.cli.shared.options import add_json, add_overlay
from wargame.cli.shared.terminal import print_json

EXAMPLES = """examples:
  wargame program tegmark-tree
  wargame program kherson-2022 --overlay no-private-warnings | less
  wargame program kherson-2022 --json"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``wargame program``."""
    parser.add_argument("scenario", help="a scenario's name or path")
    add_overlay(parser)
    add_json(parser, "print the tables and their digest as one JSON object")


def run(args: argparse.Namespace) -> int:
    """Print the listing."""
    from wargame.backends.lowering import program_of
    from wargame.compiler.cached import opened
    from wargame.engine.program import Head, listing
    from wargame.engine.program_check import check_program

    program = check_program(program_of(opened(args.scenario, args.overlay)))
    if args.json:
        print_json(
            {
                "schema": 1,
                "digest": program.digest,
                "head": {entry.name.lower(): program[entry] for entry in Head},
                "words": program.words.tolist(),
                "labels": [f"{word:016x}" for word in program.labels.tolist()],
            }
        )
        return 0
    print(f"digest          {program.digest}")
    for line in listing(program):
        print(line)
    return 0
