"""The rule language: text -> checked tree -> straight-line code -> text again.

An author writes conditions and amounts in YAML as short expressions over whole numbers:

    80 * leverage(usa, russia) // 1000
    seen.front.momentum > 700 and russia.loss_gap > 400

Every value is a whole number; a condition is 1 or 0.  `and`, `or`, `not` and the comparisons
give 1 or 0 (they never give back an operand, as Python's would).  `//` rounds down and `%`
takes the sign of its right side, as in Python, and dividing by 0 gives 0 for both.
`clip(x, low, high)` is `max(low, min(x, high))`.

`reader` refuses whatever is not in the language, `tree` is plain data, `bounds` proves things
of it before any run, `block` turns it into array code.
"""

from wargame.expression.block import Block, Kind, compile_block, tabulate
from wargame.expression.bounds import (
    Interval,
    Meaning,
    Namespace,
    Truth,
    check,
    interval,
    truth,
    widest,
)
from wargame.expression.reader import is_name, parse
from wargame.expression.tree import (
    Binary,
    Call,
    Choice,
    Compare,
    Expression,
    Logic,
    Minus,
    Name,
    Node,
    Not,
    Number,
    Query,
    Symbol,
    evaluate,
    show,
    walk,
)

__all__ = [
    "Binary",
    "Block",
    "Call",
    "Choice",
    "Compare",
    "Expression",
    "Interval",
    "Kind",
    "Logic",
    "Meaning",
    "Minus",
    "Name",
    "Namespace",
    "Node",
    "Not",
    "Number",
    "Query",
    "Symbol",
    "Truth",
    "check",
    "compile_block",
    "evaluate",
    "interval",
    "is_name",
    "parse",
    "show",
    "tabulate",
    "truth",
    "walk",
    "widest",
]
