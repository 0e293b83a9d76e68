"""Write the ODD protocol of a scenario (Grimm et al. 2020), generated from code and YAML.

docs/odd.md is that of kherson-2022; a test fails when it no longer says what the model does.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

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
    parser.add_argument("-o", "--out", metavar="FILE", help="write it there (default: print it)")
    parser.add_argument("--lang", choices=("en", "ja"), default="en", help="language of the text")
    parser.add_argument(
        "--json", action="store_true", help="print one JSON object and nothing else"
    )


def run(args: argparse.Namespace) -> int:
    """Print the protocol, or write it and say where it is."""
    from wargame.experiment.folder import replaced
    from wargame.load import load
    from wargame.show.odd import odd

    text = odd(load(args.scenario), args.lang)
    if args.out:
        replaced(Path(args.out), lambda beside: beside.write_text(text, encoding="utf-8"))
    if args.json:
        found = {"schema": 1, "scenario": args.scenario, "out": args.out, "text": text}
        json.dump(found, sys.stdout, ensure_ascii=False)
        print()
    elif args.out:
        print(args.out)
    else:
        print(text, end="")
    return 0
