"""A draft: the content of the next version while it is being made from a base version."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

import pyarrow as pa

from jupyter_datasets.errors import AlreadyExistsError, ConflictError, ErrorKind, InvalidInputError, NotFoundError
from jupyter_datasets.services.versions import changes, keys, reshaping
from jupyter_datasets.services.versions.keys import Violation
from jupyter_datasets.services.versions.parts import Parts
from jupyter_datasets.services.versions.rows import Rows
from jupyter_datasets.store import incoming, trees
from jupyter_datasets.store.backends import LocalBackend
from jupyter_datasets.store.canonical import hash_bytes
from jupyter_datasets.store.commits import AttachedFile, Content
from jupyter_datasets.store.objects import Objects
from jupyter_datasets.store.roots import TableRoot
from jupyter_datasets.store.schemas import Schema
from jupyter_datasets.store.segments import WRITER_ID, Written
from jupyter_datasets.store.trees import EMPTY, Item
from jupyter_datasets.values import ObjectHash, name_key, nearest


@dataclass(kw_only=True, slots=True)
class Draft:
    """Tables and files of a version in the making; changes are staged, nothing of the base is touched.

    Attributes
    ----------
    parts
        What the tables are made of.
    base
        Content to start from.
    """

    parts: Parts
    base: Content
    tables: dict[str, ObjectHash] = field(init=False)
    files: dict[str, AttachedFile] = field(init=False)
    _roots: dict[ObjectHash, bytes] = field(init=False, default_factory=dict)
    _known: dict[ObjectHash, TableRoot] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.tables = dict(self.base.tables)
        self.files = dict(self.base.files)

    @classmethod
    def start(cls, objects: Objects, backend: LocalBackend, base: Content, staging: Path) -> Self:
        """A draft that is the base as yet; new segments and files go to the staging folder."""
        return cls(parts=Parts(objects=objects, backend=backend, staging=staging), base=base)

    def beside(self, base: Content) -> Draft:
        """Another draft over the same parts, whose tables this one can load too."""
        other = Draft(parts=self.parts, base=base)
        other._known = self._known
        return other

    # ------------------------------------------------------------------------------------------------------- tables

    def root(self, table: str) -> TableRoot | None:
        """What a table is now; None when there is none of that name."""
        name = self.find(table)
        return None if name is None else self.load(self.tables[name])

    def table(self, table: str) -> tuple[str, ObjectHash, TableRoot]:
        """A table's name as the draft spells it, the hash of its root, and the root; NotFoundError without one."""
        name = self._must_find(table)
        return name, self.tables[name], self.load(self.tables[name])

    def find(self, table: str) -> str | None:
        """The name as the draft spells it; names that differ only in case are the same."""
        return next((name for name in self.tables if name_key(name) == name_key(table)), None)

    def replace(self, table: str, rows: Rows, key: tuple[str, ...] = ()) -> tuple[str, ...]:
        """Make these rows the whole content of a table; returns what was repaired, for people."""
        arrival = incoming.inspect(rows.schema)
        old = self.root(table)
        if old is not None:
            keys.check_same(old, key)
        root = empty_root(Schema.create(arrival.columns), key) if old is None else old
        schema = root.schema.replaced_by(arrival.columns)
        fresh = replace(root, schema=schema, tree=EMPTY, tails=0, writer=WRITER_ID)
        batches = incoming.conform(rows.batches(), rows.schema, arrival.columns, schema)
        self._put_whole(table, fresh, self.parts.write(fresh, batches))
        return arrival.warnings

    def append(self, table: str, rows: Rows) -> tuple[str, ...]:
        """Put rows behind those of a table, which is made when there is none."""
        old = self.root(table)
        if old is None:
            return self.replace(table, rows)
        arrival = incoming.inspect(rows.schema)
        columns = incoming.settled(arrival.columns, rows.schema, old.schema)
        root = replace(old, schema=old.schema.appended_by(columns))

        def added() -> Iterator[pa.RecordBatch]:
            return incoming.conform(rows.batches(), rows.schema, columns, root.schema)

        grown = reshaping.append(self.parts, root, added())
        self._check_added(table, grown, added())
        self.put(table, grown)
        return (*arrival.warnings, *_widened(old.schema, root.schema))

    def change(self, table: str, base: ObjectHash, rows: Rows) -> None:
        """Change rows where they are, as :mod:`jupyter_datasets.services.versions.changes` describes them.

        Raises
        ------
        ConflictError
            The table is no longer the one in which the rows were looked up.
        InvalidInputError
            The rows are not those of the table, or the result breaks its key.
        """
        name = self._must_find(table)
        root = self.load(self.tables[name])
        if self.tables[name] != base:
            raise ConflictError(
                f"Table {name!r} was changed since its rows were looked up.",
                next_step="Nothing was changed. Look them up again.",
                details={"table": name},
            )
        found = changes.read(root.schema, self.parts.pieces(self.parts.segments(root.tree)), rows)
        changed = reshaping.change(self.parts, root, found)
        self._check_added(table, changed, (rows.values.filter(pa.array(~rows.gone)) for rows in found.values()))
        self.put(name, changed)

    def compact(self, table: str) -> None:
        """Bring a table into canonical form; its rows stay as they are."""
        name = self._must_find(table)
        self.put(name, reshaping.compact(self.parts, self.load(self.tables[name])))

    def put_written(self, table: str, root: TableRoot, dropped: int, written: Written, folder: Path) -> None:
        """Set a table to its tree of now without the last ``dropped`` segments, and what a task wrote in a folder."""
        self.parts.staged |= {item.hash: folder / item.hash for item in written.segments}
        if not root.rows:
            self._put_whole(table, root, written)
            return
        tree = trees.replace_tail(root.tree, self.parts.pages, dropped, written.segments)
        schema = root.schema.with_nulls(written.nulls)
        grown = replace(root, schema=schema, k=written.k, tree=tree, tails=0, writer=WRITER_ID)
        # The task checked the rows that it wrote, and knew only the last of those before.
        self._check_whole(table, grown, written)
        self.put(table, grown)

    def _put_whole(self, table: str, root: TableRoot, written: Written) -> None:
        """Set a table to what a writer made, unless that is what its rows are already, cut otherwise."""
        tree = trees.build(written.segments, self.parts.pages)
        new = replace(root, schema=root.schema.with_nulls(written.nulls), k=written.k, tree=tree)
        self._check_whole(table, new, written)
        name = self.find(table) or table
        before = (self.tables.get(name), self.base.tables.get(name))
        same = next((root for root in before if root and self._holds(root, new)), None)
        if same is None:
            self.put(table, new)
        else:
            self.tables[name] = same

    def _holds(self, name: ObjectHash, new: TableRoot) -> bool:
        """Whether a root of another shape holds the same rows in the same order."""
        known = self.load(name)
        if known == new or known.rows != new.rows:
            return False
        same = replace(reshaping.compact(self.parts, known), schema=new.schema) == new
        return same and [replace(f, nullable=False) for f in known.schema.fields] == [
            replace(f, nullable=False) for f in new.schema.fields
        ]

    def tail(self, root: TableRoot) -> list[Item]:
        """The segments that many rows behind them cut anew."""
        return reshaping.tail(self.parts, root)

    def put(self, table: str, root: TableRoot) -> None:
        """Set a table to a root over parts that exist or that this draft made."""
        text = root.encode()
        name = hash_bytes(text)
        self._roots[name], self._known[name] = text, root
        self.tables[self.find(table) or table] = name

    def drop(self, table: str) -> None:
        """Remove a table from the version."""
        del self.tables[self._must_find(table)]

    def rename(self, table: str, name: str) -> None:
        """Call a table otherwise."""
        old = self._must_find(table)
        taken = self.find(name)
        if taken is not None and taken != old:
            raise AlreadyExistsError(
                f"There is a table {taken!r} already.",
                kind=ErrorKind.TABLE_EXISTS,
                next_step="Choose another name, or drop that table first.",
                details={"table": name},
            )
        self.tables[name] = self.tables.pop(old)

    # -------------------------------------------------------------------------------------------------------- files

    def attach(self, name: str, file: AttachedFile, staged: Path) -> None:
        """Keep a file, which lies staged, in the version."""
        self.files[name] = file
        self.parts.staged[file.hash] = staged

    def detach(self, name: str) -> None:
        """Remove a file from the version."""
        if name not in self.files:
            hints = nearest(name, self.files)
            raise NotFoundError(
                f"There is no file {name!r}.",
                kind=ErrorKind.FILE_NOT_FOUND,
                next_step=f"Did you mean {hints[0]!r}?" if hints else "There are no files of such a name.",
                details={"file": name, "suggestions": hints},
            )
        del self.files[name]

    # ------------------------------------------------------------------------------------------------------- result

    @property
    def content(self) -> Content:
        """Tables and files as they are now."""
        return Content(tables=self.tables, files=self.files)

    def new_texts(self) -> dict[ObjectHash, bytes]:
        """Roots, pages and patches that this draft made and still uses."""
        texts: dict[ObjectHash, bytes] = {}
        for name in self.tables.values():
            if name in self._roots:
                texts[name] = self._roots[name]
                texts |= self.parts.new_texts(self.load(name).tree)
        return texts

    def new_files(self) -> list[tuple[Path, ObjectHash]]:
        """Staged segments and files that the content uses."""
        used = {f.hash for f in self.files.values()}
        for name in self.tables.values():
            if name in self._roots:
                used |= {item.hash for item in self.parts.new_segments(self.load(name).tree)}
        return [(path, name) for name, path in self.parts.staged.items() if name in used]

    # ------------------------------------------------------------------------------------------------------ helpers

    def _check_whole(self, table: str, root: TableRoot, written: Written) -> None:
        key = keys.key_fields(root)
        pieces = self.parts.pieces(self.parts.segments(root.tree)) if key else []
        _refuse(table, keys.violation(root.schema, key, written.nulls, pieces))

    def _check_added(self, table: str, root: TableRoot, rows: Iterable[pa.RecordBatch]) -> None:
        """Check the key of rows, in transfer form, that were added to a table which kept it so far."""
        if key := keys.key_fields(root):
            pieces = self.parts.pieces(self.parts.segments(root.tree))
            _refuse(table, keys.clash(root.schema, key, rows, pieces))

    def _must_find(self, table: str) -> str:
        found = self.find(table)
        if found is None:
            hints = nearest(table, self.tables)
            raise NotFoundError(
                f"There is no table {table!r}.",
                kind=ErrorKind.TABLE_NOT_FOUND,
                next_step=f"Did you mean {hints[0]!r}?" if hints else f"Tables: {', '.join(self.tables) or 'none'}.",
                details={"table": table, "suggestions": hints},
            )
        return found

    def load(self, name: ObjectHash) -> TableRoot:
        """A table root by its hash: one of the store, or one that this draft made."""
        if name not in self._known:
            self._known[name] = self.parts.objects.root(name)
        return self._known[name]


def _widened(old: Schema, new: Schema) -> Iterator[str]:
    for before, after in zip(old.fields, new.fields, strict=True):
        if before.type != after.type:
            yield f"Column {after.name!r} was {before.type}; it is {after.type} now, for the new rows' sake."


def _refuse(table: str, broken: Violation | None) -> None:
    if broken:
        raise InvalidInputError(
            f"Table {table!r} cannot have these rows: {broken.reason}.",
            kind=ErrorKind.KEY_VIOLATION,
            next_step="Mend the rows, or put them into a table without a key.",
            details={"table": table, "column": broken.column},
        )


def empty_root(schema: Schema, key: tuple[str, ...] = ()) -> TableRoot:
    """A new table without rows: cut by its key, else by all its columns."""
    ids = tuple(schema.field(name).id for name in key)
    if len(set(ids)) != len(key):
        raise InvalidInputError("The key names a column twice.", details={"key": list(key)})
    return TableRoot(schema=schema, key=ids, cut=ids or tuple(f.id for f in schema.fields), writer=WRITER_ID)
