"""Other mentions of a value: by words and signs, or by digits."""

from __future__ import annotations

from evalspec.text.mentions import Values


def found(text: str, *texts: str, digits: tuple[str, ...] = (), any_case: bool = False) -> list[str]:
    values: Values[str] = Values()
    for value in texts:
        values.add(value, value, any_case=any_case)
    for value in digits:
        values.add_digits(value, value)
    return [text[start:end] for start, end, _ in values.find(text)]


def test_whole_words_are_found_and_parts_of_words_are_not() -> None:
    """`Sam` does not stand in `Same`, nor `sam` for `Sam` unless any case will do."""
    assert found("Sam, Same sam", "Sam") == ["Sam"]
    assert found("Sam, Same sam", "Sam", any_case=True) == ["Sam", "sam"]


def test_spaces_may_be_wider_and_the_end_of_the_text_is_an_end() -> None:
    """A value is its words and signs; one that is cut off by the end is none."""
    assert found("Ana  Lopez and Ana\nLopez, Ana", "Ana Lopez") == ["Ana  Lopez", "Ana\nLopez"]


def test_scripts_without_spaces_need_none() -> None:
    """A Japanese name is found inside a sentence."""
    assert found("田中太郎です。田中太郎の注文", "田中太郎") == ["田中太郎", "田中太郎"]


def test_digits_are_found_in_any_grouping_but_not_inside_a_longer_number() -> None:
    """What people put between groups does not matter; a digit beside the number does."""
    assert found("202.555.0143 2025550143, 92025550143 x2025550143", digits=("2025550143",)) == [
        "202.555.0143",
        "2025550143",
    ]


def test_the_longest_of_two_values_comes_first() -> None:
    """`Ana Lopez` is found before `Ana` at the same place."""
    assert found("Ana Lopez", "Ana", "Ana Lopez") == ["Ana Lopez", "Ana"]
