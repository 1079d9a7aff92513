"""A fact is stated when one of its forms stands as a word of its own."""

from __future__ import annotations

import pytest

from evalspec.model.spec import Fact
from evalspec.text.stated import is_stated, surface_forms


@pytest.mark.parametrize(
    ("text", "forms", "stated"),
    [
        ("it took 31 days", ("31",), True),
        ("it took 31.", ("31",), True),
        ("order 1310", ("31",), False),
        ("31.5 days", ("31",), False),
        ("2,31 days", ("31",), False),
        ("He is a Man", ("man",), True),
        ("a woman", ("man",), False),
        ("no form", ("",), False),
    ],
)
def test_is_stated(text: str, forms: tuple[str, ...], stated: bool) -> None:
    assert is_stated(text, forms) is stated


def test_forms_are_the_declared_ones_or_the_value() -> None:
    sex = Fact(name="sex", values=(("woman", ("she", "my wife")),))

    assert surface_forms(sex, "woman") == ("she", "my wife")
    assert surface_forms(None, 31.0) == ("31",)
    assert surface_forms(Fact(name="n", range=(0, 9)), 4.5) == ("4.5",)
