"""Print the JSON Schema of a kind of file, so that an editor completes and checks the YAML."""

from __future__ import annotations

import argparse
import json

EXAMPLES = """examples:
  wargame schema scenario > scenario.schema.json
  wargame schema actor

In many editors, put this on the first line of a YAML file:
  # yaml-language-server: $schema=scenario.schema.json"""

KINDS = ("scenario", "actor", "moves", "policy", "worldview", "history")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``wargame schema``."""
    parser.add_argument("kind", nargs="?", choices=KINDS, default="scenario", help="kind of file")


def run(args: argparse.Namespace) -> int:
    """Print the schema."""
    from wargame.load import json_schema

    print(json.dumps(json_schema(args.kind), ensure_ascii=False, indent=2))
    return 0
