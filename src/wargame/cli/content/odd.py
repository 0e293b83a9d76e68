"""Write the ODD protocol of a scenario (Grimm et al. 2020), generated from code and YAML.

docs/odd.md is that of kherson-2022; a test fails when it no longer says what the model does.
"""

from __future__ import annotations

import argparse

from wargame.cli.shared.options import add_telling
from wargame.cli.shared.outputs import add_out, replaces
from wargame.cli.shared.terminal import print_json

EXAMPLES = """examples:
  wargame odd
  wargame odd kherson-2022 -o docs/odd.md
  wargame odd tegmark-tree --lang ja"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``wargame odd``."""
    parser.add_argument(
        "scenario",
        nargs="?",
        default="kherson-2022",
        help="a scenario's name or path (default: kherson-2022)",
    )
    add_out(parser, "FILE", "write it there (default: print it)", writes=replaces(".md"))
    add_telling(parser, "language of the text")


def run(args: argparse.Namespace) -> int:
    """Print the protocol, or write it and say where it is."""
    from wargame.boundary.files import write_text
    from wargame.content.load import load
    from wargame.show.documents.odd import odd

    text = odd(load(args.scenario), args.lang)
    if args.out:
        write_text(args.out, text)
    if args.json:
        found = {
            "schema": 1,
            "scenario": args.scenario,
            "out": args.out and str(args.out),
            "text": text,
        }
        print_json(found)
    elif args.out:
        print(args.out)
    else:
        print(text, end="")
    return 0
