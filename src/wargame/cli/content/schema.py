"""Print the JSON Schema of a kind of file, so that an editor completes and checks the YAML."""

from __future__ import annotations

import argparse

from wargame.boundary.foreign import dumps

EXAMPLES = """examples:
  wargame schema scenario > scenario.schema.json
  wargame schema actor

In many editors, put this on the first line of a YAML file:
  # yaml-language-server: $schema=scenario.schema.json"""

CONTENT = ("scenario", "actor", "moves", "policy", "worldview", "history")
DATA = ("targets", "patterns", "base-rates")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``wargame schema``."""
    parser.add_argument(
        "kind", nargs="?", choices=(*CONTENT, *DATA), default="scenario", help="kind of file"
    )


def run(args: argparse.Namespace) -> int:
    """Print the schema."""
    from wargame.content.load import json_schema, schema_of

    if args.kind in DATA:
        from wargame.analysis.file_kinds import KINDS

        schema = schema_of(KINDS[args.kind].shape)
    else:
        schema = json_schema(args.kind)
    print(dumps(schema, ensure_ascii=False, indent=2))
    return 0
