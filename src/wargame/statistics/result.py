"""What every statistic has in common: a frozen answer, as plain JSON and as a sentence.

A sentence is written in English and Japanese side by side, so that neither is forgotten.
Numbers are rounded to what their uncertainty carries: two figures of the half-width.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True)
class Result:
    """A frozen answer. Subclasses are frozen dataclasses of plain values.

    NAMES: the fields that hold a name, or names, by which files know something. ALSO: properties
    that stand in its JSON, too.
    """

    NAMES: ClassVar[tuple[str, ...]] = ()
    ALSO: ClassVar[tuple[str, ...]] = ()

    def to_json(self) -> dict[str, Any]:
        """The fields by name as JSON values; not-a-number and infinity become null."""
        names = (*(field.name for field in fields(self)), *self.ALSO)
        return {name: plain(getattr(self, name)) for name in names}

    def called(self, title: Callable[[str], str]) -> Self:
        """The same answer with `title` of its names, for telling it; further answers inside too."""
        return replace(
            self,
            **{
                field.name: _called(getattr(self, field.name), field.name in self.NAMES, title)
                for field in fields(self)
            },
        )


def _called(value: Any, named: bool, title: Callable[[str], str]) -> Any:
    if isinstance(value, Result):
        return value.called(title)
    if isinstance(value, tuple):
        return tuple(_called(item, named, title) for item in value)
    return title(value) if named and isinstance(value, str) else value


def plain(value: Any) -> Any:
    """`value` made of dicts, lists, str, int, float, bool and None only.

    Raises TypeError for anything a statistic should not hold.
    """
    if isinstance(value, Result):
        return value.to_json()
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    raise TypeError(f"{type(value).__name__} is not a plain value")


def say(lang: str, *, en: str, ja: str) -> str:
    """The sentence in `lang`; English for a language we do not have."""
    return ja if lang == "ja" else en


def listed(names: Sequence[str], lang: str) -> str:
    """Names in a sentence: ``warn``, ``warn and arm``, ``warn, arm and wait``."""
    if lang == "ja":
        return "、".join(names)
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


def whole(number: int) -> str:
    """20000 -> '20,000'."""
    return f"{number:,}"


def about(number: float) -> int:
    """`number` rounded up to two figures: 1234 -> 1300. For "about so many more runs"."""
    exact = math.ceil(number)
    if exact <= 0:
        return 0
    step = int(10 ** max(0, len(str(exact)) - 2))
    return -(-exact // step) * step


def decimals(half_width: float) -> int:
    """How many decimals show two figures of `half_width`; 0..9."""
    if not math.isfinite(half_width) or half_width <= 0:
        return 1
    return min(9, max(0, 1 - math.floor(math.log10(half_width))))


def percent(share: float, places: int = 1) -> str:
    """0.0314 -> '3.1 %'."""
    return f"{100 * share:.{places}f} %"


def percent_bound(share: float, places: int = 1) -> str:
    """An upper bound, rounded up so that it stays one: 0.000141, 3 places -> '0.015 %'."""
    return percent(math.ceil(share * 10 ** (places + 2) - 1e-9) / 10 ** (places + 2), places)


def signed(share: float, places: int = 1) -> str:
    """A difference of shares in percentage points, always with its sign: 0.012 -> '+1.2'."""
    text = f"{100 * share:+.{places}f}"
    return text if float(text) else text[1:]


def interval(low: float, high: float, lang: str, places: int = 1) -> str:
    """An interval of shares: '2.8 to 3.5 %'."""
    joint = say(lang, en=" to ", ja="～")
    return f"{100 * low:.{places}f}{joint}{100 * high:.{places}f} %"


def brief(share: float, low: float, high: float, lang: str, at_most: float | None = None) -> str:
    """A share with its interval where there is little room: '4.2 % (3.1–5.5)'.

    at_most: the bound of what was never seen, the interval's upper end where nothing is said:
    'none (at most 3.6 %)'.
    """
    if share > 0:
        return f"{percent(share)} ({100 * low:.1f}–{100 * high:.1f})"
    bound = percent_bound(high if at_most is None else at_most)
    return say(lang, en=f"none (at most {bound})", ja=f"なし（多くとも{bound}）")


def signed_interval(low: float, high: float, lang: str, places: int = 1) -> str:
    """An interval of a difference, in points: '+0.7 to +1.8'."""
    joint = say(lang, en=" to ", ja="～")
    return f"{signed(low, places)}{joint}{signed(high, places)}"


def one_in(share: float, lang: str) -> str:
    """A small share as a fraction: 4.3e-6 -> '1 in 230,000', rounded to two figures."""
    if share <= 0:
        return say(lang, en="never", ja="皆無")
    size = 1 / share
    step = 10 ** max(0, math.floor(math.log10(size)) - 1)
    shown = whole(int(round(size / step) * step))
    return say(lang, en=f"1 in {shown}", ja=f"{shown}分の1")
