"""Digests: equal for the same rows, whatever their order and wherever they lie, and for no others."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jupyter_datasets.errors import DamagedObjectError
from jupyter_datasets.services.versions.digests import Digests
from jupyter_datasets.store import patches, trees
from jupyter_datasets.store.digests import Digest
from jupyter_datasets.store.patches import Piece
from jupyter_datasets.store.recounting import Recount, of_file
from jupyter_datasets.store.schemas import Column, Schema
from jupyter_datasets.store.trees import Item, Tree
from jupyter_datasets.values import ObjectHash
from tests.store.test_segments import KNOWN, PLAIN, WAYS, known_tables
from tests.store.tree_samples import Shelf, item
from tests.store.type_samples import HUGE, SAMPLES, World
from tests.store.worlds import Made, split, write, write_batches

Row = tuple[bool | None, int | None, int | None]


def _digest(made: Made) -> str:
    return Tree(0, made.items).digest


def _table(rows: list[Row]) -> pa.Table:
    kinds = {"b": pa.bool_(), "x": pa.int32(), "y": pa.int32()}
    return pa.table({name: pa.array([r[i] for r in rows], kind) for i, (name, kind) in enumerate(kinds.items())})


_CELLS = st.none() | st.integers(0, 3)
_ROWS = st.lists(st.tuples(st.none() | st.booleans(), _CELLS, _CELLS), min_size=1, max_size=120)
_slow = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@_slow
@given(_ROWS, st.integers(0, 2**32), st.sampled_from([0, 4, 5]), st.integers(1, 50))
def test_order_and_cuts_make_no_difference(tmp_path: Path, rows: list[Row], seed: int, k: int, size: int) -> None:
    """The same rows in another order, in other segments, cut by other columns, from other batches."""
    shuffled = random.Random(seed).sample(rows, len(rows))
    made = write(_table(rows), tmp_path)
    batches = split(_table(shuffled), [size])
    assert _digest(write_batches(batches, made.schema, tmp_path, k=k, cut=["x"])) == _digest(made)


@_slow
@given(_ROWS, st.data())
def test_other_rows_have_another_digest(tmp_path: Path, rows: list[Row], data: st.DataObject) -> None:
    """One boolean turned round, two cells of a row changed over, two of a column, a row twice or none."""
    at, other = (data.draw(st.integers(0, len(rows) - 1)) for _ in range(2))
    (b, x, y), (c, *rest) = rows[at], rows[other]
    changes: list[dict[int, list[Row]]] = [
        {at: [(not b, x, y)]},
        {at: [(b, y, x)]},
        {at: [(c, x, y)], other: [(b, *rest)]} if at != other else {},
        {at: [rows[at], rows[at]]},
        {at: [rows[at]] * 3},
        {at: []},
    ]
    expected = _digest(write(_table(rows), tmp_path))
    for change in changes:
        changed = [row for n, old in enumerate(rows) for row in change.get(n, [old])]
        same = sorted(map(str, changed)) == sorted(map(str, rows))
        assert (_digest(write(_table(changed), tmp_path)) == expected) is same


def test_columns_that_exchange_their_values_have_another_digest(tmp_path: Path) -> None:
    """Equal values of other fields, or of another type, are other rows; another name of a field changes nothing."""
    rows = pa.table({"x": [1, 2, 3], "y": [4, 5, 6]})
    made = write(rows, tmp_path)
    assert _digest(write(pa.table({"x": rows["y"], "y": rows["x"]}), tmp_path)) != _digest(made)
    assert _digest(write(rows.rename_columns(["p", "q"]), tmp_path)) == _digest(made)
    other = Schema(fields=tuple(replace(f, id=f.id + 2) for f in made.schema.fields), next_id=5)
    assert _digest(write_batches(split(rows, [3]), other, tmp_path)) != _digest(made)
    decimal = pa.table({"x": rows["x"].cast(pa.decimal128(19, 0)), "y": rows["y"]})
    assert _digest(write(decimal, tmp_path)) != _digest(made)


def test_sums_in_two_lanes_tell_what_one_cannot() -> None:
    """Each lane depends on its own on all bits of each hash, on the layout, and on how often a row comes."""
    hashes = np.random.default_rng(3).integers(0, 2**64, 500, dtype=np.uint64)
    whole = Digest.of(hashes, 7)
    for bit in range(64):
        other = hashes.copy()
        other[17] ^= np.uint64(1 << bit)
        assert (Digest.of(other, 7).first == whole.first, Digest.of(other, 7).second == whole.second) == (False, False)
    assert Digest.of(hashes, 8).first != whole.first != Digest.of(np.append(hashes, hashes[:1]), 7).first
    assert Digest.of(hashes[:200], 7) + Digest.of(hashes[200:], 7) == whole
    assert whole - Digest.of(hashes[200:], 7) == Digest.of(hashes[:200], 7)
    assert Digest.parse(str(whole)) == whole
    assert str(Digest(1)) == f"{1:016x}{0:032x}"


@pytest.mark.parametrize("way", WAYS)
def test_the_layout_of_arrow_does_not_count(tmp_path: Path, way: str) -> None:
    """Values that a null hides, dictionaries and views are no part of it."""
    assert _digest(write(WAYS[way](), tmp_path)) == _digest(write(PLAIN, tmp_path))


def test_known_digests(tmp_path: Path) -> None:
    """Digests are those of the day when they were noted; should DuckDB hash otherwise, the chunker needs a new id."""
    known = json.loads(KNOWN.read_text())["digests"]
    assert {name: _digest(write(rows, tmp_path)) for name, rows in known_tables().items()} == known


# --------------------------------------------------------------------------------------------------------------------
# Counting again


@pytest.mark.parametrize("logical", [*SAMPLES, "HUGEINT as text"])
def test_files_and_patches_count_as_their_writer_did(tmp_path: Path, logical: str) -> None:
    """For values of every type: by a file's own columns, by the table's, and from a patch."""
    as_text = logical == "HUGEINT as text"
    kind = "HUGEINT" if as_text else logical
    source = World(tmp_path, kind, HUGE if as_text else SAMPLES[kind], as_text=as_text)
    schema = Schema.create([Column(name="i", type="INTEGER"), Column(name="x", type=kind, as_text=as_text)])
    rows = source.transfer()
    made = write_batches(split(rows, [rows.num_rows]), schema, tmp_path)
    inline = patches.inline(schema, rows.combine_chunks().to_batches()[0])
    recount = Recount(schema)
    (path,) = made.paths
    assert str(of_file(path)) == _digest(made)
    assert str(recount.piece(Piece(path=path, rows=rows.num_rows))) == _digest(made)
    assert str(recount.piece(Piece(path=None, rows=rows.num_rows, patch=inline))) == _digest(made)


def test_a_file_of_other_columns_counts_as_rows_of_todays(tmp_path: Path) -> None:
    """Its own digest is another one; read as the table's columns it is that of the same rows written today."""
    made = write(pa.table({"x": pa.array([1, 2, 3], pa.int32())}), tmp_path)
    (x,) = made.schema.fields
    fields = (replace(x, type="BIGINT"), replace(x, id=2, name="y", birth="y", type="VARCHAR", default="d"))
    grown = replace(made.schema, fields=fields, next_id=3)
    today = write(pa.table({"x": [1, 2, 3], "y": ["d"] * 3}), tmp_path, schema=grown)
    (piece,) = made.pieces
    assert _digest(made) != _digest(today)
    assert str(Recount(grown).piece(piece, _digest(made))) == _digest(today)


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    """What cannot be read is refused as damaged, by its name."""
    broken = tmp_path / "ab" / "cd"
    broken.parent.mkdir()
    broken.write_bytes(b"no Parquet")
    with pytest.raises(DamagedObjectError, match="abcd"):
        of_file(str(broken))
    with pytest.raises(DamagedObjectError, match="abcd"):
        Recount(Schema.create([Column(name="n", type="BIGINT")])).piece(Piece(path=str(broken), rows=1))


# --------------------------------------------------------------------------------------------------------------------
# In trees


def _counted(number: int, layout: int = 1) -> Item:
    return replace(item(number, ends=number % 9 == 0), digest=str(Digest(layout, number, 2**64 - number)))


def test_pages_add_up() -> None:
    """Every page and the tree tell the digest of all rows below them."""
    shelf = Shelf()
    tree = shelf.build(_counted(n) for n in range(2000))
    total = Digest(1, sum(range(2000)), -sum(range(2000)) % 2**64)
    assert tree.level == 2
    assert tree.digest == str(total)
    assert all(i.digest for level in shelf.levels(tree)[:-1] for page in level for i in page)


PATCH = ObjectHash("f" * 64)
UNTOLD: dict[str, Callable[[Item], Item]] = {
    "a patch": lambda old: replace(old, patch=PATCH),
    "no digest": lambda old: replace(old, digest=""),
    "another layout": lambda old: replace(old, digest=str(Digest(2, 5, 5))),
}


@pytest.mark.parametrize("why", UNTOLD)
def test_pages_tell_no_digest_that_nobody_counted(why: str) -> None:
    """Where one segment has a patch, another layout or no digest, the pages over it tell none; others do."""
    shelf = Shelf()
    segments = [_counted(n) for n in range(2000)]
    segments[1000] = UNTOLD[why](segments[1000])
    tree = shelf.build(segments)
    assert tree.digest == ""
    for level in range(tree.level):
        assert [i.digest == "" for page in shelf.levels(tree)[level] for i in page].count(True) <= 1
    assert [i.digest == "" for i in tree.items].count(True) == 1


def test_only_what_no_page_tells_is_looked_at() -> None:
    """The pages over a segment without a digest are read, and that segment; all else is added up."""
    shelf = Shelf()
    schema = Schema.create([Column(name="n", type="BIGINT")])
    segments = [_counted(n, schema.layout) for n in range(2000)]
    segments[1000] = replace(segments[1000], patch=PATCH)
    tree = shelf.build(segments)
    asked: list[Item] = []

    def pieces(items: Sequence[Item]) -> list[Piece]:
        asked.extend(items)
        return [Piece(path=None, rows=0)] * len(items)

    numbers = sum(range(2000)) - 1000
    assert Digests(schema, shelf.pages(), pieces).of(tree) == Digest(schema.layout, numbers, -numbers % 2**64)
    assert asked == [segments[1000]]
    assert len(shelf.read) == tree.level


def test_lines_of_pages_are_read_from_before_and_after_there_were_digests() -> None:
    """An item is the same whether it tells its digest or not, and so are trees over such."""
    old = item(3, ends=False)
    for told in (old, replace(old, patch=PATCH), _counted(3), replace(_counted(3), patch=PATCH)):
        (read,) = trees.items_from_json([told.to_json()])
        assert (read, read.digest) == (told, told.digest)
    assert _counted(3) == old
    assert len(old.to_json()) == 3
    shelf = Shelf()
    plain, telling = shelf.build(item(n, ends=n % 9 == 0) for n in range(500)), shelf.pages()
    tree = trees.build((_counted(n) for n in range(500)), telling)
    shelf.texts |= telling.made
    assert trees.differing(plain, tree, shelf.pages()) == ([], [])
