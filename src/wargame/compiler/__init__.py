"""From a loaded spec to a compiled scenario, with every fault and every oddity told at once.

Three steps: parse all expressions and give every cell its row and bounds; resolve the
expressions and prove that none can leave the integer type; lower what is common (constant
effects, constant weights) to tables and the rest to straight-line code.

`context` reads expressions and gathers faults for all the others: `rows` lays out the world,
`changes` lowers effects and interventions, `news` what comes from outside and by chance,
`decision_models` how actors decide, `plans` how their moves are resolved, `lint` looks for what
can hardly be meant, `assembly` puts it together.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wargame.compiler.assembly import compile_scenario

__all__ = ["compile_scenario"]


def __getattr__(name: str) -> Any:
    # When it is first used: who finds a scenario compiled (`cached`) does not wait for it.
    if name != "compile_scenario":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from wargame.compiler.assembly import compile_scenario

    return compile_scenario
