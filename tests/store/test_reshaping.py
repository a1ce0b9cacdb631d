"""Small changes: patches and tails change what is read and nothing else, and compacting brings the canonical form."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jupyter_datasets.engine.relations import PIECE, ROW, Session
from jupyter_datasets.errors import ConflictError, DamagedObjectError, InternalError, InvalidInputError
from jupyter_datasets.services.versions import reshaping
from jupyter_datasets.services.versions.changes import GONE
from jupyter_datasets.services.versions.digests import Digests
from jupyter_datasets.services.versions.drafts import Draft, empty_root
from jupyter_datasets.services.versions.parts import Parts
from jupyter_datasets.services.versions.scans import scan
from jupyter_datasets.store import incoming, trees
from jupyter_datasets.store.commits import Content
from jupyter_datasets.store.digests import Digest
from jupyter_datasets.store.patches import Patch
from jupyter_datasets.store.reading import OrderedReader
from jupyter_datasets.store.schemas import Schema, public_columns
from jupyter_datasets.store.segments import connect
from jupyter_datasets.store.trees import Item
from jupyter_datasets.values import ObjectHash, new_id
from tests.store.worlds import Store, counted

Row = tuple[int, str | None]


def _table(rows: list[Row]) -> pa.Table:
    return pa.table({"n": pa.array([n for n, _ in rows], pa.int64()), "s": pa.array([s for _, s in rows], pa.string())})


def _start(world: Store, rows: list[Row], k: int, key: tuple[str, ...] = ()) -> Content:
    """A version with a table ``t`` whose k is fixed, unless it is 0."""
    draft = world.draft()
    draft.put("t", replace(empty_root(Schema.create(incoming.inspect(_table([]).schema).columns), key), k=k))
    draft.replace("t", world.rows(draft, _table(rows)))
    return world.commit(draft)


def _read(world: Store, content: Content) -> list[Row]:
    """The rows in order, once the ordered and the unordered reader agree about them."""
    schema = world.objects.root(content.tables["t"]).schema
    pieces = world.pieces(content, "t")
    rows = OrderedReader(schema).table(pieces).to_pylist()
    with connect() as connection:
        given = Session(connection)
        query = scan(schema, pieces, public_columns(schema)).bind(given, "t", numbered=True)
        order = f'ORDER BY "{PIECE}", "{ROW}"'
        unordered = connection.sql(f"SELECT n, s FROM ({query}) {order}").to_arrow_table().to_pylist()
        plain = connection.sql(scan(schema, pieces, public_columns(schema)).bind(given, "p")).to_arrow_table()
    assert rows == unordered
    assert Counter(map(str, plain.to_pylist())) == Counter(map(str, rows))
    return [(row["n"], row["s"]) for row in rows]


def _digest(world: Store, content: Content) -> str:
    """That of the table, once it is the one which all its rows have when they are counted one by one."""
    root = world.objects.root(content.tables["t"])
    parts = Parts(objects=world.objects, backend=world.backend, staging=Path())
    found = str(Digests(root.schema, parts.pages, parts.pieces).of(root.tree))
    assert found == counted(root.schema, world.pieces(content, "t"))
    return found


def _change(world: Store, draft: Draft, at: Mapping[int, Row | None]) -> None:
    """Give rows, named by their number in the table, other values, or take them away."""
    name = draft.tables["t"]
    root = draft.root("t")
    assert root is not None
    places = []
    for place, piece in enumerate(draft.parts.pieces(draft.parts.segments(root.tree))):
        gone = set() if piece.patch is None else set(piece.patch.numbers[piece.patch.gone].tolist())
        places += [(place, row) for row in range(piece.rows + len(gone)) if row not in gone]
    chosen = [(*places[number], row) for number, row in at.items()]
    values = _table([(0, None) if row is None else row for _, _, row in chosen])
    columns: dict[str, Any] = {
        PIECE: pa.array([place for place, _, _ in chosen], pa.int64()),
        ROW: pa.array([row for _, row, _ in chosen], pa.int64()),
        GONE: pa.array([row is None for _, _, row in chosen], pa.bool_()),
    }
    changed = pa.table(columns | {column: values[column] for column in values.column_names})
    draft.change("t", name, world.rows(draft, changed))


_BOOL: st.SearchStrategy[bool] = st.booleans()
_ROWS = st.lists(st.tuples(st.integers(-5, 5), st.sampled_from(["a", "b", None])), max_size=40)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=_ROWS, k=st.sampled_from([0, 4, 5]), data=st.data())
def test_changes_are_read_and_compacting_gives_what_all_rows_at_once_give(
    tmp_path: Path, first: list[Row], k: int, data: st.DataObject
) -> None:
    """Whatever is appended, changed and removed, in whatever order, in one commit or several."""
    world = Store(tmp_path)
    content, rows = _start(world, first, k), list(first)
    for _ in range(data.draw(st.integers(1, 6))):
        draft = world.draft(content)
        if rows and data.draw(_BOOL):
            numbers = data.draw(st.sets(st.integers(0, len(rows) - 1), min_size=1, max_size=8))
            new = {n: data.draw(st.none() | st.tuples(st.integers(-5, 5), st.just("new"))) for n in numbers}
            _change(world, draft, new)
            rows = [row for n, old in enumerate(rows) if (row := new.get(n, old)) is not None]
        else:
            added = data.draw(_ROWS)
            draft.append("t", world.rows(draft, _table(added)))
            rows += added
        content = world.commit(draft)
        assert _read(world, content) == rows
    digest = _digest(world, content)
    draft = world.draft(content)
    draft.compact("t")
    compacted = world.commit(draft)
    assert _read(world, compacted) == rows
    assert _digest(world, compacted) == digest
    other = Store(tmp_path / new_id())
    whole = other.objects.root(_start(other, rows, k).tables["t"])
    assert world.objects.root(compacted.tables["t"]).tree == whole.tree
    again = world.draft(content)
    again.replace("t", world.rows(again, _table(rows)))
    assert again.content == content, "the same rows are no change, whatever their shape"


def test_a_patch_costs_little_and_many_changes_write_the_segment_anew(tmp_path: Path) -> None:
    """One row is a patch in the pack; from a fiftieth of a segment's rows on there is a new file and no patch."""
    world = Store(tmp_path)
    content = _start(world, [(n, "x") for n in range(5000)], 12)
    draft = world.draft(content)
    _change(world, draft, {7: (7, "y")})
    assert draft.new_files() == []
    assert [bool(item.patch) for item in world.segments(world.commit(draft), "t")].count(True) == 1
    draft = world.draft(content)
    _change(world, draft, {n: (n, "y") for n in range(200)})
    assert draft.new_files() != []
    assert not any(item.patch for item in world.segments(world.commit(draft), "t"))


def test_a_patch_outlives_changes_of_the_columns(tmp_path: Path) -> None:
    """It knows fields by id: read as a wider type, under another name, and beside columns that came later."""
    world = Store(tmp_path)
    content = _start(world, [(n, "x") for n in range(100)], 4)
    draft = world.draft(content)
    _change(world, draft, {5: (50, "y"), 6: None})
    root = draft.root("t")
    assert root is not None
    n, s = root.schema.fields
    wider = (replace(n, name="m", type="DECIMAL(25,2)"), s, replace(s, id=9, name="new", birth="new", default="d"))
    draft.put("t", replace(root, schema=replace(root.schema, fields=wider, next_id=10)))
    content = world.commit(draft)
    schema = world.objects.root(content.tables["t"]).schema
    rows = OrderedReader(schema).table(world.pieces(content, "t")).slice(4, 3).to_pylist()
    assert [(int(row["m"]), row["s"], row["new"]) for row in rows] == [(4, "x", "d"), (50, "y", "d"), (7, "x", "d")]
    digest = _digest(world, content)
    draft = world.draft(content)
    draft.compact("t")
    assert _digest(world, world.commit(draft)) == digest


def test_many_small_appends_are_cut_together(tmp_path: Path) -> None:
    """There are never more than sixteen tails, and in the end few segments."""
    world = Store(tmp_path)
    content = _start(world, [(n, "x") for n in range(100)], 6)
    for number in range(100):
        draft = world.draft(content)
        draft.append("t", world.rows(draft, _table([(number, "y")])))
        content = world.commit(draft)
        assert world.objects.root(content.tables["t"]).tails < reshaping.MOST_TAILS
    assert len(world.segments(content, "t")) < 25
    assert _read(world, content)[100:] == [(number, "y") for number in range(100)]


def test_what_a_change_set_says_is_checked(tmp_path: Path) -> None:
    """Rows that do not exist, that are gone, that come twice, and tables that moved on."""
    world = Store(tmp_path)
    content = _start(world, [(n, "x") for n in range(20)], 4)
    draft = world.draft(content)
    _change(world, draft, {3: None})
    content = world.commit(draft)

    def changing(piece: int, *rows: int, base: str | None = None) -> None:
        draft = world.draft(content)
        place = {PIECE: [piece] * len(rows), ROW: list(rows), GONE: [False] * len(rows)}
        columns: dict[str, list[Any]] = place | {"n": [1] * len(rows), "s": ["y"] * len(rows)}
        draft.change("t", ObjectHash(base or draft.tables["t"]), world.rows(draft, pa.table(columns)))

    changing(0, 2)
    for piece, rows, words in (
        (99, (1,), "a segment"),
        (-1, (1,), "a segment"),
        (0, (99,), "a row"),
        (0, (3,), "a row"),
    ):
        with pytest.raises(InvalidInputError, match=f"names {words}"):
            changing(piece, *rows)
    with pytest.raises(InvalidInputError, match="twice"):
        changing(0, 1, 1)
    with pytest.raises(ConflictError, match="was changed since"):
        changing(0, 1, base="0" * 64)


def test_a_patch_that_is_damaged_is_refused() -> None:
    """Bytes that are no Arrow stream."""
    with pytest.raises(DamagedObjectError, match="cannot be read"):
        Patch.decode(b"no stream")


# --------------------------------------------------------------------------------------------------------------------
# Digests


def _with_digests(world: Store, content: Content, digest: Callable[[Item], str]) -> Content:
    """The version with other digests beside its segments."""
    draft = world.draft(content)
    root = draft.root("t")
    assert root is not None
    told = [replace(item, digest=digest(item)) for item in world.segments(content, "t")]
    draft.put("t", replace(root, tree=trees.build(told, draft.parts.pages)))
    return world.commit(draft)


def test_compacting_is_refused_where_it_would_give_other_rows(tmp_path: Path) -> None:
    """What was noted of rows when they were written is held against what is written in their place."""
    world = Store(tmp_path)
    content = _start(world, [(n, "x") for n in range(100)], 4)
    draft = world.draft(content)
    _change(world, draft, {7: (7, "y")})
    layout = world.objects.root(content.tables["t"]).schema.layout
    content = _with_digests(world, world.commit(draft), lambda _: str(Digest(layout, 1, 1)))
    draft = world.draft(content)
    with pytest.raises(InternalError, match="would not be the same ones"):
        draft.compact("t")
    assert draft.tables == content.tables


@pytest.mark.parametrize("change", [{}, {7: (7, "y")}], ids=["whole", "with a patch"])
def test_tables_from_before_there_were_digests_are_read_and_counted(tmp_path: Path, change: dict[int, Row]) -> None:
    """They have the same digest, are compacted, and bringing the same rows again changes nothing."""
    world = Store(tmp_path)
    rows: list[Row] = [(n, "x") for n in range(1500)]
    draft = world.draft(_start(world, rows, 4))
    _change(world, draft, change)
    known = world.commit(draft)
    assert world.objects.root(known.tables["t"]).tree.level == 1
    old = _with_digests(world, known, lambda _: "")
    assert old.tables != known.tables
    assert _digest(world, old) == _digest(world, known)
    draft = world.draft(old)
    draft.replace("t", world.rows(draft, _table([change.get(n, row) for n, row in enumerate(rows)])))
    assert draft.content == old
    draft.compact("t")
    assert _digest(world, world.commit(draft)) == _digest(world, known)


def test_a_small_table_from_before_there_were_digests_is_kept_by_the_same_rows(tmp_path: Path) -> None:
    """Its root has another name than one that tells them, and stays; a segment that was lost comes again."""
    world = Store(tmp_path)
    rows: list[Row] = [(n, "x") for n in range(100)]
    old = _with_digests(world, _start(world, rows, 4), lambda _: "")
    lost = world.backend.path("objects", world.segments(old, "t")[0].hash)
    lost.unlink()
    draft = world.draft(old)
    draft.replace("t", world.rows(draft, _table(rows)))
    assert world.commit(draft) == old
    assert lost.exists()
