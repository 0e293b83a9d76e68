"""What the package promises as a whole."""

import subprocess
import sys
from pkgutil import iter_modules

import numpy as np
import pytest

from wargame import statistics
from wargame.statistics import result
from wargame.statistics.result import plain


def test_importing_it_does_not_load_scipy() -> None:
    modules = [f"wargame.statistics.{module.name}" for module in iter_modules(statistics.__path__)]
    code = f"import sys; sys.modules['scipy'] = None; import {', '.join(modules)}"
    subprocess.run([sys.executable, "-c", code], check=True, env={"PYTHONPATH": ":".join(sys.path)})


def test_answers_are_plain_values() -> None:
    value = {"a": np.array([1, 2]), "b": (np.float64(0.5), float("nan")), "c": np.bool_(True)}
    assert plain(value) == {"a": [1, 2], "b": [0.5, None], "c": True}
    with pytest.raises(TypeError, match="set"):
        plain({1, 2})


@pytest.mark.parametrize(
    ("number", "shown"), [(0, 0), (-3, 0), (7, 7), (99, 99), (101, 110), (12_340, 13_000)]
)
def test_about_rounds_up_to_two_figures(number: int, shown: int) -> None:
    assert result.about(number) == shown


@pytest.mark.parametrize(
    ("half_width", "places"), [(12.0, 0), (1.2, 1), (0.12, 2), (0.012, 3), (0.0, 1)]
)
def test_numbers_show_two_figures_of_their_error(half_width: float, places: int) -> None:
    assert result.decimals(half_width) == places


def test_a_difference_that_rounds_to_nothing_has_no_sign() -> None:
    assert result.signed(-0.00001) == "0.0"
    assert result.signed(0.012) == "+1.2"


@pytest.mark.parametrize(
    ("share", "shown"), [(4.3e-6, "1 in 230,000"), (0.5, "1 in 2"), (0, "never")]
)
def test_small_shares_as_fractions(share: float, shown: str) -> None:
    assert result.one_in(share, "en") == shown


def test_an_unknown_language_gets_english() -> None:
    assert result.say("fr", en="a", ja="b") == "a"
