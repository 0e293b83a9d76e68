"""Text -> tree, and every way of refusing a text.

The text is held against a list of allowed characters and spellings, read with `ast`, which
only reads, and rebuilt from the nodes of `tree`.  Nothing an author wrote is ever handed to
Python to run.
"""

from __future__ import annotations

import ast
import keyword
import re
import unicodedata
from collections.abc import Mapping
from typing import Final, NoReturn

from wargame.errors import Fault, Mark, SpecError, counted, nearest
from wargame.expression.tree import (
    FUNCTIONS,
    QUERIES,
    TURN,
    Binary,
    Call,
    Choice,
    Compare,
    Expression,
    Logic,
    Name,
    Node,
    Not,
    Number,
    Query,
    negative,
    place,
)

# Limits of one expression.  They bound the work that a hostile file can ask for; the longest
# rule we have met in a scenario is a third of each.
MAX_CHARACTERS: Final = 400
MAX_NODES: Final = 120
MAX_DEPTH: Final = 24
MAX_NUMBER: Final = 10**9

_OPERATORS: Final = frozenset({"and", "or", "not", "if", "else"})


_WORD = re.compile(r"(?<![\w.])[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_ALLOWED = re.compile(r"[\w.,+\-*/%<>=!() \t\r\n]", re.ASCII)
_UNFINISHED = re.compile(r"(?:[-+*/%<>=.]|\b(?:and|or|not|if|else))$")
_SPACE = re.compile(r"[\t\r\n]")

# Spellings that people bring from elsewhere, and what to write here.
_TYPOGRAPHY: Final[Mapping[str, str]] = {
    "≥": ">=",
    "≤": "<=",
    "≠": "!=",
    "×": "*",
    "÷": "//",
    "−": "-",
    "–": "-",
}
_CHARACTERS: Final[Mapping[str, str]] = {
    "'": "there are no text strings; write names bare",
    '"': "there are no text strings; write names bare",
    "[": "there are no lists and no subscripts",
    "]": "there are no lists and no subscripts",
    "{": "there are no sets and no templates",
    "}": "there are no sets and no templates",
    "&": "write and",
    "|": "write or",
    "^": "there are no powers; write x * x",
    ":": "one expression, without assignments or functions",
    ";": "one expression only",
    "#": "write comments in YAML, outside the expression",
    "?": "write: a if condition else b",
    "\\": "a long expression may simply go on in the next line",
}
_SPELLINGS: Final = tuple(
    (re.compile(pattern), message, hint)
    for pattern, message, hint in (
        (r"\*\s*\*", "there are no powers", "write x * x"),
        (r"=[<>]", "a comparison is spelled the other way round", "write >= or <="),
        (r"<\s*>", "<> is not a comparison here", "write !="),
        (r"<<|>>", "there are no bit shifts", "multiply or divide with //"),
        (r"(?<![<>=!])=(?!=)", "a single = does not compare", "write =="),
        (r"!(?!=)", "! is not a word here", "write not"),
        (
            r"(?<!/)/(?!/)",
            "whole numbers are not divided with /",
            "write //, which rounds down",
        ),
        (
            r"(?<![\w.])\d+[A-Za-z_]\w*",
            "a whole number is written in digits only",
            "",
        ),
        (
            r"(?<![\w.])(?:\d+\.\d*|\.\d+)",
            "only whole numbers are allowed",
            "write per mille: 500 for a half",
        ),
    )
)
_WORDS: Final[Mapping[str, str]] = {
    "True": "write 1",
    "true": "write 1",
    "False": "write 0",
    "false": "write 0",
    "None": "write 0",
    "is": "write ==",
    "in": "compare with == and or",
    "lambda": "one expression, without functions",
}
_STAND_INS: Final = frozenset({"seen", "self", "target"})


def is_name(text: str) -> bool:
    """Whether rules can read a gauge, actor or move of this name.

    Dotted parts, each a letter and then letters, digits and _; no word of the language, and
    nothing that begins with one of the words that stand for something else in rules.
    """
    parts = text.split(".")
    return (
        all(_NAME.fullmatch(part) and not _is_word(part) for part in parts)
        and parts[0] not in _STAND_INS
        and not (text == TURN or text in FUNCTIONS or text in QUERIES)
    )


def _is_word(part: str) -> bool:
    return keyword.iskeyword(part) or part in _WORDS


def parse(text: str, at: Mark | None = None) -> Expression:
    """Read one expression.

    at: where the first character of `text` stands in its file.  A fault is placed at its own
    column; in a text of several lines, whose indentation YAML has removed, at `at`.
    Raises SpecError with one Fault for anything that is not in the language or over a limit.
    """
    return Expression(_Reader(text, at).tree(), text, at)


class _Reader:
    """Reads one text; `refuse` is the only way out for anything unexpected."""

    def __init__(self, text: str, at: Mark | None) -> None:
        self.text = text
        self.at = at
        self.nodes = 0

    def refuse(self, column: int, message: str, hint: str = "") -> NoReturn:
        mark = place(self.at, self.text, column)
        raise SpecError((Fault(message, mark, hint),))

    def tree(self) -> Node:
        if len(self.text) > MAX_CHARACTERS:
            self.refuse(
                0,
                f"the expression has {len(self.text)} characters; {MAX_CHARACTERS} are allowed",
                "move a part of it into a derived gauge",
            )
        if not self.text.strip():
            self.refuse(0, "the expression is empty")
        self._scan_characters()
        self._scan_spelling()
        # Line ends become spaces, so that columns stay and `ast` sees one line; leading space
        # would be an indentation to `ast`.
        line = _SPACE.sub(" ", self.text)
        self.start = len(line) - len(line.lstrip())
        try:
            body = ast.parse(line.strip(), mode="eval").body
        except SyntaxError as error:
            self._explain(line.rstrip(), error)
        except (ValueError, RecursionError, MemoryError):
            self.refuse(0, "the expression is too deeply nested")
        return self.read(body, 1)

    def _explain(self, line: str, error: SyntaxError) -> NoReturn:
        """Say in plain words why `ast` could not read the line."""
        words = set(re.findall(r"\w+", line))
        column = (error.offset or 1) - 1 + self.start
        if "if" in words and "else" not in words:
            self.refuse(column, "an if needs its else", "write: a if condition else b")
        # Where Python points in an unfinished text differs from version to version.
        if _UNFINISHED.search(line):
            self.refuse(len(line), "the expression stops in the middle")
        self.refuse(min(column, len(line)), "something is missing or out of place here")

    def _scan_characters(self) -> None:
        open_at: list[int] = []
        for column, character in enumerate(self.text):
            if not character.isascii():
                plain = unicodedata.normalize("NFKC", character)
                plain = _TYPOGRAPHY.get(character, plain if plain.isascii() else "")
                name = unicodedata.name(character, f"U+{ord(character):04X}").lower()
                hint = f"write {plain}" if plain.strip() else ""
                self.refuse(column, f"{character!r} ({name}) is not plain ASCII", hint)
            if not _ALLOWED.match(character):
                hint = _CHARACTERS.get(character, "")
                self.refuse(column, f"the character {character!r} is not allowed here", hint)
            if character == "(":
                open_at.append(column)
                if len(open_at) > MAX_DEPTH:
                    self.refuse(column, f"more than {MAX_DEPTH} parentheses inside each other")
            elif character == ")":
                if not open_at:
                    self.refuse(column, "this ) closes nothing")
                open_at.pop()
        if open_at:
            self.refuse(open_at[-1], "this ( is never closed")

    def _scan_spelling(self) -> None:
        for pattern, message, hint in _SPELLINGS:
            if found := pattern.search(self.text):
                self.refuse(found.start(), f"{message}: {found.group()}", hint)
        for found in _WORD.finditer(self.text):
            word = found.group()
            if word in _OPERATORS:
                continue
            for part in word.split("."):
                if part.startswith("_"):
                    self.refuse(found.start(), f"a name cannot begin with _: {word}")
                if _is_word(part):
                    self.refuse(
                        found.start(),
                        f"{part} is not a word of the rule language",
                        _WORDS.get(part, ""),
                    )

    def read(self, node: ast.expr, depth: int) -> Node:
        column = node.col_offset + self.start
        self.nodes += 1
        if self.nodes > MAX_NODES:
            self.refuse(
                column,
                f"the expression has more than {MAX_NODES} parts",
                "move a part of it into a derived gauge",
            )
        if depth > MAX_DEPTH:
            self.refuse(
                column,
                f"the expression is more than {MAX_DEPTH} levels deep",
                "move a part of it into a derived gauge",
            )
        deeper = depth + 1
        match node:
            case ast.Constant(value=int(value)) if not isinstance(value, bool):
                if value > MAX_NUMBER:
                    self.refuse(column, f"numbers go up to {MAX_NUMBER}")
                return Number(value)
            case ast.Name(id=word):
                if word in FUNCTIONS or word in QUERIES:
                    self.refuse(column, f"{word} is a function", f"write {_usage(word)}")
                return Name(word, column)
            case ast.Attribute():
                return Name(self._dotted(node), column)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return negative(self.read(operand, deeper))
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return Not(self.read(operand, deeper))
            case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                return self.read(operand, deeper)  # effects are written +60
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
                return Binary(_BINARY[type(op)], self.read(left, deeper), self.read(right, deeper))
            case ast.Compare(left=left, ops=ops, comparators=rest) if _COMPARISON.keys() >= {
                *map(type, ops)
            }:
                return Compare(
                    self.read(left, deeper),
                    tuple(_COMPARISON[type(op)] for op in ops),
                    tuple(self.read(item, deeper) for item in rest),
                )
            case ast.BoolOp(op=op, values=items):
                word = "and" if isinstance(op, ast.And) else "or"
                return Logic(word, tuple(self.read(item, deeper) for item in items))
            case ast.IfExp(test=condition, body=then, orelse=otherwise):
                return Choice(
                    self.read(condition, deeper),
                    self.read(then, deeper),
                    self.read(otherwise, deeper),
                )
            case ast.Call(keywords=[]):
                return self._call(node, column, deeper)
            case ast.Tuple(elts=[]):
                self.refuse(column, "there is nothing between ( and )")
            case ast.Tuple():
                self.refuse(column, "one expression only, not several with commas")
            case ast.Starred():
                self.refuse(column, "a * cannot stand before a value")
            case _:
                self.refuse(column, "this is not part of the rule language")

    def _dotted(self, node: ast.expr) -> str:
        parts = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            self.refuse(node.col_offset + self.start, "a dot can only stand inside a name")
        return ".".join((node.id, *reversed(parts)))

    def _call(self, node: ast.Call, column: int, depth: int) -> Node:
        if not isinstance(node.func, ast.Name):
            self.refuse(column, "only a function can be called", _all_functions())
        function, given = node.func.id, len(node.args)
        if function in FUNCTIONS:
            least, most = FUNCTIONS[function]
            if not least <= given <= most:
                self._wrong_count(function, column, given)
            return Call(function, tuple(self.read(item, depth) for item in node.args))
        if function not in QUERIES:
            hint = nearest(function, (*FUNCTIONS, *QUERIES)) or _all_functions()
            self.refuse(column, f"there is no function {function}", hint)
        kinds = QUERIES[function]
        if given != len(kinds):
            self._wrong_count(function, column, given)
        names = []
        for kind, item in zip(kinds, node.args, strict=True):
            self.nodes += 1
            if not isinstance(item, ast.Name):
                at = item.col_offset + self.start
                self.refuse(at, f"only the name of {_A[kind]} can stand here", _usage(function))
            names.append(item.id)
        return Query(function, tuple(names), column)

    def _wrong_count(self, function: str, column: int, given: int) -> NoReturn:
        values = counted(given, "value")
        self.refuse(column, f"{function} does not take {values}", f"write {_usage(function)}")


_BINARY: Final[Mapping[type[ast.operator], str]] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.FloorDiv: "//",
    ast.Mod: "%",
}
_COMPARISON: Final[Mapping[type[ast.cmpop], str]] = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
}
_A: Final = {"actor": "an actor", "move": "a move"}


def _usage(function: str) -> str:
    if function in QUERIES:
        return f"{function}({', '.join(QUERIES[function])})"
    least = FUNCTIONS[function][0]
    return f"{function}({', '.join(('x', 'low', 'high') if least == 3 else 'xy'[:least])})"


def _all_functions() -> str:
    return "functions are " + ", ".join((*FUNCTIONS, *QUERIES))
