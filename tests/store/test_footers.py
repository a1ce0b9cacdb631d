"""What footers tell of the values inside."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from jupyter_datasets.store.footers import Span, may_hold

COLUMNS = ("n", "t", "d", "empty", "a", "s", "a.b", "gaps")


def span(column: str, least: int | None = None, most: int | None = None) -> Span:
    """A span of the field that the column is."""
    return Span(id=COLUMNS.index(column) if column in COLUMNS else 99, column=column, least=least, most=most)


@pytest.fixture(scope="module")
def segment(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A thousand rows in two row groups."""
    path = tmp_path_factory.mktemp("footers") / "segment.parquet"
    duckdb.sql(
        "SELECT i - 10 AS n, CAST(i AS VARCHAR) AS t, CAST(i AS DOUBLE) AS d, CAST(NULL AS INT) AS empty, "
        "{'b': i} AS a, {'x': i} AS s, i + 5000 AS \"a.b\", CASE WHEN i > 5 THEN i END AS gaps FROM range(1000) r(i)"
    ).write_parquet(str(path), row_group_size=500, field_ids={name: i for i, name in enumerate(COLUMNS)})
    return str(path)


@pytest.mark.parametrize(
    ("least", "most", "there"),
    [
        (0, 0, True),
        (-10, -10, True),
        (989, 2000, True),
        (None, -10, True),
        (989, None, True),
        (None, None, True),
        (990, None, False),
        (None, -11, False),
        (10**30, 10**30, False),
    ],
)
def test_a_segment_outside_of_the_values_is_left_out(
    segment: str, least: int | None, most: int | None, there: bool
) -> None:
    """Over all row groups, both ends included."""
    assert may_hold(segment, [span("n", least, most)]) is there


def test_every_span_must_be_met(segment: str) -> None:
    """A row has all of the values."""
    inside, outside = span("n", 1, 1), span("gaps", -5, 5)
    assert may_hold(segment, [])
    assert may_hold(segment, [inside])
    assert not may_hold(segment, [inside, outside])


@pytest.mark.parametrize("column", ["t", "d", "empty", "a.b", "a", "absent"])
def test_in_doubt_a_segment_may_hold_everything(segment: str, column: str) -> None:
    """Texts, fractions, nulls alone, names that are also paths, and columns that came later."""
    assert may_hold(segment, [span(column, 10**6, 10**6)])


def test_a_file_that_cannot_be_read_may_hold_everything(tmp_path: Path) -> None:
    """Who reads its rows says what is wrong."""
    (tmp_path / "broken").write_bytes(b"PAR1")
    for name in ("broken", "absent"):
        assert may_hold(str(tmp_path / name), [span("n", 1, 1)])


def test_another_field_of_the_name_tells_nothing(segment: str) -> None:
    """A column that was dropped leaves its values in old segments, where a later one of its name has a default."""
    assert not may_hold(segment, [span("n", 10**6, 10**6)])
    assert may_hold(segment, [Span(id=50, column="n", least=10**6, most=10**6)])
    assert may_hold(segment, [Span(id=50, column="s.x", least=10**6, most=10**6)])
