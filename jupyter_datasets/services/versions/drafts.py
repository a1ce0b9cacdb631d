"""A draft: the content of the next version while it is being made from a base version."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path

import pyarrow as pa

from jupyter_datasets.errors import AlreadyExistsError, ErrorKind, InvalidInputError, NotFoundError
from jupyter_datasets.services.versions import keys
from jupyter_datasets.services.versions.rows import Rows
from jupyter_datasets.store import incoming, trees
from jupyter_datasets.store.backends import LocalBackend
from jupyter_datasets.store.canonical import hash_bytes
from jupyter_datasets.store.commits import AttachedFile, Content
from jupyter_datasets.store.objects import Objects
from jupyter_datasets.store.reading import OrderedReader
from jupyter_datasets.store.roots import TableRoot
from jupyter_datasets.store.schemas import Schema
from jupyter_datasets.store.segments import WRITER_ID, SegmentWriter, Written
from jupyter_datasets.store.trees import Item, Pages, Tree
from jupyter_datasets.values import ObjectHash, name_key, nearest


@dataclass(kw_only=True, slots=True)
class Draft:
    """Tables and files of a version in the making; changes are staged, nothing of the base is touched.

    Attributes
    ----------
    base
        Content to start from.
    staging
        Folder that holds new segments and files under their hashes.
    """

    objects: Objects
    backend: LocalBackend
    base: Content
    staging: Path
    tables: dict[str, ObjectHash] = field(init=False)
    files: dict[str, AttachedFile] = field(init=False)
    staged: dict[ObjectHash, Path] = field(init=False, default_factory=dict)
    _roots: dict[ObjectHash, bytes] = field(init=False, default_factory=dict)
    _known: dict[ObjectHash, TableRoot] = field(init=False, default_factory=dict)
    _pages: Pages = field(init=False)

    def __post_init__(self) -> None:
        self.tables = dict(self.base.tables)
        self.files = dict(self.base.files)
        self._pages = Pages(self.objects.load)

    # ------------------------------------------------------------------------------------------------------- tables

    def root(self, table: str) -> TableRoot | None:
        """What a table is now; None when there is none of that name."""
        name = self.find(table)
        return None if name is None else self._load(self.tables[name])

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
        root = replace(root, schema=root.schema.replaced_by(arrival.columns), writer=WRITER_ID)
        batches = incoming.conform(rows.batches(), rows.schema, arrival.columns, root.schema)
        written = self._write(root, batches)
        tree = trees.build(written.segments, self._pages)
        self._check_key(table, root, tree, written)
        self.put(table, root, tree, written)
        return arrival.warnings

    def append(self, table: str, rows: Rows) -> tuple[str, ...]:
        """Put rows behind those of a table, which is made when there is none."""
        old = self.root(table)
        if old is None:
            return self.replace(table, rows)
        arrival = incoming.inspect(rows.schema)
        columns = incoming.settled(arrival.columns, rows.schema, old.schema)
        root = replace(old, schema=old.schema.appended_by(columns), writer=WRITER_ID)
        tail = self.tail(old)
        kept = OrderedReader(root.schema, for_writer=True).batches(str(self.segment_path(i.hash)) for i in tail)
        added = incoming.conform(rows.batches(), rows.schema, columns, root.schema)
        written = self._write(root, chain(kept, added))
        tree = trees.replace_tail(old.tree, self._pages, len(tail), written.segments)
        self._check_key(table, root, tree, written)
        self.put(table, root, tree, written)
        return (*arrival.warnings, *_widened(old.schema, root.schema))

    def put(self, table: str, root: TableRoot, tree: Tree, written: Written) -> None:
        """Set a table to a tree whose newest segments a writer made."""
        schema = root.schema.with_nulls(written.nulls)
        self._set(table, replace(root, schema=schema, k=written.k, tree=tree, writer=WRITER_ID))

    def put_written(self, table: str, root: TableRoot, dropped: int, written: Written, folder: Path) -> None:
        """Set a table to its tree of now without the last ``dropped`` segments, and what a task wrote in a folder."""
        self.staged |= {item.hash: folder / item.hash for item in written.segments}
        tree = trees.replace_tail(root.tree, self._pages, dropped, written.segments)
        if root.rows:  # the task checked its own rows, but knew only the last of those before
            self._check_key(table, root, tree, written)
        self.put(table, root, tree, written)

    def tail(self, root: TableRoot) -> list[Item]:
        """The segments that an append cuts anew: the last one, or all while the table is too small to have a k."""
        if root.k == 0:
            return list(trees.segments(root.tree, self._pages))
        last = trees.last_segment(root.tree, self._pages)
        return [] if last is None else [last]

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
        self.staged[file.hash] = staged

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
        """Roots and pages that this draft made and still uses."""
        texts: dict[ObjectHash, bytes] = {}
        for name in self.tables.values():
            if name in self._roots:
                texts[name] = self._roots[name]
                tree = self._load(name).tree
                self._collect(tree.items if tree.level else (), texts)
        return texts

    def new_files(self) -> list[tuple[Path, ObjectHash]]:
        """Staged segments and files that the content uses."""
        used = {f.hash for f in self.files.values()}
        for name in self.tables.values():
            if name in self._roots:
                used |= {item.hash for item in self._new_segments(self._load(name).tree)}
        return [(path, name) for name, path in self.staged.items() if name in used]

    # ------------------------------------------------------------------------------------------------------ helpers

    def segment_path(self, name: ObjectHash) -> Path:
        """Where a segment of the base or of this draft lies."""
        return self.staged[name] if name in self.staged else self.backend.check(name)

    def _new_segments(self, tree: Tree) -> Iterator[Item]:
        """Segments under pages that this draft made; the others were there before."""
        items = tree.items
        for _ in range(tree.level):
            items = tuple(i for item in items if item.hash in self._pages.made for i in self._pages.items(item.hash))
        yield from items

    def _collect(self, items: Iterable[Item], texts: dict[ObjectHash, bytes]) -> None:
        for item in items:
            if item.hash in self._pages.made and item.hash not in texts:
                texts[item.hash] = self._pages.made[item.hash]
                self._collect(self._pages.items(item.hash), texts)

    def _write(self, root: TableRoot, batches: Iterable[pa.RecordBatch]) -> Written:
        with SegmentWriter(schema=root.schema, cut=root.cut, k=root.k, staging=self.staging) as writer:
            written = writer.write(batches)
        self.staged |= {item.hash: self.staging / item.hash for item in written.segments}
        return written

    def _check_key(self, table: str, root: TableRoot, tree: Tree, written: Written) -> None:
        key = keys.key_fields(root)
        paths = [str(self.segment_path(i.hash)) for i in trees.segments(tree, self._pages)] if key else []
        if broken := keys.violation(root.schema, key, written.nulls, paths):
            raise InvalidInputError(
                f"Table {table!r} cannot have these rows: {broken.reason}.",
                kind=ErrorKind.KEY_VIOLATION,
                next_step="Mend the rows, or put them into a table without a key.",
                details={"table": table, "column": broken.column},
            )

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

    def _load(self, name: ObjectHash) -> TableRoot:
        if name not in self._known:
            self._known[name] = self.objects.root(name)
        return self._known[name]

    def _set(self, table: str, root: TableRoot) -> None:
        text = root.encode()
        name = hash_bytes(text)
        self._roots[name], self._known[name] = text, root
        self.tables[self.find(table) or table] = name


def _widened(old: Schema, new: Schema) -> Iterator[str]:
    for before, after in zip(old.fields, new.fields, strict=True):
        if before.type != after.type:
            yield f"Column {after.name!r} was {before.type}; it is {after.type} now, for the new rows' sake."


def empty_root(schema: Schema, key: tuple[str, ...] = ()) -> TableRoot:
    """A new table without rows: cut by its key, else by all its columns."""
    ids = tuple(schema.field(name).id for name in key)
    if len(set(ids)) != len(key):
        raise InvalidInputError("The key names a column twice.", details={"key": list(key)})
    return TableRoot(schema=schema, key=ids, cut=ids or tuple(f.id for f in schema.fields), writer=WRITER_ID)
