"""Write a scenario's course kit for printing: role packets, facilitator's guide, move cards."""

from __future__ import annotations

import argparse
from pathlib import Path

EXAMPLES = """examples:
  wargame kit kherson-2022 -o kit
  wargame kit kherson-2022 -o kit --lang ja"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``wargame kit``."""
    parser.add_argument("scenario", help="a scenario's name or path")
    parser.add_argument(
        "-o", "--output", type=Path, required=True, metavar="FOLDER", help="where the pages go"
    )
    parser.add_argument(
        "--overlay", action="append", default=[], metavar="O", help="a policy or worldview; repeat"
    )
    parser.add_argument("--lang", choices=("en", "ja"), default="en", help="language of the pages")


def run(args: argparse.Namespace) -> int:
    """Write the pages."""
    from wargame.compiler import compile_scenario
    from wargame.load import load
    from wargame.seminar.kit import write_kit

    scenario = compile_scenario(load(args.scenario, args.overlay))
    for path in write_kit(scenario, args.output, args.lang):
        print(path)
    return 0
