"""Tables and files merged three ways: where only one side changed something its state counts, else rows are merged."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import pyarrow as pa

from jupyter_datasets.services.merges import rows
from jupyter_datasets.services.merges.models import Conflict, ConflictKind, Resolution
from jupyter_datasets.services.versions import keys
from jupyter_datasets.services.versions.drafts import Draft
from jupyter_datasets.services.versions.rows import Rows
from jupyter_datasets.services.versions.scans import narrowed
from jupyter_datasets.store import logical, trees
from jupyter_datasets.store.commits import Content
from jupyter_datasets.store.patches import Piece
from jupyter_datasets.store.roots import TableRoot
from jupyter_datasets.store.schemas import Field, Schema
from jupyter_datasets.store.trees import Item, Tree
from jupyter_datasets.values import name_key

MOST_CONFLICTS = rows.MOST_CONFLICTS
_NOWHERE = Piece(path=None, rows=0)


@dataclass(kw_only=True, slots=True)
class Merging:
    """A draft of ours, to which is done what theirs did since the base.

    Attributes
    ----------
    conflicts, count
        What nothing settles: the first of them, and how many there are.
    warnings
        For people.
    """

    draft: Draft
    base: Content
    theirs: Content
    theirs_is_newer: bool
    resolutions: Sequence[Resolution]
    conflicts: list[Conflict] = field(init=False, default_factory=list)
    warnings: list[str] = field(init=False, default_factory=list)
    count: int = field(init=False, default=0)

    def merge(self) -> None:
        """Change the draft; it is of no use where conflicts are left."""
        for name in dict.fromkeys((*self.base.tables, *self.theirs.tables)):
            self._table(name)
        for name in dict.fromkeys((*self.base.files, *self.theirs.files)):
            self._file(name)

    # ------------------------------------------------------------------------------------------------------ helpers

    def _table(self, name: str) -> None:
        base, ours, theirs = self.base.tables.get(name), self.draft.tables.get(name), self.theirs.tables.get(name)
        if theirs in (base, ours):
            return
        if ours == base:
            self._take_table(name)
        elif base is None or ours is None or theirs is None:
            self._settle("table", name, ours, theirs)
        else:
            load = self.draft.load
            self._merge_rows(name, load(base), load(ours), load(theirs))

    def _take_table(self, name: str) -> None:
        if name in self.theirs.tables:
            self.draft.tables[name] = self.theirs.tables[name]
        else:
            self.draft.tables.pop(name, None)

    def _file(self, name: str) -> None:
        base, ours, theirs = self.base.files.get(name), self.draft.files.get(name), self.theirs.files.get(name)
        if theirs in (base, ours):
            return
        if ours == base:
            self._take_file(name)
        else:
            own, other = (None if file is None else file.hash for file in (ours, theirs))
            self._settle("file", name, own, other)

    def _take_file(self, name: str) -> None:
        if name in self.theirs.files:
            self.draft.files[name] = self.theirs.files[name]
        else:
            self.draft.files.pop(name, None)

    def _settle(self, kind: ConflictKind, name: str, ours: str | None, theirs: str | None) -> None:
        """Take one side's table or file as a whole, if something says which."""
        take = self._taken(name)
        if take is None:
            self._add([Conflict(kind=kind, name=name, ours=ours, theirs=theirs)], 1)
        elif take == "theirs":
            (self._take_table if kind == "table" else self._take_file)(name)

    def _taken(self, name: str) -> str | None:
        fitting = [r.take for r in self._of(name) if r.column is None and r.key is None]
        newest = "theirs" if self.theirs_is_newer else "ours"
        sides = [newest if take == "newest" else take for take in fitting if take in ("ours", "theirs", "newest")]
        return sides[-1] if sides else None

    def _of(self, name: str) -> list[Resolution]:
        return [r for r in self.resolutions if r.table is None or name_key(r.table) == name_key(name)]

    def _add(self, conflicts: Iterable[Conflict], count: int) -> None:
        self.conflicts += conflicts
        self.count += count

    def _merge_rows(self, name: str, base: TableRoot, ours: TableRoot, theirs: TableRoot) -> None:
        schema = _schema(base.schema, ours.schema, theirs.schema)
        if schema is None:
            self._settle("table", name, "other columns", "other columns")
            return
        root = replace(ours, schema=schema)
        merged = rows.merge(
            rows.Table(
                name=name,
                schema=schema,
                key=keys.key_fields(root),
                base_to_ours=self._differing(base.tree, ours.tree),
                base_to_theirs=self._differing(base.tree, theirs.tree),
                ours=self._near(base.tree, ours.tree, theirs.tree),
                theirs_is_newer=self.theirs_is_newer,
                resolutions=self._of(name),
            )
        )
        self._add(merged.conflicts, merged.count)
        if merged.doubtful:
            self.warnings.append(_doubt(name, merged.doubtful))
        if not self.count:
            self.draft.put(name, root)
            self._do(name, merged)

    def _do(self, name: str, merged: rows.Merged) -> None:
        if merged.rows.num_rows:
            self.draft.change(name, self.draft.tables[name], self._rows(merged.rows))
        if merged.inserts.num_rows:
            self.draft.append(name, self._rows(merged.inserts))

    def _rows(self, table: pa.Table) -> Rows:
        return Rows(table.schema, table.to_batches(), self.draft.parts.staging)

    def _near(self, base: Tree, ours: Tree, theirs: Tree) -> list[Piece]:
        """The pieces of ours in their places, but empty where no row can be that theirs changed.

        What theirs changed was in the base: ours has it in the same segment under the same number, or in a segment
        that the base lacks.
        """
        parts = self.draft.parts
        gone, come = trees.differing(base, theirs, parts.pages)
        touched = narrowed(parts.pieces(gone), parts.pieces(come))[0]
        wanted = {item.hash: piece.only for item, piece in zip(gone, touched, strict=True)}
        old = {item.hash for item in parts.segments(base)}
        items = parts.segments(ours)

        def near(item: Item, piece: Piece) -> Piece:
            if item.hash in wanted:
                return replace(piece, only=wanted[item.hash])
            return _NOWHERE if item.hash in old else piece

        return [near(item, piece) for item, piece in zip(items, parts.pieces(items), strict=True)]

    def _differing(self, old: Tree, new: Tree) -> rows.Differing:
        gone, come = trees.differing(old, new, self.draft.parts.pages)
        return self.draft.parts.pieces(gone), self.draft.parts.pieces(come)


def _doubt(table: str, rows: int) -> str:
    many = f"{rows} of its rows were" if rows > 1 else "a row was"
    return f"Table {table!r} has no key: {many} changed or removed on both sides, and may be there twice now."


def _schema(base: Schema, ours: Schema, theirs: Schema) -> Schema | None:
    """The schema of the merged table; None when both sides changed theirs, or one so that old rows do not fit."""
    kinds = [_kinds(schema) for schema in (base, ours, theirs)]
    changed = theirs if kinds[0] == kinds[1] else ours if kinds[0] == kinds[2] or kinds[1] == kinds[2] else None
    if changed is None or not all(_fits(schema, changed) for schema in (base, ours, theirs)):
        return None
    nullable = {f.id for schema in (base, ours, theirs) for f in schema.fields if f.nullable}
    return changed.with_nulls(frozenset(nullable))


def _kinds(schema: Schema) -> list[Field]:
    return [replace(f, nullable=False) for f in schema.fields]


def _fits(old: Schema, new: Schema) -> bool:
    """Whether rows of the old schema can be read by the new one."""
    types = {f.id: f for f in old.fields}
    return all(
        f.id not in types
        or (types[f.id].type == f.type and types[f.id].as_text == f.as_text)
        or logical.widens_to(types[f.id].type, f.type)
        for f in new.fields
    )
