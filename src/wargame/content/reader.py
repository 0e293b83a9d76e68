"""The guarded reader of YAML: text in, plain values that know their place out.

YAML as people write it in a scenario is a small, harmless language; YAML as its specification
describes it can explode in memory, run code, and turn a word into a number behind one's back.
This reader takes the first and refuses the rest, while the text is being parsed and before
anything is built from it:

* at most 256 KiB, 24 levels, 20,000 values, in UTF-8;
* no anchors, aliases, tags, merge keys, directives or second documents;
* every key a word, and each only once;
* only `true`, `false`, `null` (or nothing), whole numbers and finite decimal numbers mean
  anything else than the characters they are written with: `NO`, `012`, `12:30`, `1e3`, `1_000`
  and `2022-10-10` are text;
* no control characters, and none that change the direction of the text around them.

The pure Python parser of PyYAML does the scanning; the C one has crashed on nested brackets.
"""

from __future__ import annotations

import math
import os
import re
import stat
from pathlib import Path

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from wargame.content.source_marks import Bare, Flag, Located, Number, Rows, Table, Word, shown
from wargame.errors import MOST_FAULTS, Fault, Mark, SpecError

__all__ = [
    "MAX_BYTES",
    "MAX_DEPTH",
    "MAX_LINE",
    "MAX_NODES",
    "decode",
    "read_text",
    "read_yaml",
    "wide_hint",
]

MAX_BYTES = 256 * 1024
MAX_NODES = 20_000
MAX_DEPTH = 24
MAX_LINE = 10_000
MAX_DIGITS = 19

_WHOLE = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_DECIMAL = re.compile(r"[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
_TOO_DEEP = re.compile(rf"(?:[\[{{]\s*){{{MAX_DEPTH + 1}}}")
_WIDE = {"：": ": ", "，": ", ", "｛": "{", "｝": "}", "［": "[", "］": "]", "＃": "#", "－": "- "}
_WIDE_KEY = re.compile(r"\s*(?:- +)?[\w.-]+\s*：", re.ASCII)
_SPACES = "\0 \t\r\n\x85\u2028\u2029"
_NOTHING = frozenset({"", "~", "null"})
_TRUTH = {"true": True, "false": False}

# Controls other than tab and line ends, rare line separators, the marks that reorder the text
# around them, a byte order mark inside the text, halves of surrogate pairs, non-characters.
_FORBIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff\ufffe\uffff]"
)


class _Loader(yaml.SafeLoader):
    """PyYAML's own, but that a comma inside parentheses does not end a bare text.

    Authors write `{when: stage(usa, russia) >= 5, for: 4}`, and mean one condition.
    """

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self._looked = 0  # how far parentheses have been matched, and which are closed
        self._closed: set[int] = set()

    def scan_plain(self) -> yaml.tokens.ScalarToken:
        """A bare text: as PyYAML scans it, parentheses kept together inside { } and [ ]."""
        chunks: list[str] = []
        start = end = self.get_mark()
        spaces: list[str] = []
        opened, hopeless = 0, False  # hopeless: a parenthesis here is never closed
        while self.peek() != "#":
            length = 0
            while True:
                ch = self.peek(length)
                if ch in _SPACES or (ch == ":" and self.peek(length + 1) in self._after_key()):
                    break
                if self.flow_level and ch in ",?[]{}" and not (ch == "," and opened):
                    break
                if ch == "(" and not hopeless:
                    opened += 1 if opened or self._closes(length) else 0
                    hopeless = not opened
                elif ch == ")":
                    opened = max(0, opened - 1)
                length += 1
            if length == 0:
                break
            self.allow_simple_key = False
            chunks += [*spaces, self.prefix(length)]
            self.forward(length)
            end = self.get_mark()
            spaces = self.scan_plain_spaces(self.indent + 1, start) or []
            if not spaces or (not self.flow_level and self.column < self.indent + 1):
                break
        return yaml.tokens.ScalarToken("".join(chunks), True, start, end)

    def _after_key(self) -> str:
        return _SPACES + (",[]{}" if self.flow_level else "")

    def _closes(self, place: int) -> bool:
        """Whether the parenthesis at `place` is closed before its line or its braces end."""
        at = self.index + place
        if at >= self._looked:  # each stretch is looked through once, whatever is in it
            opened: list[int] = []
            while (ch := self.peek(place)) not in "\0\r\n[]{}":
                if ch == "(":
                    opened.append(self.index + place)
                elif ch == ")" and opened:
                    self._closed.add(opened.pop())
                place += 1
            self._looked = self.index + place
        return at in self._closed


class _Refused(Exception):
    """The text cannot be read any further."""

    def __init__(self, message: str, at: Mark, hint: str = "") -> None:
        self.fault = Fault(message, at, hint)


def _too_deep(at: Mark) -> _Refused:
    return _Refused(f"nested more than {MAX_DEPTH} levels deep", at, "write it flatter")


def read_text(path: Path, name: str) -> str:
    """The text of a file, as UTF-8 and not longer than `MAX_BYTES`.

    `name` is what the faults call the file.  Raises SpecError with one fault when there is no
    such file, when it is no ordinary file, too long, not readable or not UTF-8.
    """
    start = Mark(name, 1, 1)
    try:
        # Without O_NONBLOCK, opening a pipe that nobody writes to would wait for ever.
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise SpecError(
            [Fault(f"cannot open the file: {why}", start, "check the path and its permissions")]
        ) from None
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise SpecError([Fault("this is not an ordinary file", start, "name a YAML file")])
        with open(handle, "rb", closefd=False) as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise SpecError([Fault(f"cannot read the file: {error.strerror}", start)]) from None
    finally:
        os.close(handle)
    return decode(data, name)


def decode(data: bytes, name: str) -> str:
    """The text in these bytes; a byte order mark of UTF-8 is dropped."""
    start = Mark(name, 1, 1)
    if len(data) > MAX_BYTES:
        raise SpecError(
            [Fault("the file is longer than 256 KiB", start, "split it, or shorten its texts")]
        )
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise SpecError([Fault("the file is in UTF-16", start, "save it as UTF-8")])
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8")
        line = before.count("\n") + 1
        column = len(before) - (before.rfind("\n") + 1) + 1
        raise SpecError(
            [Fault("the file is not in UTF-8", Mark(name, line, column), "save it as UTF-8")]
        ) from None


def read_yaml(text: str, name: str, until: str = "") -> Table:
    """The mapping that a text holds; `name` is what the marks call the file.

    With `until`, reading stops after the value of that key of the outermost mapping.
    Raises SpecError with every fault that can be found.
    """
    return _Reader(text.removeprefix("\ufeff"), name).read(until)


class _Reader:
    def __init__(self, text: str, name: str) -> None:
        self.text = text
        self.name = name
        self.lines = text.splitlines()
        self.nodes = 0
        self.faults: list[Fault] = []

    def read(self, until: str) -> Table:
        try:
            self.check_characters()
            root = self.document(until)
        except _Refused as refused:
            raise SpecError([*self.faults, refused.fault]) from None
        except yaml.YAMLError as error:
            raise SpecError([*self.faults, self.syntax_fault(error)]) from None
        except (ValueError, OverflowError, LookupError, AttributeError) as error:
            # PyYAML lets some of these escape, for instance on an impossible \U escape.
            fault = Fault(f"this is not YAML: {error}", Mark(self.name, 1, 1))
            raise SpecError([*self.faults, fault]) from None
        if self.faults:
            raise SpecError(self.faults)
        return root

    # --- before parsing: what can be told from the characters alone

    def check_characters(self) -> None:
        if len(self.text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
            start = Mark(self.name, 1, 1)
            raise _Refused("the file is longer than 256 KiB", start, "split it")
        if found := _FORBIDDEN.search(self.text):
            raise _Refused(
                f"the character U+{ord(found[0]):04X} is not allowed here",
                self.place(found.start()),
                "remove it; it cannot be seen, but it changes what is read",
            )
        # PyYAML takes its time over nested brackets, so the plainest bomb is defused here.
        if found := _TOO_DEEP.search(self.text):
            raise _too_deep(self.place(found.end() - 1))
        # Every value follows a comma or a line end, up to nesting: a flood is seen at once.
        if self.text.count(",") + self.text.count("\n") > MAX_NODES:
            start = Mark(self.name, 1, 1)
            raise _Refused(f"more than {MAX_NODES:,} lines and commas", start, "split the file")
        for number, line in enumerate(self.lines, 1):
            if len(line) > MAX_LINE:
                at = Mark(self.name, number, 1)
                raise _Refused(f"a line of more than {MAX_LINE:,} characters", at, "fold it")

    def place(self, offset: int) -> Mark:
        line = self.text.count("\n", 0, offset) + 1
        return Mark(self.name, line, offset - self.text.rfind("\n", 0, offset))

    # --- while parsing

    def document(self, until: str) -> Table:
        self.loader = _Loader(self.text)
        try:
            self.take()  # the start of the stream
            first = self.take()
            if isinstance(first, StreamEndEvent):
                start = Mark(self.name, 1, 1)
                raise _Refused("the file is empty", start, "begin with schema: 1")
            self.check_document(first)
            root = self.value(self.take(), 1, None, until)
            if not isinstance(root, Table):
                raise self.wide_key(1, len(self.lines)) or _Refused(
                    "expected keys and values, as in schema: 1", root.at
                )
            if until and until in root:
                return root
            self.take()  # the end of the document
            after = self.take()
            if isinstance(after, DocumentStartEvent):
                raise _Refused(
                    "a second document begins here", self.mark(after), "one file, one document"
                )
            return root
        finally:
            self.loader.dispose()

    def take(self) -> Event:
        event: Event = self.loader.get_event()  # type: ignore[no-untyped-call]
        return event

    def mark(self, event: Event) -> Mark:
        start = event.start_mark
        assert start is not None  # PyYAML places every event that comes out of a text
        return Mark(self.name, start.line + 1, start.column + 1)

    def check_document(self, event: Event) -> None:
        if isinstance(event, DocumentStartEvent) and (event.version or event.tags):
            raise _Refused("directives (%) are not allowed", self.mark(event), "remove the line")

    def value(self, event: Event, depth: int, key: Mark | None, until: str = "") -> Located:
        """The value that begins with this event; `key` is the place of the key before it."""
        self.check_node(event, depth)
        built: Located
        if isinstance(event, ScalarEvent):
            built = self.scalar(event)
        elif isinstance(event, SequenceStartEvent):
            built = self.rows(depth)
        else:
            built = self.table(depth, until)
        built.at = self.mark(event)
        built.item = key or built.at
        if not isinstance(event, ScalarEvent):
            built.inside = built.at
        return built

    def check_node(self, event: Event, depth: int) -> None:
        at = self.mark(event)
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise _Refused(f"more than {MAX_NODES:,} values", at, "split the file")
        if depth > MAX_DEPTH:
            raise _too_deep(at)
        if isinstance(event, AliasEvent):
            raise _Refused(
                f"references (*{event.anchor}) are not allowed",
                at,
                "write the value out, or put it in quotation marks if it is text",
            )
        if isinstance(event, NodeEvent) and event.anchor:
            raise _Refused(
                f"anchors (&{event.anchor}) are not allowed",
                at,
                "remove it, or put the value in quotation marks if it is text",
            )
        tag = getattr(event, "tag", None)
        if tag is not None:
            raise _Refused(f"tags ({shown(tag)}) are not allowed", at, "remove it")

    def rows(self, depth: int) -> Rows:
        rows = Rows()
        while not isinstance(event := self.take(), SequenceEndEvent):
            rows.append(self.value(event, depth + 1, None))
        return rows

    def table(self, depth: int, until: str) -> Table:
        table = Table()
        while not isinstance(event := self.take(), MappingEndEvent):
            at = self.mark(event)
            key = self.value(event, depth + 1, None)
            value = self.value(self.take(), depth + 1, at)
            name = self.key_name(key, at)
            if len(self.faults) >= MOST_FAULTS:
                raise _Refused("there are more faults than these", at, "mend these first")
            if name is None:
                continue
            if name in table:
                first = table.keys_at[name].line
                self.faults.append(
                    Fault(
                        f"the key {shown(name)} stands here a second time",
                        at,
                        f"the first is in line {first}; remove one of them",
                    )
                )
                continue
            table[name] = value
            table.keys_at[name] = at
            if name == until:
                return table
        return table

    def key_name(self, key: Located, at: Mark) -> Word | None:
        """The key if it is a word; None, and a fault, if it is none."""
        if isinstance(key, Word):
            if str(key) == "<<" and not key.quoted:
                raise _Refused("merge keys (<<) are not allowed", at, "write the keys out")
            return key
        if isinstance(key, (Table, Rows)):
            self.faults.append(Fault("a key must be a word", at, "a list cannot be a key"))
        else:
            written = key.raw or "nothing"
            self.faults.append(
                Fault(f"a key must be a word, not {written}", at, "put it in quotation marks")
            )
        return None

    def scalar(self, event: ScalarEvent) -> Located:
        text = event.value
        at = self.mark(event)
        built: Located
        if found := _FORBIDDEN.search(text):
            raise _Refused(
                f"the character U+{ord(found[0]):04X} is not allowed in a text",
                at,
                "remove the escape",
            )
        plain = event.style is None
        if plain and text in _NOTHING:
            built = Flag(None)
        elif plain and text in _TRUTH:
            built = Flag(_TRUTH[text])
        elif plain and _WHOLE.fullmatch(text):
            if len(text.lstrip("+-")) > MAX_DIGITS:
                raise _Refused(
                    f"a number of {len(text.lstrip('+-')):,} digits",
                    at,
                    f"at most {MAX_DIGITS} digits; put it in quotation marks if it is text",
                )
            built = Number(text)
        elif plain and _DECIMAL.fullmatch(text) and math.isfinite(float(text)):
            built = Bare(text)
        else:
            built = Word(text)
            built.quoted = not plain
        built.raw = text
        built.inside = self.first_character(event)
        return built

    def first_character(self, event: ScalarEvent) -> Mark:
        """Where the characters of a scalar begin: behind the quotation mark, or below the `|`."""
        at = self.mark(event)
        if event.style in ("'", '"'):
            return Mark(at.file, at.line, at.column + 1)
        if event.style in ("|", ">"):
            for number, line in enumerate(self.lines[at.line :], at.line + 1):
                if line.strip():
                    return Mark(at.file, number, len(line) - len(line.lstrip(" ")) + 1)
        return at

    def wide_key(self, first: int, last: int) -> _Refused | None:
        """In one of these lines, a key before a full-width colon, which ends no key."""
        for number in range(max(first, 1), last + 1):
            if found := _WIDE_KEY.match(
                self.lines[number - 1] if number <= len(self.lines) else ""
            ):
                at = Mark(self.name, number, found.end())
                return _Refused("a key ends with a colon and a space", at, wide_hint("："))
        return None

    def syntax_fault(self, error: yaml.YAMLError) -> Fault:
        """What PyYAML's scanner or parser found, in one line."""
        if isinstance(error, yaml.MarkedYAMLError):
            place = error.problem_mark or error.context_mark
            at = Mark(self.name, place.line + 1, place.column + 1) if place else None
            begun = error.context_mark or place
            if at and begun and (wide := self.wide_key(begun.line, at.line)):
                return wide.fault
            problem = error.problem or error.context or "this is not YAML"
            return Fault(f"this is not YAML: {problem}", at, _syntax_hint(problem))
        return Fault(f"this is not YAML: {error}".splitlines()[0], Mark(self.name, 1, 1))


def wide_hint(text: str) -> str:
    """The cure for punctuation from a Japanese keyboard, which YAML takes for text."""
    wide = next((ch for ch in text if ch in _WIDE), "")
    return f"write {_WIDE[wide]!r} instead of the full-width {wide!r}" if wide else ""


def _syntax_hint(problem: str) -> str:
    if "mapping values are not allowed" in problem:
        return "a text that contains ': ' needs quotation marks"
    if "'\\t'" in problem:
        return "indent with spaces, not with tabs"
    if "could not find expected ':'" in problem:
        return "a key ends with a colon, and all keys of a block begin in the same column"
    if "cannot start any token" in problem:
        return "put the text in quotation marks"
    if "expected <block end>" in problem:
        return "check the indentation: keys of one block begin in the same column"
    return ""
