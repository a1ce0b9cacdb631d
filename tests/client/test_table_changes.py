"""What changed between two versions of a table, as a table in SQL."""

from __future__ import annotations

import pyarrow as pa
import pytest

from jupyter_datasets.client.dataset import Dataset
from jupyter_datasets.client.repository import Repository
from jupyter_datasets.errors import ErrorKind, StatementError


@pytest.fixture
def sales(repo: Repository) -> Dataset:
    """A table with a key in three versions, of which two have names."""
    made = repo.create("sales")
    with made.edit() as edit:
        edit["sales"].replace(pa.table({"id": [1, 2, 3], "x": ["a", "b", "c"]}), key="id")
    made.tag("v1")
    with made.edit() as edit:
        edit.sql("UPDATE sales SET x = 'z' WHERE id = 2")
        edit.sql("DELETE FROM sales WHERE id = 3")
        edit.sql("INSERT INTO sales VALUES (9, 'n')")
    made.tag("v2")
    with made.edit() as edit:
        edit.sql("UPDATE sales SET x = 'y' WHERE id = 2")
    return made


CHANGES = [("update_preimage", 2, "b"), ("update_postimage", 2, "z"), ("delete", 3, "c"), ("insert", 9, "n")]


@pytest.mark.usefixtures("sales")
def test_changes_are_the_rows_of_the_difference(repo: Repository) -> None:
    """Old and new form of a changed row are neighbours; both commits are named by the result."""
    found = repo.sql("FROM table_changes('sales', 'v1', 'v2')")
    assert found.to_arrow().to_pylist() == [dict(zip(("change_type", "id", "x"), row, strict=True)) for row in CHANGES]
    assert list(found.versions) == ["sales@v1", "sales@v2"]
    assert repo["sales"].diff("v1", "v2")["sales"].rows().equals(found.to_arrow())


@pytest.mark.usefixtures("sales")
@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ("SELECT x FROM table_changes('sales', 'v2') WHERE change_type = 'update_postimage'", [("y",)]),
        ("SELECT count(*) FROM table_changes('sales', $old, $new) AS c", [(4,)]),
        ("SELECT c.x, sales.x FROM Table_Changes('me/sales.sales', 'v1') c JOIN sales USING (id) WHERE id = 9", 1),
        ("SELECT k FROM table_changes('sales', 'v1', 'v2') AS t(kind, k, v) WHERE kind = 'delete'", [(3,)]),
        ("SELECT table_changes.id FROM table_changes('sales', 'v1', 'v2') WHERE x = 'n'", [(9,)]),
        ("FROM table_changes('sales', 'v2', 'v2')", []),
        ("SELECT count(*) FROM table_changes('sales', 'v1') a, table_changes('sales', 'v2') b", [(8,)]),
        ("WITH c AS (FROM table_changes('sales', 'v1', 'v2')) SELECT max(id) FROM c", [(9,)]),
    ],
)
def test_a_call_stands_where_a_table_may(repo: Repository, query: str, rows: object) -> None:
    """With an alias, names for columns, parameters, joins; without a newer version that of the moment is meant."""
    table = repo.sql(query, params={"old": "v1", "new": "v2"}).to_arrow()
    if rows == 1:
        assert table.num_rows == 1
    else:
        assert list(zip(*(column.to_pylist() for column in table.columns), strict=True)) == rows


@pytest.mark.usefixtures("sales")
def test_a_call_takes_part_in_an_edit(repo: Repository) -> None:
    """Changes of one table become rows of another."""
    repo.execute("DELETE FROM sales WHERE id IN (SELECT id FROM table_changes('sales', 'v1', 'v2') t)")
    assert repo["sales"].table().to_arrow().column("id").to_pylist() == [1]


@pytest.mark.usefixtures("sales")
@pytest.mark.parametrize(
    ("call", "kind"),
    [
        ("('sale', 'v1', 'v2')", ErrorKind.STATEMENT_NAME),
        ("('sales', 'v1', 'v9')", ErrorKind.REF_NOT_FOUND),
        ("('sales.nothing', 'v1')", ErrorKind.TABLE_NOT_FOUND),
        ("('sales')", ErrorKind.STATEMENT_REFUSED),
        ("('sales', 'v1', 'v2', 'v2')", ErrorKind.STATEMENT_REFUSED),
        ("('sales', 'v' || '1')", ErrorKind.STATEMENT_REFUSED),
        ("(old := 'sales', 'v1')", ErrorKind.STATEMENT_REFUSED),
        ("()", ErrorKind.STATEMENT_REFUSED),
        ("($t, 'v1')", ErrorKind.STATEMENT_REFUSED),
    ],
)
def test_a_wrong_call_is_pointed_at(repo: Repository, call: str, kind: ErrorKind) -> None:
    """Whatever is wrong: the dataset, a version, the table, the arguments."""
    with pytest.raises(StatementError) as caught:
        repo.sql(f"SELECT 1,\n2 FROM table_changes{call}", params={"t": "sales"}).to_arrow()
    assert caught.value.kind is kind
    assert (caught.value.details["line"], caught.value.details["column"]) == (2, 8)


@pytest.mark.parametrize("key", ["id", ""])
def test_no_name_of_a_column_is_in_the_way(repo: Repository, key: str) -> None:
    """The kind of change steps aside for a column of its name, and no word of ours stands for one of theirs."""
    names = ["change_type", "there", "cell", "jd", "kind", "phase", "old", "new", "column"]
    dataset = repo.create("names")
    with dataset.edit() as edit:
        edit["names"].replace(pa.table({"id": [1, 2], **{name: [name, name] for name in names}}), key=key or ())
    with dataset.edit() as edit:
        edit.sql("UPDATE names SET change_type = 'w', there = 'x' WHERE id = 2")
    found = repo.sql("FROM table_changes('names', 'main~1')").to_arrow()
    assert found.column_names == ["change_type_", "id", *names]
    assert set(found["change_type"].to_pylist()) == {"change_type", "w"}
    difference = dataset.diff("main~1", "main")["names"]
    assert difference.counts == ((0, 0, 1) if key else (1, 1, 0))
    if key:
        assert difference.cells()["column"].to_pylist() == ["change_type", "there"]
