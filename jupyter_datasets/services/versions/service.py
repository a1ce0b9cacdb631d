"""Versions: resolve references, read history and content, make and move branches and tags, undo and redo."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from sqlalchemy import Connection

from jupyter_datasets.catalog.unit_of_work import UnitOfWork
from jupyter_datasets.errors import (
    AlreadyExistsError,
    ConflictError,
    DamagedObjectError,
    ErrorKind,
    InvalidInputError,
    NotFoundError,
)
from jupyter_datasets.services.versions import diffs, history, records, references, undoing
from jupyter_datasets.services.versions.events import RefMoved
from jupyter_datasets.services.versions.models import (
    Commit,
    FileInfo,
    RefInfo,
    RefKindName,
    RefMove,
    RowDiffPlan,
    ScanPlan,
    SegmentInfo,
    TableInfo,
    Version,
    VersionDiff,
)
from jupyter_datasets.services.versions.open_store import OpenStore
from jupyter_datasets.services.versions.tables import table_info
from jupyter_datasets.store import trees
from jupyter_datasets.store.roots import TableRoot
from jupyter_datasets.store.trees import Item, Pages
from jupyter_datasets.values import (
    MAIN,
    Actor,
    CommitId,
    DatasetId,
    ObjectHash,
    Page,
    Role,
    check_limit,
    check_ref_name,
    name_key,
    nearest,
    new_id,
    now,
    short,
)


class VersionService:
    """Reads versions and moves references. ``dataset`` is always a dataset's id or name."""

    def __init__(self, store: OpenStore) -> None:
        self._database = store.database
        self._permissions = store.permissions
        self._datasets = store.datasets
        self._objects = store.objects
        self._backend = store.backend

    # ------------------------------------------------------------------------------------------------------ history

    def resolve(self, actor: Actor, dataset: str, ref: str) -> Commit:
        """The commit that a reference names, with the branches and tags that point at it."""
        dataset_id = self._readable(actor, dataset)
        with self._database.read() as connection:
            return _with_refs(connection, dataset_id, references.resolve(connection, dataset_id, ref))

    def snapshot(self, actor: Actor, named: Sequence[tuple[DatasetId, str]]) -> list[CommitId]:
        """The commits that references of several datasets, given by their ids, name at one moment."""
        for dataset_id, _ in named:
            self._permissions.require(actor, dataset_id, Role.READ)
        with self._database.read() as connection:
            return [references.resolve_id(connection, dataset_id, ref) for dataset_id, ref in named]

    def log(
        self, actor: Actor, dataset: str, ref: str = MAIN, limit: int = 100, cursor: str | None = None, offset: int = 0
    ) -> Page[Commit]:
        """The ancestors of a reference, newest first, itself included; none while a branch is unborn."""
        dataset_id = self._readable(actor, dataset)
        with self._database.read() as connection:
            try:
                heads = [references.resolve(connection, dataset_id, ref)]
            except NotFoundError as error:
                if error.kind is not ErrorKind.UNBORN_BRANCH:
                    raise
                return Page(items=[])
            return _history_page(connection, dataset_id, heads, check_limit(limit), cursor, offset)

    def graph(self, actor: Actor, dataset: str, limit: int = 1000, cursor: str | None = None) -> Page[Commit]:
        """The ancestors of all branches and tags, newest first: with their parents, the DAG."""
        dataset_id = self._readable(actor, dataset)
        with self._database.read() as connection:
            ids = {r.commit for r in records.all_refs(connection, dataset_id) if r.commit}
            heads = [c for c in (records.commit(connection, dataset_id, i) for i in sorted(ids)) if c]
            return _history_page(connection, dataset_id, heads, check_limit(limit), cursor, 0)

    def refs(self, actor: Actor, dataset: str) -> list[RefInfo]:
        """Branches and tags by name; ``main`` is among them from the start."""
        dataset_id = self._readable(actor, dataset)
        with self._database.read() as connection:
            found = records.all_refs(connection, dataset_id)
        if all(r.name != MAIN for r in found):
            found.insert(0, RefInfo(name=MAIN, kind="branch", commit=None))
        return found

    # ------------------------------------------------------------------------------------------------------ content

    def version(self, actor: Actor, dataset: str, ref: str) -> Version:
        """Tables and files of a version."""
        dataset_id = self._readable(actor, dataset)
        commit = self.resolve(actor, dataset_id, ref)
        content = self._objects.commit(commit.id).content
        roots = self._objects.load(list(content.tables.values()))
        return Version(
            dataset_id=dataset_id,
            commit=commit,
            tables=tuple(
                table_info(name, root, TableRoot.from_json(roots[root])) for name, root in content.tables.items()
            ),
            files=tuple(
                FileInfo(name=name, hash=f.hash, bytes=f.bytes, media_type=f.media_type)
                for name, f in content.files.items()
            ),
        )

    def plan(self, actor: Actor, dataset: str, ref: str, table: str) -> ScanPlan:
        """All a reader on this machine needs to read a table; every segment named in it was checked.

        Raises
        ------
        NotFoundError
            No such table in that version; the nearest names are offered.
        DamagedObjectError
            A segment is missing or altered; ``details["versions"]`` names the versions that it touches.
        """
        version = self.version(actor, dataset, ref)
        info = find_table(version.tables, table)
        root = self._objects.root(info.root)
        return self._scan_plan(version, info, root, trees.segments(root.tree, self._pages()))

    def file(self, actor: Actor, dataset: str, ref: str, name: str) -> Path:
        """Where an attached file of a version lies; read it, do not alter it."""
        version = self.version(actor, dataset, ref)
        found = next((f for f in version.files if f.name == name), None)
        if found is None:
            names = [f.name for f in version.files]
            hints = nearest(name, names)
            raise NotFoundError(
                f"Version {short(version.commit.id)} has no file {name!r}.",
                kind=ErrorKind.FILE_NOT_FOUND,
                next_step=f"Did you mean {hints[0]!r}?" if hints else f"Files: {', '.join(names) or 'none'}.",
                details={"file": name, "suggestions": hints},
            )
        return self._checked(version.dataset_id, found.hash)

    # --------------------------------------------------------------------------------------------------------- diff

    def diff(self, actor: Actor, dataset: str, old: str, new: str) -> VersionDiff:
        """Tables, columns and files that differ between two versions."""
        left, right = self.version(actor, dataset, old), self.version(actor, dataset, new)
        return diffs.compare(left, right)

    def row_diff(self, actor: Actor, dataset: str, old: str, new: str, table: str) -> RowDiffPlan:
        """The segments in which two versions of a table differ; a side that lacks the table is None."""
        left, right = self.version(actor, dataset, old), self.version(actor, dataset, new)
        name = find_table(right.tables + left.tables, table).name
        sides = [next((t for t in v.tables if name_key(t.name) == name_key(name)), None) for v in (left, right)]
        roots = (self._root(sides[0]), self._root(sides[1]))
        parts = diffs.differing_segments(*roots, self._pages())
        plans = [
            None if info is None or root is None else self._scan_plan(version, info, root, part)
            for version, info, root, part in zip((left, right), sides, roots, parts, strict=True)
        ]
        return RowDiffPlan(old=plans[0], new=plans[1])

    # --------------------------------------------------------------------------------------------------- references

    def create_ref(self, actor: Actor, dataset: str, name: str, kind: RefKindName, at: str) -> RefInfo:
        """A new branch or tag at a version.

        Raises
        ------
        AlreadyExistsError
            A branch or tag has that name; they share one name space.
        """
        dataset_id = self._writable(actor, dataset)
        check_ref_name(name)
        if name == MAIN:
            raise _ref_exists(name)
        with self._database.begin() as uow:
            commit_id = references.resolve_id(uow.connection, dataset_id, at)
            info = RefInfo(name=name, kind=kind, commit=commit_id)
            if not records.add_ref(uow.connection, dataset_id, info):
                raise _ref_exists(name)
            log_move(uow, actor, dataset_id, info, "create", old=None, new=commit_id)
            uow.commit()
        return info

    def delete_ref(self, actor: Actor, dataset: str, name: str) -> RefInfo:
        """Delete a branch or tag; undo brings it back. ``main`` stays."""
        dataset_id = self._writable(actor, dataset)
        name = references.plain_name(name)
        if name == MAIN:
            raise InvalidInputError("The branch 'main' cannot be deleted.", next_step="Delete the dataset instead.")
        with self._database.begin() as uow:
            info = references.get_ref(uow.connection, dataset_id, name)
            if not records.remove_ref(uow.connection, dataset_id, name, info.commit):
                raise _moved_meanwhile(info)
            log_move(uow, actor, dataset_id, info, "delete", old=info.commit, new=None)
            uow.commit()
        return info

    def undo(self, actor: Actor, dataset: str, ref: str = MAIN) -> RefInfo:
        """Take back the last move of a branch or tag, its making or deleting included; again, the one before.

        Returns
        -------
        RefInfo
            Where the reference is now; ``commit`` is None when it is unborn or gone.
        """
        return self._step(actor, dataset, ref, "undo")

    def redo(self, actor: Actor, dataset: str, ref: str = MAIN) -> RefInfo:
        """Play again what the last undo took back."""
        return self._step(actor, dataset, ref, "redo")

    def moves(self, actor: Actor, dataset: str, ref: str = MAIN) -> list[RefMove]:
        """The ref log of a branch or tag, oldest first."""
        dataset_id = self._readable(actor, dataset)
        with self._database.read() as connection:
            return records.moves(connection, dataset_id, references.plain_name(ref))

    def _step(self, actor: Actor, dataset: str, ref: str, action: undoing.Step) -> RefInfo:
        dataset_id = self._writable(actor, dataset)
        ref = references.plain_name(ref)
        with self._database.begin() as uow:
            known = records.moves(uow.connection, dataset_id, ref)
            if not known:
                references.get_ref(uow.connection, dataset_id, ref)
            step = undoing.plan(known, action, ref)
            if not undoing.apply(uow.connection, dataset_id, step):
                raise _moved_meanwhile(RefInfo(name=ref, kind=step.kind, commit=step.old))
            info = RefInfo(name=ref, kind=step.kind, commit=step.new)
            log_move(uow, actor, dataset_id, info, action, old=step.old, new=step.new, target=step.target)
            uow.commit()
        return info

    # ------------------------------------------------------------------------------------------------------ helpers

    def _readable(self, actor: Actor, dataset: str) -> DatasetId:
        return self._datasets.get(actor, dataset).id

    def _writable(self, actor: Actor, dataset: str) -> DatasetId:
        dataset_id = self._readable(actor, dataset)
        self._permissions.require(actor, dataset_id, Role.WRITE)
        return dataset_id

    def _root(self, table: TableInfo | None) -> TableRoot | None:
        return None if table is None else self._objects.root(table.root)

    def _pages(self) -> Pages:
        return Pages(self._objects.load)

    def _scan_plan(self, version: Version, info: TableInfo, root: TableRoot, items: Iterable[Item]) -> ScanPlan:
        found = tuple(
            SegmentInfo(path=str(self._checked(version.dataset_id, item.hash)), rows=item.rows, bytes=item.bytes)
            for item in items
        )
        return ScanPlan(
            dataset_id=version.dataset_id,
            commit=version.commit.id,
            table=info.name,
            root=info.root,
            fields=root.schema.to_json(),
            segments=found,
            rows=sum(segment.rows for segment in found),
        )

    def _checked(self, dataset_id: DatasetId, name: ObjectHash) -> Path:
        try:
            return self._backend.check(name)
        except DamagedObjectError as error:
            touched = self._versions_with(dataset_id, name)
            error.details["versions"] = touched
            error.message += f" It belongs to {len(touched)} versions, such as {', '.join(map(short, touched[:3]))}."
            raise

    def _versions_with(self, dataset_id: DatasetId, name: ObjectHash) -> list[CommitId]:
        """The commits of a dataset that hold a segment or file."""
        with self._database.read() as connection:
            ids = records.all_commit_ids(connection, dataset_id)
        pages, holding = self._pages(), dict[ObjectHash, bool]()
        found = []
        for commit_id in ids:
            content = self._objects.commit(commit_id).content
            for root in content.tables.values():
                if root not in holding:
                    tree = self._objects.root(root).tree
                    holding[root] = any(item.hash == name for item in trees.segments(tree, pages))
            if any(holding[r] for r in content.tables.values()) or any(f.hash == name for f in content.files.values()):
                found.append(commit_id)
        return found


def find_table(tables: Sequence[TableInfo], name: str) -> TableInfo:
    """The table of that name, without regard to case."""
    found = next((t for t in tables if name_key(t.name) == name_key(name)), None)
    if found is None:
        names = sorted({t.name for t in tables})
        hints = nearest(name, names)
        raise NotFoundError(
            f"There is no table {name!r} in that version.",
            kind=ErrorKind.TABLE_NOT_FOUND,
            next_step=f"Did you mean {hints[0]!r}?" if hints else f"Tables: {', '.join(names) or 'none'}.",
            details={"table": name, "suggestions": hints},
        )
    return found


def log_move(
    uow: UnitOfWork,
    actor: Actor,
    dataset_id: DatasetId,
    ref: RefInfo,
    action: str,
    *,
    old: CommitId | None,
    new: CommitId | None,
    target: str | None = None,
) -> None:
    """Write the ref log's entry and record the event, both part of the unit of work."""
    move = RefMove(
        id=new_id(),
        ref=ref.name,
        kind=ref.kind,
        action=action,
        old=old,
        new=new,
        target=target,
        actor=actor.id,
        time=now(),
    )
    records.add_move(uow.connection, dataset_id, move)
    uow.record(RefMoved(dataset_id=dataset_id, ref=ref.name, action=action, old=old, new=new))


def _history_page(
    connection: Connection, dataset_id: DatasetId, heads: list[Commit], limit: int, cursor: str | None, offset: int
) -> Page[Commit]:
    if offset < 0:
        raise InvalidInputError(f"An offset counts from 0; {offset} was asked for.")
    if offset and cursor is None:
        cursor = history.skip(connection, dataset_id, heads, offset)
        if cursor is None:
            return Page(items=[])
    return history.page(connection, dataset_id, heads, limit, cursor)


def _with_refs(connection: Connection, dataset_id: DatasetId, commit: Commit) -> Commit:
    named = records.names_by_commit(connection, dataset_id).get(commit.id, [])
    return commit.model_copy(update={"refs": tuple(named)})


def _ref_exists(name: str) -> AlreadyExistsError:
    return AlreadyExistsError(
        f"There is a branch or tag {name!r} already.",
        kind=ErrorKind.REF_EXISTS,
        next_step="Choose another name; branches and tags share one name space.",
        details={"ref": name},
    )


def _moved_meanwhile(ref: RefInfo) -> ConflictError:
    return ConflictError(
        f"{ref.name!r} moved meanwhile.",
        next_step="Look at the log, then try again.",
        details={"ref": ref.name, "expected": ref.commit},
    )
