"""Show what there is to play with: scenarios, actors, policies, worldviews and histories."""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from wargame.cli.shared.options import add_telling
from wargame.cli.shared.terminal import pad, print_json
from wargame.errors import SpecError
from wargame.show.text.text_layout import columns

EXAMPLES = """examples:
  wargame list
  wargame list policies
  wargame list scenarios --lang ja"""

KINDS = {
    "scenarios": "scenario",
    "actors": "actor",
    "policies": "policy",
    "worldviews": "worldview",
    "histories": "history",
}
HEADS = dict(zip(KINDS, ("シナリオ", "主体", "政策", "世界観", "実際の経過"), strict=True))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``wargame list``."""
    parser.add_argument("kind", nargs="?", choices=list(KINDS), help="only these, explained")
    add_telling(parser, "language of the texts")


def run(args: argparse.Namespace) -> int:
    """Print the lists that were asked for."""
    kinds = [args.kind] if args.kind else list(KINDS)
    found = {kind: _items(KINDS[kind], args.lang) for kind in kinds}
    if args.json:
        print_json(found)
        return 0
    for place, (kind, items) in enumerate(found.items()):
        if place:
            print()
        print(HEADS[kind] if args.lang == "ja" else kind)
        wide = max((columns(item["id"]) for item in items), default=0)
        for item in items:
            print(f"  {pad(item['id'], wide)}  {item['title']}")
            if args.kind:
                for line in textwrap.wrap(item["about"], 76):
                    print(f"    {line}")
        if not items:
            print("  （なし）" if args.lang == "ja" else "  (none)")
    return 0


def _items(kind: Any, lang: str) -> list[dict[str, str]]:
    from wargame.content.load import list_available
    from wargame.content.reader import read_text, read_yaml

    def about(path: Path) -> str:
        try:
            found = read_yaml(read_text(path, str(path)), str(path)).get("about", "")
        except SpecError as error:
            return str(error)
        if isinstance(found, Mapping):
            found = found.get(lang) or found.get("en", "")
        return " ".join(str(found).split())

    return [
        {"id": name, "title": title.get(lang), "about": about(path), "path": str(path)}
        for name, title, path in list_available(kind)
    ]
