"""Write a scenario's course kit for printing: role packets, facilitator's guide, move cards."""

from __future__ import annotations

import argparse

from wargame.cli.shared.options import add_lang, add_overlay
from wargame.cli.shared.outputs import add_out, fills

EXAMPLES = """examples:
  wargame kit kherson-2022 -o kit
  wargame kit kherson-2022 -o kit --lang ja"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``wargame kit``."""
    parser.add_argument("scenario", help="a scenario's name or path")
    add_out(
        parser,
        "FOLDER",
        "where the pages go",
        "--output",
        required=True,
        writes=fills("index.html", "roles.html", "facilitator.html", "cards.html"),
    )
    add_overlay(parser)
    add_lang(parser, "language of the pages")


def run(args: argparse.Namespace) -> int:
    """Write the pages."""
    from wargame.compiler.cached import opened
    from wargame.seminar.kit import write_kit

    scenario = opened(args.scenario, args.overlay)
    for path in write_kit(scenario, args.out, args.lang):
        print(path)
    return 0
