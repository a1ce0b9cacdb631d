"""A draft: the content of the next version while it is being made from a base version."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

import pyarrow as pa

from jupyter_datasets.errors import AlreadyExistsError, ConflictError, ErrorKind, NotFoundError
from jupyter_datasets.services.versions import changes, constraints, digests, keys, reshaping, schema_changes
from jupyter_datasets.services.versions.declarations import SchemaChange, TableDeclaration
from jupyter_datasets.services.versions.parts import Parts
from jupyter_datasets.services.versions.rows import Rows
from jupyter_datasets.services.versions.schema_changes import empty_root
from jupyter_datasets.store import altering, incoming, trees
from jupyter_datasets.store.backends import LocalBackend
from jupyter_datasets.store.canonical import hash_bytes
from jupyter_datasets.store.commits import AttachedFile, Content
from jupyter_datasets.store.objects import Objects
from jupyter_datasets.store.patches import Piece
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
        constraints.check_kept(table, root, schema)
        fresh = replace(root, schema=schema, tree=EMPTY, tails=0, writer=WRITER_ID)
        batches = incoming.conform(rows.batches(), rows.schema, arrival.columns, schema)
        self._put_whole(table, fresh, self.parts.write(fresh, batches))
        return arrival.warnings

    def append(self, table: str, rows: Rows, *, evolve: bool = False) -> tuple[str, ...]:
        """Put rows behind those of a table, which is made when there is none.

        To ``evolve`` lets them bring new columns and wider types.
        """
        old = self.root(table)
        if old is None:
            return self.replace(table, rows)
        arrival = incoming.inspect(rows.schema)
        joining = incoming.joining(arrival.columns, rows.schema, old.schema)
        columns = incoming.keeping(joining, old.schema, rows.batches())
        taken = altering.evolved(old.schema, columns, has_rows=old.rows > 0) if evolve else None
        root = replace(old, schema=taken or old.schema.appended_by(columns))

        def added() -> Iterator[pa.RecordBatch]:
            return incoming.conform(rows.batches(), rows.schema, columns, root.schema)

        grown = reshaping.append(self.parts, root, added())
        self._check_added(table, grown, added(), before=old)
        self.put(table, grown)
        return (*arrival.warnings, *altering.evolution(old.schema, root.schema))

    def change(self, table: str, base: ObjectHash, rows: Rows, *, keeps_keys: bool = False) -> None:
        """Change rows where they are, as :mod:`jupyter_datasets.services.versions.changes` describes them.

        Parameters
        ----------
        base
            The table in which the rows were looked up.
        keeps_keys
            Whether the caller knows that no row gets another key, because by theirs it found the rows.

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
        ruled = replace(changed, key=()) if keeps_keys else changed
        self._check_added(table, ruled, (rows.values.filter(pa.array(~rows.gone)) for rows in found.values()))
        self.put(name, changed)

    def create(self, table: str, declaration: TableDeclaration) -> None:
        """Make a table without rows, as it is declared."""
        if found := self.find(table):
            raise _taken(found, "Change it as it is, or drop it first.")
        self.put(table, schema_changes.declared(declaration))

    def alter(self, table: str, changes: Iterable[SchemaChange]) -> None:
        """Change what a table is declared to be; its segments stay, and its rows must keep what is declared then."""
        name = self._must_find(table)
        old = self.load(self.tables[name])
        new = schema_changes.altered(old, changes)
        constraints.refuse(name, constraints.find_new(old, new, self._pieces(new)))
        self.put(name, replace(new, schema=altering.without_nulls(new.schema)))

    def verify(self, table: str) -> None:
        """Raise unless all rows of a table keep what is declared of it, as after a merge of rows or declarations."""
        name = self._must_find(table)
        root = self.load(self.tables[name])
        maybe = frozenset(f.id for f in root.schema.fields if f.nullable)
        constraints.refuse(name, constraints.find(root, self._pieces(root), maybe))

    def compact(self, table: str) -> None:
        """Bring a table into canonical form; its rows stay as they are, or InternalError."""
        name = self._must_find(table)
        before = self.load(self.tables[name])
        after = reshaping.compact(self.parts, before)
        digests.check_kept(name, before, after, self.parts)
        self.put(name, after)

    def put_written(self, table: str, root: TableRoot, dropped: int, written: Written, folder: Path) -> None:
        """Set a table to its tree of now without the last ``dropped`` segments, and what a task wrote in a folder."""
        staged = {item.hash: folder / item.hash for item in written.segments}
        # The others were moved into the store by an attempt to commit that came too late.
        self.parts.staged |= {name: path for name, path in staged.items() if path.exists()}
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
        before = [root for root in (self.tables.get(name), self.base.tables.get(name)) if root]
        same = next((root for root in before if self._holds(root, new)), None)
        if same is None:
            # A root that tells no digests yet stays as it is. Its segments come again, should one have been lost.
            self.put(table, next((known for known in map(self.load, before) if known == new), new))
        else:
            self.tables[name] = same

    def _holds(self, name: ObjectHash, new: TableRoot) -> bool:
        """Whether a root of another shape holds the same rows in the same order."""
        known = self.load(name)
        if known == new or known.rows != new.rows:
            return False
        compacted = reshaping.compact(self.parts, known)
        # Pages from before there were digests have other names than those with the same segments.
        segments = self.parts.segments(compacted.tree) == self.parts.segments(new.tree)
        same = segments and replace(compacted, schema=new.schema, tree=new.tree) == new
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
            raise _taken(taken, "Choose another name, or drop that table first.")
        self.tables[name] = self.tables.pop(old)

    def means_the_same_in(self, other: Draft) -> bool:
        """Whether the tables that are changed here have in another base, under the same names, the same columns.

        Rows that are appended there have their columns matched by name.
        """
        return all(
            name in other.tables and _names(self.load(root)) <= _names(other.load(other.tables[name]))
            for name, root in self.base.tables.items()
            if self.tables.get(name) != root
        )

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

    def _pieces(self, root: TableRoot) -> list[Piece]:
        return self.parts.pieces(self.parts.segments(root.tree))

    def _check_whole(self, table: str, root: TableRoot, written: Written) -> None:
        if _is_ruled(root):
            constraints.refuse(table, constraints.find(root, self._pieces(root), written.nulls))

    def _check_added(
        self, table: str, root: TableRoot, rows: Iterable[pa.RecordBatch], before: TableRoot | None = None
    ) -> None:
        """Check rows, in transfer form, that were added to a table which kept its rules so far.

        Where a column got another type for their sake, checks of it mean something else for the others, too.
        """
        if _is_ruled(root):
            pieces = self._pieces(root)
            constraints.refuse(table, constraints.find_among(root, pieces, rows))
            if before is not None and before.schema != root.schema:
                constraints.refuse(table, constraints.find_new(before, root, pieces))

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


def _names(root: TableRoot) -> set[tuple[str, int]]:
    return {(f.name, f.id) for f in root.schema.fields}


def _is_ruled(root: TableRoot) -> bool:
    """Whether rows must keep anything but their types."""
    return bool(root.key or root.unique or root.checks or any(f.required for f in root.schema.fields))


def _taken(table: str, step: str) -> AlreadyExistsError:
    return AlreadyExistsError(
        f"There is a table {table!r} already.",
        kind=ErrorKind.TABLE_EXISTS,
        next_step=step,
        details={"table": table},
    )
