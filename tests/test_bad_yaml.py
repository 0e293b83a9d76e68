"""What the reader of YAML refuses, and in which words.

Each row: what is wrong, the text, where the fault is found, and a part of what is said.  The
texts are read as they stand, without a scenario around them, unless they are about its keys.
"""

from __future__ import annotations

import os
import socket
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wargame.content.reader import (
    MAX_BYTES,
    MAX_DEPTH,
    MAX_LINE,
    MAX_NODES,
    decode,
    read_text,
    read_yaml,
)
from wargame.content.source_marks import Flag, Number, Rows, Table, Word
from wargame.content.spec import ScenarioSpec
from wargame.content.validation import shape
from wargame.errors import MOST_FAULTS, Mark, SpecError

HEAD = "schema: 1\nid: x\ntitle: X\nturn: {horizon: 4}\n"
"""The least that a scenario needs: four lines."""

MERGE_BOMB = "a: &a {x: 1, y: 2}\n" + "".join(
    f"{new}: &{new}\n  <<: [*{old}, *{old}]\n" for old, new in zip("abcde", "bcdef", strict=True)
)

NOT_ACCEPTABLE = [
    # what                      text                              place   words
    ("nothing at all", "", "1:1", "the file is empty"),
    ("a comment only", "# nothing yet\n", "1:1", "the file is empty"),
    ("a list as root", "- 1\n- 2\n", "1:1", "expected keys and values"),
    ("a word as root", "scenario", "1:1", "expected keys and values"),
    ("a raw NUL", "a: x\x00y", "1:5", "U+0000"),
    ("an escaped NUL", 'a: "x\\0y"', "1:4", "U+0000"),
    ("half a surrogate pair", 'a: "\\ud800"', "1:4", "U+D800"),
    ("a bidi override", "a: 1\nb: \u202egnp.exe", "2:4", "U+202E"),
    ("a bidi override in a comment", "a: 1 # \u2066x", "1:8", "U+2066"),
    ("a byte order mark inside", "a: \ufeff1", "1:4", "U+FEFF"),
    ("an escape beyond Unicode", 'a: "\\U00110000"', "1:1", "not YAML"),
    ("a duplicate key", "a: 1\nb: 2\na: 3\n", "3:1", "'a' stands here a second time"),
    ("a duplicate key in braces", "m: {b: 1, b: 2}", "1:11", "the first is in line 1"),
    ("a list as key", "? [a, b]\n: 1", "1:3", "a list cannot be a key"),
    ("a number as key", "1: one", "1:1", "a key must be a word, not 1"),
    ("a truth as key", "a: 1\ntrue: 2", "2:1", "a key must be a word, not true"),
    ("nothing as key", "null: 2", "1:1", "a key must be a word, not null"),
    ("an anchor", "a: &b 1", "1:4", "anchors (&b) are not allowed"),
    ("a reference", "a: *b", "1:4", "references (*b) are not allowed"),
    ("a merge key", "a: 1\n<<: {b: 2}", "2:1", "merge keys"),
    ("a merge bomb", MERGE_BOMB, "1:4", "anchors"),
    ("a tag that runs code", "a: !!python/object/apply:os.system [x]", "1:4", "tags"),
    ("a tag that changes the type", "a: !!str 1", "1:4", "tags"),
    ("the empty tag", "a: ! 1", "1:4", "tags ('!')"),
    ("a second document", "a: 1\n---\nb: 2\n", "2:1", "one file, one document"),
    ("a directive", "%YAML 1.1\n---\na: 1\n", "1:1", "directives"),
    ("a tab as indent", "a:\n\tb: 1", "2:1", "not with tabs"),
    ("a colon in a text", "a: b: c", "1:5", "needs quotation marks"),
    ("a bracket left open", "a: [1, 2", "1:9", "not YAML"),
    ("a quotation mark left open", "a: 'b", "1:6", "not YAML"),
    ("an at sign", "a: @b", "1:4", "put the text in quotation marks"),
    ("5,000 digits", "a: " + "7" * 5000, "1:4", "a number of 5,000 digits"),
    ("a line too long", "a: 1\nb: " + "x" * MAX_LINE, "2:1", "fold it"),
    ("too many lines", "- 1\n" * (MAX_NODES + 1), "1:1", "more than 20,000 lines and commas"),
    ("100,000 brackets", "[" * 100_000, "1:25", "nested more than 24 levels"),
    ("100,000 lists in lists", ("- " * 4000 + "\n") * 25, "1:49", "nested more than 24 levels"),
    ("a text of 5 MB", "a: |\n" + " x\n" * 1_250_000, "1:1", "longer than 256 KiB"),
]

NOT_A_SCENARIO = [
    ("an unknown key", HEAD + "gagues: {}\n", "5:1", "did you mean 'gauges'?"),
    ("a key missing", "schema: 1\nid: x\ntitle: X\n", "1:1", "the key 'turn' is missing"),
    ("an unknown key further in", HEAD + "dyads: {a-b: {stage: 3, haet: 1}}", "5:25", "'heat'?"),
    ('schema "1"', HEAD.replace("1", '"1"', 1), "1:9", "remove the quotation marks"),
    ("another schema", HEAD.replace("1", "2", 1), "1:9", "expected 1, found 2"),
    ("an id with a path in it", HEAD.replace("x", "../../etc", 1), "2:5", "is not an id"),
    ("a value left out", HEAD + "gauges:\n", "5:8", "nothing is written here"),
    ("null spelt out", HEAD + "about: null\n", "5:8", "nothing is written here"),
    ("a truth as title", HEAD.replace("X", "yes and: no", 1), "3:15", "quotation marks"),
    ("12:30 as a number", HEAD + "seed: 12:30", "5:7", "found the text '12:30'"),
    ("012 as a number", HEAD + "seed: 012", "5:7", "found the text '012'"),
    ("1e3 as a number", HEAD + "seed: 1e3", "5:7", "found the text '1e3'"),
    ("1_000 as a number", HEAD + "seed: 1_000", "5:7", "found the text '1_000'"),
    ("0x1F as a number", HEAD + "seed: 0x1F", "5:7", "found the text '0x1F'"),
    (".inf as a number", HEAD + "seed: .inf", "5:7", "found the text '.inf'"),
    ("NO as a number", HEAD + "seed: NO", "5:7", "found the text 'NO'"),
    ("20,000 parts of an hour", HEAD + "seed: 1" + ":10" * 3000, "5:7", "found the text"),
    ("a fraction", HEAD + "seed: 0.7", "5:7", "whole numbers only"),
    ("a quoted number", HEAD + 'seed: "7"', "5:7", "without quotation marks"),
    ("a truth as number", HEAD + "seed: true", "5:7", "found true"),
    ("a number out of range", HEAD + "seed: -1", "5:7", "expected at least 0, found -1"),
    ("seed 2^64", HEAD + "seed: 18446744073709551616", "5:7", "a number of 20 digits"),
    (
        "a day that does not exist",
        HEAD.replace("horizon: 4", "horizon: 4, start: 2024-99-99"),
        "4:27",
        "'2024-99-99' is not a day",
    ),
    ("a start that is a clock", HEAD + "gauges: {a: {start: 12:30}}", "5:21", "digits only"),
    ("a start with underscores", HEAD + "gauges: {a: {start: 1_0}}", "5:21", "digits only"),
    ("a start with a fraction", HEAD + "gauges: {a: {start: 1.5}}", "5:21", "found 1.5"),
    ("bounds the wrong way", HEAD + "gauges: {a: {start: 1, max: 0}}", "5:10", "below max"),
    (
        "weights that sum to 0",
        HEAD + "chance:\n- {id: a, chance: 5, outcomes: [{weight: 0}, {weight: 0}]}\n",
        "6:3",
        "sum to 0",
    ),
    ("10,000 actors", HEAD + f"actors: [{', '.join(['a'] * 10_000)}]", "5:1", "fold"),
    ("41 actors", HEAD + f"actors: [{', '.join(['a'] * 41)}]", "5:9", "at most 40 allowed"),
]


def table_of(rows: list[tuple[str, str, str, str]]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(
        ("text", "where", "words"), [row[1:] for row in rows], ids=[row[0] for row in rows]
    )


@table_of(NOT_ACCEPTABLE)
def test_refused_by_the_reader(text: str, where: str, words: str) -> None:
    with pytest.raises(SpecError) as refused:
        read_yaml(text, "f.yaml")
    message = str(refused.value)
    assert message.startswith(f"f.yaml:{where}: ")
    assert words in message
    assert len(message.splitlines()) == 1
    assert message.isprintable()


@table_of(NOT_A_SCENARIO)
def test_refused_by_the_shapes(text: str, where: str, words: str) -> None:
    try:
        faults = shape(ScenarioSpec, text, "f.yaml").faults
    except SpecError as refused:
        faults = refused.faults
    assert len(faults) == 1
    assert str(faults[0].at) == f"f.yaml:{where}"
    assert words in str(faults[0])


# --- what is read as what -------------------------------------------------------------------


@pytest.mark.parametrize("text", ["0", "7", "-30", "+60", "-0", "9223372036854775807"])
def test_whole_numbers(text: str) -> None:
    value = read_yaml(f"a: {text}", "f")["a"]
    assert isinstance(value, Number)
    assert value == int(text)
    assert value.raw == text


@pytest.mark.parametrize(
    "texts",
    [
        ["NO", "no", "yes", "On", "off", "True", "FALSE", "Null"],
        ["012", "0o14", "0x1F", "0b1", "1_000", "--1", "+-1"],
        ["12:30", "1:2:3", "2022-10-10", "2024-99-99"],
        ["1e3", ".inf", "-.inf", ".nan", "1.2.3"],
        ["=3", "x2", "/2", "9**9"],
    ],
    ids=["truth", "whole numbers", "times", "fractions", "effects"],
)
def test_what_other_readers_turn_into_something_else_stays_text(texts: list[str]) -> None:
    """The famous traps of YAML: Norway, octal, base 60, dates."""
    for text in texts:
        value = read_yaml(f"a: {text}", "f")["a"]
        assert isinstance(value, Word)
        assert value == text


def test_truth_and_nothing() -> None:
    table = read_yaml("a: true\nb: false\nc: null\nd: ~\ne:\n", "f")
    values = [flag.value for flag in table.values() if isinstance(flag, Flag)]
    assert values == [True, False, None, None, None]


def test_a_byte_order_mark_and_windows_line_ends_are_fine() -> None:
    text = decode(b"\xef\xbb\xbfa:\r\n  b: 1\r\n", "f")
    table = read_yaml(text, "f")
    assert table == {"a": {"b": 1}}
    assert table.keys_at["a"] == Mark("f", 1, 1)


def test_reading_can_stop_early() -> None:
    text = "id: x\ntitle: {en: X, ja: エ}\nrest: [never, closed"
    assert read_yaml(text, "f", until="title") == {"id": "x", "title": {"en": "X", "ja": "エ"}}


# --- where it stands ------------------------------------------------------------------------


def test_places() -> None:
    table = read_yaml(
        "a: plain\nb:\n  - 'quoted'\n  - 12\n日本: |\n    folded\n    text\nc: {d:   deep}\n",
        "f",
    )
    a, b, folded, c = table.values()
    assert isinstance(a, Word) and (a.at.line, a.at.column, a.inside.column) == (1, 4, 4)
    assert isinstance(b, Rows) and (b.item.line, b.item.column) == (2, 1)
    quoted, twelve = b
    assert isinstance(quoted, Word) and (quoted.at.column, quoted.inside.column) == (5, 6)
    assert isinstance(twelve, Number) and (twelve.at.line, twelve.at.column) == (4, 5)
    assert isinstance(folded, Word) and (folded.inside.line, folded.inside.column) == (6, 5)
    assert isinstance(c, Table) and c.keys_at["d"] == Mark("f", 8, 5)
    assert isinstance(c["d"], Word) and c["d"].at == Mark("f", 8, 10)


KEYS = st.text("abcxyz.-_é日", min_size=1, max_size=6).filter(lambda k: k[0] not in ".-")
TREES = st.recursive(
    st.integers(-999, 999),
    lambda inner: st.dictionaries(KEYS, inner, min_size=1, max_size=4),
    max_leaves=20,
)


def write(tree: dict[str, object], indent: int, lines: list[str]) -> dict[str, object]:
    """Write a tree as a block of YAML; the same tree, with the place of every key, comes back."""
    places: dict[str, object] = {}
    for key, value in tree.items():
        lines.append(" " * indent + key + ":")
        mark = Mark("f", len(lines), indent + 1)
        if isinstance(value, dict):
            places[key] = (mark, write(value, indent + 2, lines))
        else:
            lines[-1] += f" {value}"
            places[key] = (mark, value)
    return places


def places_of(table: Table) -> dict[str, object]:
    return {
        key: (table.keys_at[key], places_of(value) if isinstance(value, Table) else value)
        for key, value in table.items()
    }


@given(st.dictionaries(KEYS, TREES, min_size=1, max_size=4))
def test_every_key_knows_its_line_and_column(tree: dict[str, object]) -> None:
    lines: list[str] = []
    places = write(tree, 0, lines)
    table = read_yaml("\n".join(lines), "f")
    assert table == tree
    assert places_of(table) == places


# --- whatever comes -------------------------------------------------------------------------

SCRAPS = st.lists(
    st.sampled_from(
        [
            *"{}[],:?-&*!|>'\"%@`#~<=+x1 \n\t",
            "a: ",
            "- ",
            "\n  ",
            "<<: ",
            "---\n",
            "\\x",
            "\ud83d\ude00",
        ]
    )
    | st.text(max_size=3),
    max_size=60,
).map("".join)


@settings(max_examples=400)
@given(SCRAPS)
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        assert isinstance(read_yaml(text, "f"), Table)
    except SpecError as refused:
        assert refused.faults
        assert all(fault.at for fault in refused.faults)


@given(st.binary(max_size=200))
def test_any_bytes_are_text_or_refused(data: bytes) -> None:
    try:
        assert decode(data, "f").encode() == data.removeprefix(b"\xef\xbb\xbf")
    except SpecError as refused:
        assert len(refused.faults) == 1


@pytest.mark.parametrize(
    "text",
    [
        MERGE_BOMB,
        "[" * (MAX_BYTES - 1),
        "a: " + "{b: " * (MAX_BYTES // 5),
        "- " * (MAX_BYTES // 2),
        "? " * (MAX_BYTES // 2),
        "x,\n" * (MAX_BYTES // 3),
        "a:\n" * 19_000,
        "[" + "1," * 4000 + "\n" + "1," * 4000 + "]",
        "a: |\n" + " x\n" * (MAX_BYTES // 4),
    ],
    ids=lambda text: text[:8].replace("\n", "/"),
)
def test_a_flood_is_refused_in_little_memory(text: str) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(SpecError) as refused:
            read_yaml(text, "f")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 100_000_000
    assert len(refused.value.faults) <= MOST_FAULTS + 1


def test_nesting_up_to_the_limit_is_read() -> None:
    deep = MAX_DEPTH - 2
    assert read_yaml("a: " + "[" * deep + "1" + "]" * deep, "f")
    with pytest.raises(SpecError, match="nested more than 24"):
        read_yaml("a: " + "[" * (deep + 1) + "1" + "]" * (deep + 1), "f")


# --- files ----------------------------------------------------------------------------------


def refusal(path: Path) -> str:
    """The one line with which a file is refused."""
    with pytest.raises(SpecError) as refused:
        read_text(path, "f.yaml")
    (fault,) = refused.value.faults
    return str(fault)


def test_files_that_are_no_files(tmp_path: Path) -> None:
    pipe, plug, circle = tmp_path / "pipe", tmp_path / "plug", tmp_path / "circle"
    os.mkfifo(pipe)
    circle.symlink_to(circle)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(plug))
        assert "cannot open" in refusal(plug)
    assert "not an ordinary file" in refusal(pipe)
    assert "not an ordinary file" in refusal(tmp_path)
    assert "not an ordinary file" in refusal(Path("/dev/zero"))
    assert "cannot open" in refusal(circle)
    assert "No such file" in refusal(tmp_path / "nobody")
    assert "cannot open" in refusal(Path("a\0b"))
    assert "too long" in refusal(tmp_path / ("x" * 300))


def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root may read everything, so the refusal is played."""

    def deny(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", deny)
    assert "Permission denied" in refusal(tmp_path / "secret.yaml")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("a: 1".encode("utf-16"), "f.yaml:1:1: the file is in UTF-16 (save it as UTF-8)"),
        (b"a: 1\nb: caf\xe9\n", "f.yaml:2:7: the file is not in UTF-8 (save it as UTF-8)"),
        (b"#" * (MAX_BYTES + 1), "f.yaml:1:1: the file is longer than 256 KiB"),
    ],
    ids=["UTF-16", "Latin-1", "too long"],
)
def test_bytes_that_are_no_text(tmp_path: Path, data: bytes, words: str) -> None:
    file = tmp_path / "f.yaml"
    file.write_bytes(data)
    assert words in refusal(file)
