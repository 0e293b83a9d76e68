"""The frozen shapes of what an author writes, and the JSON Schema for editors.

One class per thing in the YAML: a gauge, a dyad, a move, a rule, a scenario, a policy.  The
classes check the shape of one item; what ties items of several files together (does that move
exist?) is checked in `references`, and what an expression means in the compiler.

A name that Python keeps for itself carries an underscore at the end: `for_`, `from_`, `is_`.
Every item knows where it was written: `item.at` is a `Mark`.

The values that reach these classes are those of `source_marks`: dicts, lists, strings and whole
numbers that know their place.  Ordinary Python values do as well (as in a test), without a place.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated, Any, ClassVar, Final, Literal, Self, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    SkipValidation,
    StringConstraints,
    Tag,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import CoreSchema, core_schema

from wargame.content.source_marks import NOWHERE, Bare, Located, Number, Table, describe, shown
from wargame.errors import Fault, Mark

__all__ = [
    "ActorSpec",
    "CatalogueSpec",
    "ChanceSpec",
    "Changes",
    "DerivedSpec",
    "DriftSpec",
    "DyadPatch",
    "DyadSpec",
    "Effect",
    "EndingSpec",
    "Expr",
    "Favour",
    "GaugeSpec",
    "HappeningSpec",
    "HeirSpec",
    "HistorySpec",
    "InjectPatch",
    "InjectSpec",
    "Item",
    "MilestoneSpec",
    "MovePatch",
    "MoveSpec",
    "NatureSpec",
    "OutcomeSpec",
    "OverlaySpec",
    "Removed",
    "RuleSpec",
    "ScenarioSpec",
    "Spec",
    "Text",
    "TieSpec",
    "TurnSpec",
    "UnknownSpec",
]

MARK_KEY: Final = "\x00at"
"""Under this key the place of a mapping travels into its class; no YAML key can be it."""

BOUND = 1_000_000_000
"""Gauges and their bounds stay within plus or minus this, so sums of products fit 64 bits."""


def _mark_of(value: object) -> Mark:
    return value.at if isinstance(value, Located) else NOWHERE


# --- the small values -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Expr:
    """An expression of the rule language, not yet parsed; `at` is where its text begins."""

    text: str
    at: Mark = NOWHERE

    def __str__(self) -> str:
        return self.text


_PLAIN_NUMBER = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_NUMBER_LIKE = re.compile(r"[-+]?[0-9][0-9A-Za-z_.:]*")
_PERCENT = re.compile(r"([-+]?[0-9]{1,9}(?:\.[0-9]{1,9})?)\s*[%％]")


def _to_expr(value: object) -> Expr:
    if isinstance(value, Expr):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return Expr(str(int(value)), _mark_of(value))
    if not isinstance(value, str):
        cure = ": count in thousandths, 0.7 is 700" if isinstance(value, Bare) else ""
        what = f"expected a whole number or an expression, found {describe(value)}"
        raise ValueError(what + cure)
    text = str(value).strip()
    if not text:
        raise ValueError("the expression is empty: write a whole number or an expression")
    if _NUMBER_LIKE.fullmatch(text) and not _PLAIN_NUMBER.fullmatch(text):
        raise ValueError(f"{shown(text)} is not a whole number: write digits only, as in 1200")
    if found := _PERCENT.fullmatch(text):
        per_mille = round(10 * float(found[1]))
        raise ValueError(f"{shown(text)}: shares are counted per mille: write {per_mille}")
    return Expr(text, value.inside if isinstance(value, Located) else NOWHERE)


def _after(expr: Expr, sign: str) -> Expr:
    """The expression behind a leading sign, its place moved along with it."""
    rest = expr.text[len(sign) :]
    skipped = len(sign) + len(rest) - len(rest.lstrip())
    if not rest.strip():
        raise ValueError(f"nothing follows the {sign!r}: write a number or an expression")
    place = expr.at
    if place is not NOWHERE:
        place = Mark(place.file, place.line, place.column + skipped)
    return Expr(rest.strip(), place)


@dataclass(frozen=True, slots=True)
class Effect:
    """What happens to a gauge: `value` is added to it, or it is set to `value`."""

    op: Literal["add", "set"]
    value: Expr
    at: Mark = NOWHERE


def _to_effect(value: object) -> Effect:
    if isinstance(value, Effect):
        return value
    expr = _to_expr(value)
    at = _mark_of(value)
    if expr.text.startswith("="):
        return Effect("set", _after(expr, "="), at)
    if expr.text.startswith("+"):
        return Effect("add", _after(expr, "+"), at)
    if _SCALED.fullmatch(expr.text):
        raise ValueError(
            f"{shown(expr.text)}: an effect adds a number, or sets one: "
            "to halve a gauge, write '=GAUGE // 2'"
        )
    return Effect("add", expr, at)


_SCALED = re.compile(r"[x×/]\s*\d[\d.,]*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Favour:
    """What a rule does to the weight of a move.

    `add` carries an expression; `times` and `over` (floor division) carry a whole number;
    `forbid` carries 0.
    """

    op: Literal["add", "times", "over", "forbid"]
    value: Expr | int
    at: Mark = NOWHERE


_TIMES = re.compile(r"x\s*(\d{1,6})")
_OVER = re.compile(r"/\s*(\d{1,6})")
_BROKEN_FACTOR = re.compile(r"[x×/]\s*(\d{0,6}[.,]\d{1,6})", re.IGNORECASE)


def _to_favour(value: object) -> Favour:
    if isinstance(value, Favour):
        return value
    expr = _to_expr(value)
    at = _mark_of(value)
    if expr.text == "forbid":
        return Favour("forbid", 0, at)
    if found := _TIMES.fullmatch(expr.text):
        return Favour("times", int(found[1]), at)
    if found := _OVER.fullmatch(expr.text):
        if int(found[1]) == 0:
            raise ValueError("a weight cannot be divided by 0: write forbid instead")
        return Favour("over", int(found[1]), at)
    if found := _BROKEN_FACTOR.fullmatch(expr.text):
        raise ValueError(_no_factor(expr.text, float(found[1].replace(",", "."))))
    if expr.text.startswith("/"):
        raise ValueError("after '/' comes a whole number, as in /2")
    if expr.text.startswith("+"):
        return Favour("add", _after(expr, "+"), at)
    return Favour("add", expr, at)


def _no_factor(text: str, number: float) -> str:
    """The cure for a factor that is not whole: 0.5 divides by 2, 1.5 multiplies by 3 first."""
    factor = number if text[0] != "/" else 1 / number if number else 0
    parts = Fraction(factor).limit_denominator(100)
    written = [
        f"{sign}{part}"
        for sign, part in (("x", parts.numerator), ("/", parts.denominator))
        if part > 1
    ]
    cure = " in one rule and ".join(written) + " in another" * (len(written) > 1)
    return f"{shown(text)}: factors are whole numbers: write {cure or 'x2 or /2'}"


def _to_words(value: object) -> object:
    """Bare numbers in a text stay as they were written: 041, 1.10, 2022."""
    if isinstance(value, (Number, Bare)):
        return value.raw
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


_NUMBER_OR_TEXT: dict[str, Any] = {"type": ["string", "integer"]}

ExprField = Annotated[
    Expr, SkipValidation, BeforeValidator(_to_expr), WithJsonSchema(_NUMBER_OR_TEXT)
]
EffectField = Annotated[
    Effect, SkipValidation, BeforeValidator(_to_effect), WithJsonSchema(_NUMBER_OR_TEXT)
]
FavourField = Annotated[
    Favour, SkipValidation, BeforeValidator(_to_favour), WithJsonSchema(_NUMBER_OR_TEXT)
]
Words = Annotated[
    str,
    BeforeValidator(_to_words),
    StringConstraints(min_length=1),
    WithJsonSchema({"type": ["string", "number"], "minLength": 1}),
]
"""A text in one language, or a code; bare numbers are kept as written."""


@dataclass(frozen=True)
class _Like:
    """A name that must look like `pattern`, which `words` explain.

    A name read from a file keeps its place (it stays a `Word`), so that whoever looks for what
    it names can say where it was written.
    """

    pattern: str
    words: str

    def check(self, value: object) -> str:
        if not isinstance(value, str):
            raise ValueError(f"expected {self.words}; found {describe(value)}")
        if not re.fullmatch(self.pattern, value, re.ASCII):
            raise ValueError(f"{shown(value)} is not {self.words}")
        return value

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self.check)

    def __get_pydantic_json_schema__(self, schema: Any, handler: Any) -> dict[str, Any]:
        return {"type": "string", "pattern": f"^({self.pattern})$"}


_ENDING = r"[A-Za-z][A-Za-z0-9_-]{0,39}"

FileId = Annotated[
    str, _Like(r"[a-z0-9-]{1,40}", "an id (at most 40 small letters, digits and hyphens)")
]
ActorId = Annotated[
    str, _Like(r"[a-z][a-z0-9_]{0,39}", "an actor's id (small letters, digits and underscores)")
]
MoveId = Annotated[
    str, _Like(r"[a-z][a-z0-9_]{0,59}", "a move's id (small letters, digits and underscores)")
]
ItemId = Annotated[
    str,
    _Like(
        r"[A-Za-z0-9][A-Za-z0-9_.-]{0,59}",
        "an id (at most 60 letters, digits, hyphens, dots and underscores)",
    ),
]
GaugeName = Annotated[
    str,
    _Like(
        r"[a-z][a-z0-9_]{0,39}(\.[a-z][a-z0-9_]{0,39}){0,3}",
        "a gauge's name (small letters, digits and underscores, dots between the parts)",
    ),
]
DyadKey = Annotated[
    str, _Like(r"[a-z][a-z0-9_]{0,39}-[a-z][a-z0-9_]{0,39}", "a dyad, as in russia-ukraine")
]
NoiseKey = Annotated[str, _Like(r"[a-z][a-z0-9_]{0,39}|\*", 'an actor\'s id or "*"')]
MoveOfActor = Annotated[
    str,
    _Like(
        r"([a-z][a-z0-9_]{0,39}\.)?[a-z][a-z0-9_]{0,59}",
        "a move, or an actor and a move, as in usa.sanctions",
    ),
]
EndingName = Annotated[
    str, _Like(_ENDING, "a name (at most 40 letters, digits, hyphens and underscores)")
]
Expected = Annotated[
    str,
    _Like(
        rf"{_ENDING}(\|{_ENDING})?",
        'an ending, a milestone, or one given another, as in "KABOOM|kaboom"',
    ),
]
TurnLength = Annotated[
    Words,
    _Like(
        r"[1-9][0-9]{0,3} (hour|day|week|month|year)s?",
        "a length of hours, days, weeks, months or years, as in 2 weeks",
    ),
]

Whole = Annotated[int, Field(ge=-BOUND, le=BOUND)]
Natural = Annotated[int, Field(ge=0, le=BOUND)]
PerMille = Annotated[int, Field(ge=0, le=1000)]
Stage = Annotated[int, Field(ge=1, le=9)]
Heat = Annotated[int, Field(ge=-1000, le=1000)]
Visibility = Literal["public", "private", "covert"]


T = TypeVar("T")
Many = Annotated[tuple[T, ...], Field(strict=False)]
"""A list in the YAML; its items stay as strict as they are."""


def _one_or_many(value: object) -> object:
    return (value,) if isinstance(value, str) else value


ActorIds = Annotated[Many[ActorId], BeforeValidator(_one_or_many)]


def _to_day(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return datetime.date.fromisoformat(value)
    except ValueError:
        raise ValueError(f"{str(value)!r} is not a day: write it as 2022-10-10") from None


Day = Annotated[datetime.date, BeforeValidator(_to_day)]
Effects = dict[GaugeName, EffectField]
Heats = dict[DyadKey, ExprField]


# --- items ----------------------------------------------------------------------------------


class Item(BaseModel):
    """A mapping in the YAML: its keys are known, it cannot be changed, it knows its place."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        loc_by_alias=True,
        hide_input_in_errors=True,
        defer_build=True,  # a command that reads no YAML need not wait for its validators
    )

    short_for: ClassVar[str] = ""
    """The key that a bare value stands for: `russia-ukraine: 7` is `{stage: 7}`."""

    @classmethod
    def reshape(cls, table: Table) -> Table:
        """A file's mapping in the one form that this class knows; most have only one."""
        return table

    at: SkipValidation[Mark] = Field(default=NOWHERE, alias=MARK_KEY, repr=False)

    @model_validator(mode="before")
    @classmethod
    def _place(cls, value: Any) -> Any:
        if cls.short_for and not isinstance(value, (Mapping, list, tuple, BaseModel)):
            place = value.item if isinstance(value, Located) else NOWHERE
            return {cls.short_for: value, MARK_KEY: place}
        if isinstance(value, Table):
            value.shape = cls
            return {**value, MARK_KEY: value.item}
        return value

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: Any, handler: Any) -> dict[str, Any]:
        """Without the place; with the bare value that may stand for the mapping."""
        found: dict[str, Any] = handler.resolve_ref_schema(handler(schema))
        properties = found["properties"]
        properties.pop(MARK_KEY, None)
        if not cls.short_for:
            return found
        return {"anyOf": [properties[cls.short_for], found]}

    @classmethod
    def keys(cls) -> tuple[str, ...]:
        """The keys that an author may write."""
        return tuple(f.alias or name for name, f in cls.model_fields.items() if name != "at")


class Text(Item):
    """What people read, in English and perhaps in Japanese."""

    short_for = "en"

    en: Words
    ja: Words | None = None

    def get(self, lang: str) -> str:
        """The text in this language; English where there is none."""
        return self.ja if lang == "ja" and self.ja else self.en

    def __str__(self) -> str:
        return self.en


class GaugeSpec(Item):
    start: ExprField
    min: Whole = 0
    max: Whole = 1000
    unit: Text = Text(en="per mille")
    title: Text | None = None
    about: Text | None = None
    source: Text | None = None
    noise: dict[NoiseKey, ExprField] = {}

    @model_validator(mode="after")
    def _bounds(self) -> Self:
        if self.min >= self.max:
            raise ValueError(f"min ({self.min}) must be below max ({self.max})")
        return self


class UnknownSpec(Item):
    """A quantity nobody knows: drawn from `between` (likeliest at `likely`), or fixed by `is`."""

    short_for = "is"

    between: Annotated[tuple[Whole, Whole], Field(strict=False)] | None = None
    likely: Whole | None = None
    is_: Whole | None = Field(default=None, alias="is")
    title: Text | None = None
    about: Text | None = None
    unit: Text = Text(en="per mille")
    source: Text | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.between is None and self.is_ is None:
            raise ValueError("say what it may be: between: [300, 900], or is: 700")
        if self.between is not None and self.is_ is not None:
            raise ValueError("either between or is, not both")
        if self.between is not None and self.between[0] > self.between[1]:
            raise ValueError("between: the smaller number comes first")
        if self.likely is not None:
            if self.between is None:
                raise ValueError("likely goes with between")
            if not self.between[0] <= self.likely <= self.between[1]:
                raise ValueError("likely must lie between the two numbers")
        return self


class DerivedSpec(Item):
    """A gauge that is computed from the others at every reading."""

    short_for = "value"

    value: ExprField
    title: Text | None = None
    about: Text | None = None
    unit: Text = Text(en="per mille")
    source: Text | None = None
    min: Whole | None = None
    max: Whole | None = None


class DyadSpec(Item):
    short_for = "stage"

    stage: Stage
    heat: Heat = 0
    title: Text | None = None
    about: Text | None = None
    source: Text | None = None


class DyadPatch(Item):
    """What an overlay changes about where a dyad starts."""

    short_for = "stage"

    stage: Stage | None = None
    heat: Heat | None = None
    source: Text | None = None


class TieSpec(Item):
    from_: ActorId = Field(alias="from")
    to: ActorId
    leverage: PerMille
    kind: Literal["leverage", "alliance", "channel"] = "leverage"
    because: Text | None = None
    source: Text | None = None

    @model_validator(mode="after")
    def _two_ends(self) -> Self:
        if self.from_ == self.to:
            raise ValueError("a tie joins two different actors")
        return self


InjectTurn = Annotated[int, Field(ge=1, le=100_000)]


class InjectPatch(Item):
    """Any of the keys of an inject: changes the inject of that id, or, complete, adds one."""

    turn: InjectTurn = 1
    id: ItemId | None = None
    when: ExprField | None = None
    title: Text | None = None
    about: Text | None = None
    effects: Effects = {}
    heat: Heats = {}
    source: Text | None = None
    visible: Visibility = "public"
    to: ActorIds = ()


class InjectSpec(InjectPatch):
    """News from outside, at a set turn."""

    turn: InjectTurn


class OutcomeSpec(Item):
    weight: ExprField
    effects: Effects = {}
    heat: Heats = {}
    title: Text | None = None


class ChanceSpec(Item):
    """What nature decides, each turn: `chance` in 1000, then one of the outcomes by weight."""

    id: ItemId
    when: ExprField | None = None
    chance: ExprField
    outcomes: Many[OutcomeSpec] = ()
    effects: Effects = {}
    heat: Heats = {}
    title: Text | None = None
    because: Text | None = None
    source: Text | None = None
    visible: Literal["public", "covert"] = "public"

    @model_validator(mode="after")
    def _some_weight(self) -> Self:
        if self.outcomes and (self.effects or self.heat):
            raise ValueError("with outcomes, put the effects and the heat inside each outcome")
        weights = [outcome.weight.text for outcome in self.outcomes]
        if weights and all(weight.lstrip("-").isdecimal() for weight in weights):
            if any(int(weight) < 0 for weight in weights):
                raise ValueError("the weight of an outcome cannot be below 0")
            if not any(int(weight) for weight in weights):
                raise ValueError("the weights of the outcomes sum to 0: none could be drawn")
        return self


class Removed(Item):
    """In an overlay: the inject or the chance event of this id does not happen."""

    id: ItemId
    remove: Annotated[Literal[True], BeforeValidator(lambda flag: getattr(flag, "value", flag))]


class DriftSpec(Item):
    """The world's own motion: the gauge's value at the end of the turn."""

    short_for = "value"

    value: ExprField
    because: Text | None = None
    source: Text | None = None


class MilestoneSpec(Item):
    when: ExprField
    title: Text | None = None
    about: Text | None = None
    source: Text | None = None


class EndingSpec(Item):
    """A named end state: holds when `when` has been true for `for_` turns on end.

    With `at_horizon` it is judged at the last turn only.
    """

    when: ExprField
    for_: Annotated[int, Field(ge=1, le=100_000)] = Field(default=1, alias="for")
    at_: Literal["horizon"] | None = Field(default=None, alias="at")
    title: Text | None = None
    about: Text | None = None
    source: Text | None = None

    @property
    def at_horizon(self) -> bool:
        return self.at_ == "horizon"


Kind = Literal["diplomatic", "informational", "economic", "military", "nuclear", "third-party"]
Direction = Literal["escalate", "de-escalate", "neutral"]
Intervention = Literal[
    "moderation",
    "process-guidance",
    "socio-therapeutic",
    "mediation",
    "arbitration",
    "power",
]


class MovePatch(Item):
    """Any of the keys of a move; what an overlay writes about a move that exists."""

    title: Text = Text(en="(untitled)")
    by: ActorIds = ()
    target: ActorId | None = None
    kind: Kind = "diplomatic"
    direction: Direction = "neutral"
    register_: Stage | None = Field(default=None, alias="register")
    kahn: Annotated[int, Field(ge=1, le=44)] | None = None
    kahn_to: Annotated[int, Field(ge=1, le=44)] | None = None
    cameo: Words | None = None
    goldstein: Words | None = None
    visible: Visibility = "public"
    intervention: Intervention | None = None
    when: ExprField | None = None
    base: ExprField = Expr("0")
    cooldown: Annotated[int, Field(ge=0, le=100_000)] = 0
    success: ExprField = Expr("1000")
    consent: ExprField = Expr("1000")
    effects: Effects = {}
    failure: Effects = {}
    heat: Heats = {}
    tags: Many[Words] = ()
    about: Text | None = None
    headline: Text | None = None
    attempt: Text | None = None
    source: Text | None = None
    code: Words | None = None


class MoveSpec(MovePatch):
    """Something that an actor can do: `headline` tells it done, `attempt` tried in vain."""

    title: Text
    by: Annotated[ActorIds, Field(min_length=1)]


class RuleSpec(Item):
    """A condition, and what it does to the weights of an actor's moves.

    because: the actor's reason. reasons: other words for moves that it does not speak for.
    """

    id: ItemId
    when: ExprField
    favour: Annotated[dict[MoveId, FavourField], Field(min_length=1)]
    because: Text | None = None
    reasons: dict[MoveId, Text] = {}
    source: Text | None = None

    def reason(self, move: str) -> Text | None:
        """What the rule says for a move."""
        return self.reasons.get(move, self.because)


class TurnSpec(Item):
    """How long a turn is, when the first begins, how many there are, orders an actor gives."""

    length: TurnLength = "1 week"
    start: Day | None = None
    horizon: Annotated[int, Field(ge=1, le=10_000)]
    orders: Annotated[int, Field(ge=1, le=20)] = 1


# --- files ----------------------------------------------------------------------------------


class ActorSpec(Item):
    schema_: Literal[1] = Field(default=1, alias="schema")
    id: ActorId = ""
    """The name of its file, where the file does not say."""
    title: Text = Text(en="-")
    short: Text | None = None
    about: Text | None = None
    goals: Many[Text] = ()
    red_lines: Many[Text] = ()
    reference_points: Many[Text] = ()
    profile: dict[str, Text] = {}
    rules: Many[RuleSpec] = ()
    source: Text | None = None


class CatalogueSpec(Item):
    """A file of moves, under the key `moves` or bare: each key of the file is then a move."""

    schema_: Literal[1] = Field(default=1, alias="schema")
    moves: dict[MoveId, MoveSpec]
    title: Text | None = None
    about: Text | None = None
    source: Text | None = None

    @classmethod
    def reshape(cls, table: Table) -> Table:
        if "moves" in table:
            return table
        moves, whole = Table(), Table()
        moves.at = whole.at = table.at
        for key, value in table.items():
            here = whole if key in ("schema", "title", "about", "source") else moves
            here[key] = value
            here.keys_at[key] = table.keys_at[key]
        whole["moves"] = moves
        whole.keys_at["moves"] = table.at
        return whole


Seed = Annotated[int, Field(ge=0, lt=2**63)]
Actors = Annotated[Many[ActorId], Field(max_length=40)]
Catalogues = Annotated[Many[FileId], Field(max_length=20)]


class ScenarioSpec(Item):
    schema_: Literal[1] = Field(alias="schema")
    id: FileId
    title: Text
    about: Text | None = None
    turn: TurnSpec
    seed: Seed = 0
    actors: Actors = ()
    moves: Catalogues = ()
    gauges: dict[GaugeName, GaugeSpec] = {}
    unknowns: dict[GaugeName, UnknownSpec] = {}
    derived: dict[GaugeName, DerivedSpec] = {}
    dyads: dict[DyadKey, DyadSpec] = {}
    ties: Many[TieSpec] = ()
    injects: Many[InjectSpec] = ()
    chance: Many[ChanceSpec] = ()
    drift: dict[GaugeName, DriftSpec] = {}
    milestones: dict[EndingName, MilestoneSpec] = {}
    endings: dict[EndingName, EndingSpec] = {}
    source: Text | None = None
    sources: dict[str, Text] = {}


def _kept_or_removed(value: object) -> str:
    removed = isinstance(value, Mapping) and "remove" in value
    return "<removed>" if removed or isinstance(value, Removed) else "<kept>"


_Removed = Annotated[Removed, Tag("<removed>")]
InjectChange = Annotated[
    Annotated[InjectPatch, Tag("<kept>")] | _Removed, Discriminator(_kept_or_removed)
]
ChanceChange = Annotated[
    Annotated[ChanceSpec, Tag("<kept>")] | _Removed, Discriminator(_kept_or_removed)
]


class Changes(Item):
    """What a policy, a worldview, or a scenario that extends another, changes in a scenario.

    An inject, a chance event or a tie that exists already is changed or replaced; another is
    added behind the rest.
    """

    start: dict[GaugeName, ExprField] = {}
    unknowns: dict[GaugeName, UnknownSpec] = {}
    injects: Many[InjectChange] = ()
    chance: Many[ChanceChange] = ()
    ties: Many[TieSpec] = ()
    dyads: dict[DyadKey, DyadPatch] = {}


class HeirSpec(Changes):
    """A scenario that extends another one: what is written here takes the place of what is there.

    Gauges, unknowns, derived gauges, drift, milestones and endings replace those of the same
    name, and others are added behind.  Actors and catalogues, where given, replace the lists.
    """

    schema_: Literal[1] = Field(alias="schema")
    id: FileId
    extends: FileId
    title: Text
    about: Text | None = None
    turn: TurnSpec | None = None
    seed: Seed | None = None
    actors: Actors | None = None
    moves: Catalogues | None = None
    gauges: dict[GaugeName, GaugeSpec] = {}
    derived: dict[GaugeName, DerivedSpec] = {}
    drift: dict[GaugeName, DriftSpec] = {}
    milestones: dict[EndingName, MilestoneSpec] = {}
    endings: dict[EndingName, EndingSpec] = {}
    source: Text | None = None
    sources: dict[str, Text] = {}


class OverlaySpec(Changes):
    """A policy (what one side does differently) or a worldview (what one believes)."""

    schema_: Literal[1] = Field(alias="schema")
    id: FileId
    kind: Literal["policy", "worldview"]
    title: Text
    about: Text | None = None
    source: Text | None = None
    for_: Many[FileId] | None = Field(default=None, alias="for")
    forbid: Many[MoveOfActor] = ()
    rules: dict[ActorId, Many[RuleSpec]] = {}
    moves: dict[MoveId, MovePatch] = {}
    expect: dict[Expected, Literal["up", "down", "flat"]] = {}


class HappeningSpec(Item):
    """One thing that somebody did on a day of the real course of events."""

    date: Day
    actor: ActorId
    move: MoveId
    title: Text | None = None
    source: Text | None = None


class NatureSpec(Item):
    """A chance event of the scenario that really came, on its day, with its outcome (from 1)."""

    date: Day
    chance: ItemId
    outcome: Annotated[int, Field(ge=1, le=1000)] = 1
    title: Text | None = None
    source: Text | None = None


class HistorySpec(Item):
    """What really happened, told in the moves of a scenario: the yardstick of a backtest."""

    schema_: Literal[1] = Field(alias="schema")
    id: FileId
    title: Text
    scenario: FileId
    about: Text | None = None
    source: Text | None = None
    events: Many[HappeningSpec] = ()
    nature: Many[NatureSpec] = ()
    ending: EndingName | None = None
    milestones: Many[EndingName] = ()


@dataclass(frozen=True)
class Spec:
    """Everything that was read for one scenario, with its overlays applied.

    `absent` names the moves that expressions may mention although nobody here can make them:
    moves of a catalogue whose actors do not take part.  `barred` holds the (actor, move) pairs
    that a policy forbids.
    `elsewhere` names, as they are written, actors that the files mention and that do not take
    part.  `oddities` are what is allowed and can hardly be meant.
    `digest` names the meaning of the scenario without overlays; `overlay_digest` that of the
    overlays (`""` when there are none).  `inputs` holds the exact texts, by the name under which
    a run folder keeps them.
    """

    scenario: ScenarioSpec
    actors: tuple[ActorSpec, ...]
    moves: dict[str, MoveSpec]
    absent: tuple[str, ...]
    overlays: tuple[OverlaySpec, ...]
    inputs: dict[str, str]
    digest: str
    overlay_digest: str
    barred: frozenset[tuple[str, str]] = frozenset()
    elsewhere: tuple[str, ...] = ()
    oddities: tuple[Fault, ...] = ()

    @property
    def overlay_names(self) -> tuple[str, ...]:
        return tuple(overlay.id for overlay in self.overlays)
