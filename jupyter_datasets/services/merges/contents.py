"""Tables and files merged three ways: where only one side changed something its state counts, else rows are merged."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import pyarrow as pa

from jupyter_datasets.errors import InvalidInputError
from jupyter_datasets.services.merges import reading, rows, rules
from jupyter_datasets.services.merges.columns import Columns, Line, Side, fits
from jupyter_datasets.services.merges.models import Conflict, ConflictKind, Resolution
from jupyter_datasets.services.merges.reading import View, Wanted
from jupyter_datasets.services.merges.sides import Differing, Merged, Table
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
from jupyter_datasets.values import ObjectHash, name_key

MOST_CONFLICTS = 1000
_NOWHERE = Piece(path=None, rows=0)


@dataclass(kw_only=True, slots=True)
class Merging:
    """A draft of ours, to which is done what theirs did since the base.

    Attributes
    ----------
    skip
        How many of the conflicts to pass over before the first that is told.
    conflicts, count
        What nothing settles: up to 1,000 of them, and how many there are.
    problems
        What stands against the merge besides, one a table.
    warnings
        For people.
    common
        What there was where the lines of the base and a side were one; None when nobody can tell.
    """

    draft: Draft
    base: Content
    theirs: Content
    theirs_is_newer: bool
    resolutions: Sequence[Resolution]
    common: Callable[[Side], Content | None]
    skip: int = 0
    conflicts: list[Conflict] = field(init=False, default_factory=list)
    problems: list[InvalidInputError] = field(init=False, default_factory=list)
    warnings: list[str] = field(init=False, default_factory=list)
    count: int = field(init=False, default=0)

    def merge(self) -> None:
        """Change the draft; it is of no use where conflicts or problems are left."""
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
            own, other = (None if root is None else _told(self.draft.load(root)) for root in (ours, theirs))
            self._settle("table", name, own, other)
        else:
            self._try_to_merge(name, base, ours, theirs)

    def _try_to_merge(self, name: str, base: ObjectHash, ours: ObjectHash, theirs: ObjectHash) -> None:
        """Merge a table, which stays as ours has it where something else than a conflict stands against it."""
        load = self.draft.load
        try:
            self._merge_tables(name, load(base), load(ours), load(theirs))
        except InvalidInputError as error:
            self.draft.tables[name] = ours
            self.problems.append(error)

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
            own, other = (None if file is None else f"{file.bytes:,} bytes" for file in (ours, theirs))
            self._settle("file", name, own, other)

    def _take_file(self, name: str) -> None:
        if name in self.theirs.files:
            self.draft.files[name] = self.theirs.files[name]
        else:
            self.draft.files.pop(name, None)

    def _settle(self, kind: ConflictKind, name: str, ours: str | None, theirs: str | None) -> None:
        """Take one side's table or file as a whole, if something says which."""
        side = self._side(name)
        if side is None:
            self._add(Conflict(kind=kind, name=name, ours=ours, theirs=theirs))
        elif side == "theirs":
            (self._take_table if kind == "table" else self._take_file)(name)

    def _side(self, name: str, columns: frozenset[str] = frozenset()) -> Side | None:
        """The side that the answers choose for a table or file, or for a column by any of its names."""
        newest: Side = "theirs" if self.theirs_is_newer else "ours"
        sides: dict[str, Side] = {"ours": "ours", "theirs": "theirs", "newest": newest}
        fitting = [r for r in self._of(name) if r.key is None and (not r.column or name_key(r.column) in columns)]
        return next((sides[r.take] for r in reversed(fitting) if r.take in sides), None)

    def _of(self, name: str) -> list[Resolution]:
        return [r for r in self.resolutions if r.table is None or name_key(r.table) == name_key(name)]

    def _add(self, conflict: Conflict) -> None:
        if self.count >= self.skip and len(self.conflicts) < MOST_CONFLICTS:
            self.conflicts.append(conflict)
        self.count += 1

    def _merge_tables(
        self, name: str, base: TableRoot, ours: TableRoot, theirs: TableRoot, *, again: bool = False
    ) -> None:
        columns = Columns(
            table=name,
            base=base.schema,
            ours=ours.schema,
            theirs=theirs.schema,
            settle=lambda line: self._side(name, line.names),
            touched=lambda line, in_all: self._is_touched(name, line, in_all, base, ours, theirs),
            used=lambda line: _new_use(line, base, ours, theirs),
            exact=lambda line, kind: self._is_exact(name, line, kind, (base, ours, theirs)),
            common=lambda side: self._common_schema(name, side),
        )
        schema, lines = columns.merge()
        for conflict in columns.conflicts:
            self._add(conflict)
        if columns.conflicts:
            return
        root = None if columns.clashes else rules.merged(base, ours, theirs, schema, lines)
        if root is not None and not _key(root, base, lines) and _restores(base, lines):
            if _did_nothing_else(base, ours, lines):
                self._take_table(name)
                return
            root = None  # rows could only be found again by values, of which ours lack some
            self._say_whole(name)
        pairs = zip(lines, schema.fields, strict=True)
        retyped = {line.ours.id: f for line, f in pairs if line.ours and not fits(line.ours, f)}
        if root is None or (retyped and again):
            self._settle("table", name, _told(ours), _told(theirs))
        elif retyped:
            self._retype(name, ours, retyped)
            self._merge_tables(name, base, self.draft.load(self.draft.tables[name]), theirs, again=True)
        else:
            self._merge_rows(name, base, ours, theirs, root, lines)

    def _say_whole(self, name: str) -> None:
        if side := self._side(name):
            self.warnings.append(
                f"Table {name!r} has no key, by which to fill a column that comes back: all of it is as {side} had it."
            )

    def _retype(self, name: str, ours: TableRoot, fields: Mapping[int, Field]) -> None:
        """Write ours anew with the types that some of its columns are to have."""
        types = tuple(fields[f.id].type if f.id in fields else f.type for f in ours.schema.fields)
        found = rows.retyped(name, Wanted(view=View(fields=ours.schema, types=types), pieces=self._all(ours.tree)))
        self.draft.replace(name, self._rows(found))

    def _is_touched(
        self, name: str, line: Line, in_all: Sequence[Line], base: TableRoot, ours: TableRoot, theirs: TableRoot
    ) -> bool:
        """Whether a side changed values of a column that the other one dropped.

        Its rows are found again by the key, or without one by the columns that nobody dropped.
        """
        side, known = (ours, line.ours) if line.ours else (theirs, line.theirs)
        if line.base is None or known is None:
            return False
        old_key, new_key = keys.key_fields(base), keys.key_fields(side)
        has_key = bool(old_key) and [f.id for f in old_key] == [f.id for f in new_key]
        if has_key and line.base in old_key:
            return True
        same = list(zip(old_key, new_key, strict=True)) if has_key else _comparable(in_all, side is ours)
        old, new = self._differing(base.tree, side.tree)
        before = Wanted(view=View.of([*(one for one, _ in same), line.base]), pieces=old)
        after = Wanted(view=View.of([*(other for _, other in same), known]), pieces=new)
        return (rows.is_touched if has_key else rows.is_touched_by_value)(name, before, after)

    def _is_exact(self, name: str, line: Line, kind: str, roots: Sequence[TableRoot]) -> bool:
        sides = zip((line.base, line.ours, line.theirs), roots, strict=True)
        return rows.is_exact(
            name,
            [
                Wanted(view=View(fields=Schema(fields=(own,)), types=(kind,)), pieces=self._all(root.tree))
                for own, root in sides
                if own and not logical.widens_to(own.type, kind)
            ],
        )

    def _common_schema(self, name: str, side: Side) -> Schema | None:
        content = self.common(side)
        root = content and content.tables.get(name)
        return self.draft.load(root).schema if root else None

    def _merge_rows(
        self, name: str, base: TableRoot, ours: TableRoot, theirs: TableRoot, root: TableRoot, lines: Sequence[Line]
    ) -> None:
        views = reading.views(root.schema, lines)
        restores, key = _restores(base, lines), _key(root, base, lines)
        merged = rows.merge(
            Table(
                name=name,
                schema=root.schema,
                key=key,
                base=views[0],
                ours=views[1],
                theirs=views[2],
                base_to_ours=self._differing(base.tree, ours.tree),
                base_to_theirs=(
                    (self._all(base.tree), self._all(theirs.tree))
                    if restores
                    else self._differing(base.tree, theirs.tree)
                ),
                near=self._all(ours.tree) if restores else self._near(base.tree, ours.tree, theirs.tree),
                theirs_is_newer=self.theirs_is_newer,
                resolutions=self._of(name),
                skip=max(self.skip - self.count, 0),
                room=MOST_CONFLICTS - len(self.conflicts),
            )
        )
        self.conflicts += merged.conflicts
        self.count += merged.count
        if merged.doubtful:
            self.warnings.append(_doubt(name, merged.doubtful, "changed or removed"))
        if merged.doubled:
            self.warnings.append(_doubt(name, merged.doubled, "added"))
        if not self.count:
            self._do(name, ours, root, merged, keeps_keys=bool(key))

    def _do(self, name: str, ours: TableRoot, root: TableRoot, merged: Merged, *, keeps_keys: bool) -> None:
        self.draft.put(name, root)
        if merged.rows.num_rows:
            self.draft.change(name, self.draft.tables[name], self._rows(merged.rows), keeps_keys=keeps_keys)
        if merged.inserts.num_rows:
            self.draft.append(name, self._rows(merged.inserts))
        if not _same_rules(ours, root):
            self.draft.verify(name)

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

    def _differing(self, old: Tree, new: Tree) -> Differing:
        gone, come = trees.differing(old, new, self.draft.parts.pages)
        return narrowed(self.draft.parts.pieces(gone), self.draft.parts.pieces(come))

    def _all(self, tree: Tree) -> list[Piece]:
        return self.draft.parts.pieces(self.draft.parts.segments(tree))


def _doubt(table: str, rows: int, done: str) -> str:
    many = f"{rows} of its rows were" if rows > 1 else "a row was"
    return f"Table {table!r} has no key: {many} {done} on both sides, and may be there twice now."


def _key(root: TableRoot, base: TableRoot, lines: Sequence[Line]) -> Sequence[Field]:
    """The key of the merged table if the base had it too, else none."""
    known = {line.base.id: f for line, f in zip(lines, root.schema.fields, strict=True) if line.base}
    key = keys.key_fields(root)
    return key if key == [known.get(i) for i in base.key] else []


def _new_use(line: Line, base: TableRoot, ours: TableRoot, theirs: TableRoot) -> str | None:
    """What names a column that one side dropped among the rules that the other added."""
    if line.ours:
        return rules.new_use(base, ours, line.ours)
    return rules.new_use(base, theirs, line.theirs) if line.theirs else None


def _restores(base: TableRoot, lines: Sequence[Line]) -> bool:
    return any(_comes_back(line, base.schema) for line in lines)


def _comparable(in_all: Sequence[Line], in_ours: bool) -> list[tuple[Field, Field]]:
    """The fields of the base with those of a side, where both hold the same values in the same way."""
    pairs = ((line.base, line.ours if in_ours else line.theirs) for line in in_all)
    return [(old, new) for old, new in pairs if old and new and fits(old, new)]


def _did_nothing_else(base: TableRoot, ours: TableRoot, lines: Sequence[Line]) -> bool:
    """Whether ours is the base without columns that come back."""
    back = {line.base.id for line in lines if line.base and not line.ours}
    left = tuple(f for f in base.schema.fields if f.id not in back)
    return ours == replace(base, schema=replace(base.schema, fields=left))


def _told(root: TableRoot) -> str:
    """The columns and the key of a table, for people."""
    key = keys.key_fields(root)
    columns = ", ".join(f"{f.name} {f.type}" for f in root.schema.fields)
    return f"{columns}; key {', '.join(f.name for f in key)}" if key else f"{columns}; no key"


def _comes_back(line: Line, base: Schema) -> bool:
    """Whether ours lacks a column that theirs has from before the base: any row of theirs may hold a value then."""
    theirs = None if line.ours else line.theirs
    return theirs is not None and (line.base is not None or theirs.id < base.next_id)


def _same_rules(old: TableRoot, new: TableRoot) -> bool:
    """Whether rows that keep what a table was declared to be keep what it is declared to be now."""
    known = {f.id: (f.type, f.required) for f in old.schema.fields}
    fields = [f for f in new.schema.fields if f.required or new.checks]
    same = all(known.get(f.id) == (f.type, f.required) for f in fields)
    return same and (old.key, old.unique, old.checks) == (new.key, new.unique, new.checks)
