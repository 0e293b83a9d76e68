"""Print a scenario as the machine plays it: the head of its program, then its code, step by step.

With -o it writes a page that plays the scenario by itself, offline, in any browser.
docs/machine.md says what each operation means, and how a page plays.
"""

from __future__ import annotations

import argparse

from wargame.boundary.files import write_text
from wargame.cli.shared.options import add_json, add_lang, add_overlay
from wargame.cli.shared.outputs import add_out, replaces
from wargame.cli.shared.terminal import print_json

EXAMPLES = """examples:
  wargame program tegmark-tree
  wargame program kherson-2022 --overlay no-private-warnings | less
  wargame program kherson-2022 --json
  wargame program kherson-2022 -o machine.html --lang ja"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``wargame program``."""
    parser.add_argument("scenario", help="a scenario's name or path")
    add_overlay(parser)
    add_json(parser, "print the tables and their digest as one JSON object")
    page = "write a page that plays, as machine.html, and print nothing of the program"
    add_out(parser, "FILE", page, writes=replaces(".html"))
    add_lang(parser, "language that the page opens in")


def run(args: argparse.Namespace) -> int:
    """Print the listing, or write the page."""
    from wargame.backends.lowering import program_of
    from wargame.compiler.cached import opened
    from wargame.engine.program import Head, listing
    from wargame.engine.program_check import check_program

    scenario = opened(args.scenario, args.overlay)
    if args.out is not None:
        from wargame.show.documents.machine_page import machine_page

        text = machine_page(scenario, args.lang)
        write_text(args.out, text)
        print(f"{args.out}: {len(text.encode()) // 1000:,} kB")
        return 0
    program = check_program(program_of(scenario))
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
