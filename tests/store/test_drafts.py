"""A draft's tables: the tree, root and segments depend on the rows alone, not on how they came together."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jupyter_datasets.errors import DamagedObjectError, InvalidInputError
from jupyter_datasets.services.versions.drafts import Draft
from jupyter_datasets.services.versions.rows import Rows
from jupyter_datasets.services.versions.schema_changes import empty_root
from jupyter_datasets.store import incoming
from jupyter_datasets.store.commits import Content
from jupyter_datasets.store.reading import OrderedReader
from jupyter_datasets.store.schemas import Schema
from tests.store.worlds import Store


@pytest.fixture
def world(store: Path) -> Store:
    return Store(store)


def _rows(start: int, stop: int) -> pa.Table:
    return pa.table(
        {
            "n": pa.array(range(start, stop), pa.int64()),
            "s": pa.array([None if n % 29 == 0 else f"text {n % 31}" for n in range(start, stop)], pa.string()),
            "l": pa.array([[n] * (n % 3) for n in range(start, stop)], pa.list_(pa.int64())),
        }
    )


def _with_k(world: Store, k: int, key: tuple[str, ...] = ()) -> Draft:
    """A draft with an empty table ``t`` whose k is fixed."""
    draft = world.draft()
    root = empty_root(Schema.create(incoming.inspect(_rows(0, 0).schema).columns), key)
    draft.put("t", replace(root, k=k))
    return draft


def _read(world: Store, content: Content, table: str = "t") -> pa.Table:
    root = world.objects.root(content.tables[table])
    return OrderedReader(root.schema).table(world.pieces(content, table))


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.integers(0, 400), min_size=1, max_size=5),
    st.integers(4, 6),
    st.sampled_from([(), ("n",)]),
    st.lists(st.booleans(), min_size=5, max_size=5),
)
def test_appends_give_what_all_rows_at_once_give(
    tmp_path: Path, sizes: list[int], k: int, key: tuple[str, ...], commits: list[bool]
) -> None:
    """However rows are dealt out to appends and commits, the table's root once compacted is that of the whole."""
    world, total = Store(tmp_path), sum(sizes)
    draft, done = _with_k(world, k, key), 0
    for size, commit in zip(sizes, commits, strict=False):
        draft.append("t", world.rows(draft, _rows(done, done + size)))
        done += size
        if commit:
            draft = world.draft(world.commit(draft))
    draft = world.draft(world.commit(draft))
    assert _read(world, draft.content).to_pylist() == _rows(0, total).to_pylist()
    whole = _with_k(world, k, key)
    whole.replace("t", world.rows(whole, _rows(0, total)))
    draft.compact("t")
    assert draft.tables == whole.tables
    assert _read(world, world.commit(draft)).to_pylist() == _rows(0, total).to_pylist()


def test_a_small_table_grows_into_its_k(world: Store) -> None:
    """While k is unset an append cuts all rows anew, so many small appends give what one write gives."""
    content = Content()
    for start in range(0, 90_000, 30_000):
        draft = world.draft(content)
        draft.append("t", world.rows(draft, _rows(start, start + 30_000)))
        content = world.commit(draft)
    whole = world.draft()
    whole.replace("t", world.rows(whole, _rows(0, 90_000)))
    assert content.tables == whole.tables
    assert world.objects.root(content.tables["t"]).k > 0


def test_an_append_stores_little(world: Store) -> None:
    """One row behind many stores no file, but a patch, a root, and the pages on the right edge; all else is shared."""
    draft = _with_k(world, 4)
    draft.append("t", world.rows(draft, _rows(0, 3000)))
    assert len(draft.new_files()) > 100
    content = world.commit(draft)
    before = world.segments(content, "t")
    draft = world.draft(content)
    draft.append("t", world.rows(draft, _rows(3000, 3001)))
    assert draft.new_files() == []
    assert len(draft.new_texts()) <= 4
    after = world.segments(world.commit(draft), "t")
    assert after[:-1] == before
    assert (after[-1].rows, after[-1].is_inline) == (1, True)


def test_appending_nothing_changes_nothing(world: Store) -> None:
    """Rows that are none, or the same table again, give the version that was there."""
    draft = _with_k(world, 4)
    draft.append("t", world.rows(draft, _rows(0, 100)))
    content = world.commit(draft)
    draft = world.draft(content)
    draft.append("t", world.rows(draft, _rows(0, 0)))
    assert draft.content == content
    draft.replace("t", world.rows(draft, _rows(0, 100)))
    assert draft.content == content


def test_an_appended_column_without_values_takes_the_tables_type(world: Store) -> None:
    """Nulls of no type join any column; texts join text alone."""
    draft = world.draft()
    draft.append("t", world.rows(draft, pa.table({"n": [1]})))
    draft.append("t", world.rows(draft, pa.table({"n": pa.nulls(1)})))
    root = draft.root("t")
    assert root is not None
    assert (root.rows, [f.type for f in root.schema.fields]) == (2, ["BIGINT"])
    with pytest.raises(InvalidInputError, match="'n' holds BIGINT; VARCHAR does not fit in"):
        draft.append("t", world.rows(draft, pa.table({"n": ["x"]})))


def test_an_append_of_wider_numbers_widens(world: Store) -> None:
    """Old segments stay as they are and are read as the new type; the tail is written anew."""
    draft = _with_k(world, 4)
    small = pa.table({"n": pa.array(range(200), pa.int64()), "s": ["x"] * 200, "l": [[1]] * 200})
    draft.append("t", world.rows(draft, small))
    content = world.commit(draft)
    before = world.segments(content, "t")
    wide = small.set_column(0, "n", pa.array(range(200), pa.decimal128(25, 2)))
    draft = world.draft(content)
    draft.append("t", world.rows(draft, wide))
    content = world.commit(draft)
    assert world.segments(content, "t")[: len(before) - 1] == before[:-1]
    assert _read(world, content)["n"].to_pylist() == [*range(200), *range(200)]


def test_missing_columns_are_null(world: Store) -> None:
    """Rows that lack a column have nulls there, and the table knows that it has some."""
    draft = _with_k(world, 4)
    draft.append("t", world.rows(draft, _rows(1, 20)))
    draft.append("t", world.rows(draft, pa.table({"n": [7]})))
    root = draft.root("t")
    assert root is not None
    assert [f.nullable for f in root.schema.fields] == [False, True, True]
    assert _read(world, world.commit(draft)).slice(19).to_pylist() == [{"n": 7, "s": None, "l": None}]


def test_replacing_keeps_the_cut_and_may_change_types(world: Store) -> None:
    """A table whose column changed its nesting is written anew under the field's id."""
    draft = _with_k(world, 4, ("n",))
    draft.append("t", world.rows(draft, _rows(0, 50)))
    draft = world.draft(world.commit(draft))
    draft.replace("t", world.rows(draft, pa.table({"n": [{"a": 1, "b": ["x"]}], "new": [1]})))
    root = draft.root("t")
    assert root is not None
    assert [(f.name, f.id) for f in root.schema.fields] == [("n", 1), ("new", 8)]
    assert (root.k, root.cut) == (4, (1,))
    assert _read(world, world.commit(draft)).to_pylist() == [{"n": {"a": 1, "b": ["x"]}, "new": 1}]


def test_a_tail_that_is_damaged_cannot_be_appended_to(world: Store) -> None:
    """The last segment is read for an append; the error names it, and the draft is as it was."""
    draft = _with_k(world, 4)
    draft.append("t", world.rows(draft, _rows(0, 50)))
    content = world.commit(draft)
    last = world.segments(content, "t")[-1]
    world.backend.path("objects", last.hash).unlink()
    draft = world.draft(content)
    with pytest.raises(DamagedObjectError, match=last.hash[:12]):
        draft.append("t", world.rows(draft, _rows(50, 60)))
    assert draft.content == content


def test_only_what_is_used_is_stored(world: Store) -> None:
    """Segments and pages of changes that later ones took back are not part of the version."""
    draft = _with_k(world, 4)
    draft.replace("t", world.rows(draft, _rows(0, 2000)))
    draft.replace("t", world.rows(draft, _rows(2000, 2005)))
    draft.append("gone", world.rows(draft, _rows(0, 50)))
    draft.drop("gone")
    assert len(draft.new_files()) == 1
    assert set(draft.new_texts()) == set(draft.tables.values())


def test_equal_tables_share_everything(world: Store) -> None:
    """Two tables of the same rows have one root and one set of segments."""
    draft = world.draft()
    draft.append("a", world.rows(draft, _rows(0, 500)))
    draft.append("b", world.rows(draft, _rows(0, 500)))
    assert draft.tables["a"] == draft.tables["b"]
    assert len(draft.new_files()) == 1


# --------------------------------------------------------------------------------------------------------------------
# Rows of an edit


@pytest.mark.parametrize("cells", [10, 4000])
def test_rows_can_be_read_again(tmp_path: Path, cells: int) -> None:
    """In memory or, past 32 MiB, in a file of the staging folder: all rows in order, as often as one likes."""
    table = pa.table({"s": [f"{n:05d}" * (cells // 5) for n in range(20_000)], "n": range(20_000)})
    rows = Rows(table.schema, table.to_batches(max_chunksize=1000), tmp_path)
    assert rows.count == 20_000
    assert len(list(tmp_path.iterdir())) == (cells == 4000)
    for _ in range(2):
        assert pa.Table.from_batches(rows.batches()).equals(table)


def test_empty_root_has_its_schema() -> None:
    """Without a key all columns cut; with one its columns do, in the order named."""
    schema = Schema.create(incoming.inspect(_rows(0, 0).schema).columns)
    assert empty_root(schema).cut == (1, 2, 3)
    keyed = empty_root(schema, ("s", "N"))
    assert (keyed.key, keyed.cut) == ((2, 1), (2, 1))
    assert replace(keyed, key=(), cut=(1, 2, 3)) == empty_root(schema)
