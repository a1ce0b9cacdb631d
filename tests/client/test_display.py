"""Tables as people see them: no wider than a screen, and with what was left out."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from jupyter_datasets.client import display
from jupyter_datasets.client.dataset import Dataset
from jupyter_datasets.errors import ErrorKind, InvalidInputError

WIDE = [f"c{i}" for i in range(2000)]


def test_columns_that_do_not_fit_are_counted() -> None:
    """A line is no longer than the room for it, but one column is always shown."""
    rows = [("1", "two", "x" * 30)]
    assert display.text_table(("a", "b", "c"), rows, 8) == "a  b\n1  two\n(1 more column)"
    assert display.text_table(("a", "b", "c"), rows, 6).splitlines() == ["a  b", "1  two", "(1 more column)"]
    assert display.text_table(("a", "b", "c"), rows, 5).splitlines() == ["a", "1", "(2 more columns)"]
    assert display.text_table(("name",), [("x",)], 1).splitlines() == ["name", "x"]
    assert "more" not in display.text_table(("a", "b", "c"), rows, 40)


def test_wide_characters_take_their_room() -> None:
    """Columns of a terminal are counted, not characters."""
    assert display.text_table(("日本", "b"), [("x", "y")], 6).splitlines()[-1] == "(1 more column)"
    assert "more" not in display.text_table(("日本", "b"), [("x", "y")], 7)


def test_of_very_many_columns_the_first_are_shown() -> None:
    """In text and in HTML; rows may hold the first cells alone."""
    for row in (WIDE, WIDE[: display.MOST_COLUMNS]):
        text = display.text_table(WIDE, [row])
        html = display.html_table(WIDE, [row])
        assert text.endswith("\n(1,950 more columns)")
        assert "(1,950 more columns)" in html
        assert "c49" in text
        assert "c50" not in text + html
    assert "more" not in display.html_table(WIDE[:50], [WIDE[:50]])


def test_first_lines_tell_of_the_others() -> None:
    assert display.first_lines("a\nb\nc", 1, "more line") == "a\n(2 more lines)"
    assert display.first_lines("a\nb", 2, "more line") == "a\nb"


@pytest.mark.parametrize("ref", [3, 3.0, None, date(2026, 1, 31), ["main"]])
def test_a_version_is_named_by_text(trips: Dataset, ref: Any) -> None:
    """Anything else is refused with how a version is named, and not by an error of Python's."""
    with pytest.raises(InvalidInputError, match=f"type {type(ref).__name__}") as caught:
        trips[ref]
    assert caught.value.kind is ErrorKind.INVALID_REF
    assert "ds['#3']" in caught.value.next_step
    if ref is not None:
        for method in (trips.log, trips.undo, trips.checkout, trips.diff):
            with pytest.raises(InvalidInputError, match="named by text"):
                method(ref)


def test_the_number_that_was_given_is_written_as_a_reference(trips: Dataset) -> None:
    """The next step for a number is the reference itself."""
    with pytest.raises(InvalidInputError, match="#12"):
        trips[12]  # type: ignore[index]  # the mistake itself


@pytest.mark.parametrize("name", [3, None, ["trips"]])
def test_a_table_is_named_by_text(trips: Dataset, name: Any) -> None:
    """Anything else is refused with the tables that there are, and is in no version."""
    with trips.edit() as edit:
        edit["trips"].append({"n": [1]})
    with pytest.raises(InvalidInputError, match="named by text") as caught:
        trips["main"][name]
    assert caught.value.next_step == "Tables: trips."
    assert name not in trips["main"]


def test_a_wide_table_shows_its_first_columns(trips: Dataset) -> None:
    """As text and as HTML, with how many more there are."""
    with trips.edit() as edit:
        edit["wide"].append({f"column{i}": [i] for i in range(300)})
    table = trips.table("wide")
    for shown in (repr(table), table._repr_html_()):
        assert "(250 more columns)" in shown
        assert "column49" in shown
        assert "column50" not in shown
    assert table.head(1, ["column7"]).to_pylist() == [{"column7": 7}]
