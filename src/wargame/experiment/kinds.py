"""The kinds of data file that question a model, for whoever checks or describes all files."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from wargame.experiment import base_rates, patterns, targets

__all__ = ["KINDS", "DataKind"]


class DataKind(NamedTuple):
    """One kind: the key that only its files have, their folder, their reader, their shape."""

    key: str
    folder: str
    load: Callable[[str], object]
    shape: Any


KINDS = {
    "targets": DataKind("targets", targets.FOLDER, targets.load_targets, targets.TargetsSpec),
    "patterns": DataKind(
        "patterns", patterns.FOLDER, patterns.load_patterns, patterns.PatternsSpec
    ),
    "base-rates": DataKind(
        "rates", base_rates.FOLDER, base_rates.load_base_rates, base_rates.BaseRatesSpec
    ),
}
