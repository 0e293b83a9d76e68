"""News that is thrown in while a run is under way: written like an inject, compiled on the spot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from wargame.boundary.files import home
from wargame.boundary.foreign import dumps, value
from wargame.content.overlay import declared
from wargame.content.reader import read_text, read_yaml
from wargame.content.source_marks import NOWHERE, Flag
from wargame.content.spec import Effect, Expr, InjectSpec
from wargame.engine.effects import EffectBook
from wargame.engine.layout import OF_MOVE
from wargame.engine.scenario import Scenario
from wargame.errors import Fault, SpecError, no_such

if TYPE_CHECKING:
    from wargame.compiler.context import Workshop


def read_inject(data: Mapping[str, Any]) -> InjectSpec:
    """An inject as it stands in a log or is typed by a facilitator: title, effects, heat, to ...

    It needs no turn, and happens whatever the world is. Raises SpecError with every fault.
    """
    unwanted = [key for key in ("turn", "when", "id") if key in data]
    faults = [Fault(f"an inject that is thrown in has no {key}") for key in unwanted]
    if not data.get("title"):
        faults.append(Fault("an inject needs a title", None, "say what happened"))
    try:
        inject = InjectSpec.model_validate({"turn": 1, **data})
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            place = ".".join(str(part) for part in detail["loc"])
            message = detail["msg"].removeprefix("Value error, ")
            faults.append(Fault(f"{place}: {message}" if place else message))
    if faults:
        raise SpecError(faults)
    return inject


def parse_inject(text: str) -> dict[str, Any]:
    """An inject from YAML, as a log keeps it; `text` may also be the path of a file.

    ``{title: Aid stops, effects: {ukraine.supply: -100}}``. Raises SpecError.
    """
    path = Path(text)
    if "{" not in text and "\n" not in text and path.suffix in (".yaml", ".yml"):
        table = read_yaml(read_text(home(path), text), text)
    else:
        table = read_yaml(text, "inject")
    data: dict[str, Any] = value(dumps(table, default=_bare))
    read_inject(data)
    return data


def _bare(flag: Flag) -> bool | None:
    return flag.value


def compile_inject(scenario: Scenario, inject: InjectSpec) -> EffectBook:
    """What an inject does, ready to be thrown into a turn of `play`. Raises SpecError."""
    return compile_effects(scenario, inject.effects, inject.heat)


def compile_effects(
    scenario: Scenario, effects: Mapping[str, Effect], heat: Mapping[str, Expr]
) -> EffectBook:
    """Effects on gauges and heat on dyads as a book with one slot.

    Raises SpecError with every fault: names that are unknown, expressions that are malformed or
    may leave the integers of this scenario, questions about moves that it does not remember.
    """
    # Late: most logs have no injects, and reading them needs no compiler.
    from wargame.compiler.changes import book, changes, slot
    from wargame.compiler.context import TooNarrow, Workshop

    shop = Workshop(scenario.spec, scenario.dtype)
    by_row = sorted(scenario.rows, key=scenario.rows.__getitem__)
    bounds = zip(by_row, scenario.low, scenario.high, scenario.start, strict=True)
    for name, *numbers in bounds:
        shop.layout.add(name, *map(int, numbers))
    _check_names(scenario, shop, effects, heat)
    written = changes(shop, effects, heat)
    for change in written:
        for function, args in change.value.calls():
            cell = f"{'times' if function == 'times' else 'last'}({', '.join(args)})"
            if function in OF_MOVE and cell not in scenario.rows:
                message = f"this scenario does not remember who made {args[-1]} and when"
                shop.fault(Fault(message, change.value.at, "ask about something else"))
    try:
        found = book(shop, [slot(shop, "inject", written)])
    except TooNarrow:
        shop.fault(Fault("a value may become too large", None, "use smaller numbers"))
    if shop.faults:
        # What was typed into a form or an option has no line and column worth telling.
        told = (
            replace(f, at=None) if f.at and f.at.file == NOWHERE.file else f for f in shop.faults
        )
        raise SpecError(told)
    return found


def _check_names(
    scenario: Scenario, shop: Workshop, effects: Mapping[str, Effect], heat: Mapping[str, Expr]
) -> None:
    file = scenario.spec.scenario
    known = (*file.gauges, *file.unknowns)
    for name in effects:
        if name in file.derived:
            shop.fault(Fault(f"{name} is computed from other gauges", None, "change those"))
        elif name not in known:
            shop.fault(Fault(no_such("gauge", name, known)))
    for dyad in heat:
        if declared(dyad, file.dyads) is None:
            shop.fault(Fault(no_such("dyad", dyad, file.dyads)))
