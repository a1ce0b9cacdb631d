"""Digests over every transport: they tell the same rows apart from others, and spare looking at the same ones."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jupyter_datasets.client import diff as diffs
from jupyter_datasets.client.dataset import Dataset

FLIGHTS = pa.table({"n": range(5000), "s": [f"flight {n % 7}" for n in range(5000)]})


@pytest.fixture
def flights(trips: Dataset) -> Dataset:
    """A table with a key."""
    with trips.edit() as edit:
        edit["flights"].replace(FLIGHTS, key="n")
    return trips


def digest(dataset: Dataset, ref: str = "main") -> str:
    return dataset[ref]["flights"].digest()


def replace(dataset: Dataset, rows: pa.Table) -> None:
    with dataset.edit() as edit:
        edit["flights"].replace(rows, key="n")


def test_the_digest_is_that_of_the_rows(flights: Dataset) -> None:
    """Small changes change it, taking them back and storing them otherwise do not; nor does another order."""
    first = digest(flights)
    with flights.edit() as edit:
        edit.sql("UPDATE flights SET s = 'late' WHERE n IN (7, 4000)")
        edit["flights"].append({"n": [5000], "s": ["flight 0"]})
    changed = digest(flights)
    flights.compact()
    assert first != changed == digest(flights)
    with flights.edit() as edit:
        edit.sql("UPDATE flights SET s = 'flight ' || (n % 7) WHERE s = 'late'")
        edit.sql("DELETE FROM flights WHERE n = 5000")
    assert digest(flights) == first
    replace(flights, FLIGHTS.sort_by([("n", "descending")]))
    assert flights["main"]["flights"].info.root != flights["main~1"]["flights"].info.root
    assert digest(flights) == first == digest(flights, "main~4")


def test_an_import_notes_digests(flights: Dataset, tmp_path: Path) -> None:
    """Rows from a file in another order are seen to be the same ones without being read."""
    pq.write_table(FLIGHTS.sort_by("s"), tmp_path / "flights.parquet")
    flights.import_file(tmp_path / "flights.parquet", "flights", key=["n"]).result(60)
    assert digest(flights) == digest(flights, "main~1")
    assert flights.diff("main~1", "main").model.tables[0].same_rows


def test_columns_that_are_added_and_renamed(flights: Dataset) -> None:
    """A new name makes no difference, a new column does; and it is the one of the same rows written at once."""
    first = digest(flights)
    with flights.edit() as edit:
        edit["flights"].rename_column("s", "text")
    assert digest(flights) == first
    with flights.edit() as edit:
        edit["flights"].add_column("x", "INTEGER", default="5")
    grown = digest(flights)
    assert grown != first
    rows = flights["main"]["flights"].to_arrow()
    with flights.edit() as edit:
        edit["flights"].replace(rows.slice(0, 10), key="n")
    with flights.edit() as edit:
        edit["flights"].replace(rows, key="n")
    assert digest(flights) == grown


def test_a_table_without_rows_has_a_digest(flights: Dataset) -> None:
    """That of no rows of its columns."""
    with flights.edit() as edit:
        edit.sql("DELETE FROM flights")
    assert digest(flights) == digest(flights, "main~1")[:16] + "0" * 32


def test_the_same_rows_in_another_order_are_not_looked_at(flights: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    """The difference says so, and no segment is planned to be read; where rows differ, they are shown as ever."""
    replace(flights, FLIGHTS.sort_by([("n", "descending")]))
    same = flights.diff("main~1", "main")
    assert same.model.tables[0].same_rows
    assert same["flights"].rows().num_rows == same["flights"].cells().num_rows == 0
    plan = flights._transport.row_diff("trips", "main~1", "main", "flights")
    assert [side.segments for side in (plan.old, plan.new) if side] == [(), ()]
    with monkeypatch.context() as patch:
        patch.setattr(diffs, "wait_for", None)
        assert same["flights"].counts == (0, 0, 0)
        assert "The same rows on both sides, whatever their order: flights." in repr(same)
        assert "The same rows on both sides" in same._repr_html_()
        assert repr(same["flights"]) == "flights: changed, the same rows"
    replace(flights, FLIGHTS.slice(1))
    other = flights.diff("main~1", "main")
    assert not other.model.tables[0].same_rows
    assert other["flights"].counts == (0, 1, 0)
    assert "The same rows" not in repr(other)


def test_rows_of_another_type_are_looked_at(flights: Dataset) -> None:
    """Equal digests say nothing where columns differ; a comment or a rule alone changes no row."""
    with flights.edit() as edit:
        edit["flights"].describe("s", comment="what it is called")
    assert flights.diff("main~1", "main").model.tables[0].same_rows
    with flights.edit() as edit:
        edit["flights"].widen("n", "DECIMAL(25,2)")
    assert not flights.diff("main~1", "main").model.tables[0].same_rows
    assert flights.diff("main~1", "main")["flights"].counts == (0, 0, 0)


@pytest.mark.parametrize("default", [None, "", "x"])
def test_the_same_segments_with_another_default_are_other_rows(flights: Dataset, default: str | None) -> None:
    """Two branches that add a column each give it the same id; null is no empty text."""
    flights.branch("fix")
    for branch, value in (("main", None), ("fix", default)):
        with flights.edit(branch) as edit:
            edit["flights"].add_column("x", "VARCHAR", default=value)
    same = default is None
    assert (digest(flights) == digest(flights, "fix")) is same
    if not same:
        found = flights.diff("main", "fix")["flights"]
        assert (found.counts, found.model.same_rows) == ((0, 0, 5000), False)
