"""Gather the program's own words into the catalogues, and compile these: `make words`.

A message is whatever is given to `say(...)` alone, without its Japanese beside it. New ones wait
in ``wargame.po`` for a translation; those that nothing says any more are dropped. The files depend
on nothing but the messages.
"""

from __future__ import annotations

import ast
import datetime
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

PACKAGE = Path(__file__).resolve().parent.parent / "src" / "wargame"
LONG_AGO = datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC)  # no clock in the files
PLACES = ("show/**/*.py", "cli/**/*.py")
HEADER = """# The program's own words in another language; `make words` brings it up to date.
msgid ""
msgstr ""
"Language: {language}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"""


def messages() -> list[str]:
    """Every message of the source, by file and line, each once.

    A seminar's pages keep their words in a catalogue of their own.
    """
    found = (said for place in PLACES for file in sorted(PACKAGE.glob(place)) for said in say(file))
    return list(dict.fromkeys(found))


def say(file: Path) -> Iterator[str]:
    """The messages that are given to `say` in a file; Babel's own search overlooks f-strings."""
    calls = ast.walk(ast.parse(file.read_text("utf-8")))
    named = [
        (node.lineno, node.col_offset, node.args[0].value)
        for node in calls
        if isinstance(node, ast.Call)
        and getattr(node.func, "id", getattr(node.func, "attr", "")) == "say"
        and len(node.args) == 1
        and isinstance(node.args[0], ast.Constant)
    ]
    for _, _, message in sorted(named):
        yield str(message)


def read(path: Path) -> Catalog:
    """A catalogue as it was translated."""
    with path.open("rb") as file:
        return read_po(file, locale=path.parent.parent.name)


def updated(old: Catalog) -> Catalog:
    """The messages of the source with the translations that there are."""
    new = Catalog(locale=old.locale)
    for message in messages():
        known = old.get(message)
        new.add(message, string=known.string if known else "")
    return new


def as_po(catalog: Catalog) -> bytes:
    """A catalogue as text, without dates."""
    body = BytesIO()
    write_po(body, catalog, width=0, omit_header=True)
    return (HEADER.format(language=catalog.locale) + "\n").encode() + body.getvalue()


def as_mo(po: bytes) -> bytes:
    """The compiled form of a catalogue's text."""
    catalog, compiled = read_po(BytesIO(po)), BytesIO()
    catalog.creation_date = catalog.revision_date = LONG_AGO
    write_mo(compiled, catalog)
    return compiled.getvalue()


def main() -> None:
    """Bring every catalogue up to date."""
    for path in sorted(PACKAGE.glob("show/locale/*/LC_MESSAGES/wargame.po")):
        catalog = updated(read(path))
        path.write_bytes(as_po(catalog))
        path.with_suffix(".mo").write_bytes(as_mo(path.read_bytes()))
        missing = [message.id for message in catalog if message.id and not message.string]
        print(f"{path.parent.parent.name}: {len(catalog)} messages, {len(missing)} untranslated")
        for message in missing:
            print(f"  {message}")


if __name__ == "__main__":
    main()
