"""Versions: resolve references, read history and content, make and move branches and tags, undo and redo."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from jupyter_datasets.catalog.unit_of_work import UnitOfWork
from jupyter_datasets.errors import (
    DamagedObjectError,
    DatasetsError,
    InvalidInputError,
    NotFoundError,
    PermissionDeniedError,
)
from jupyter_datasets.services.versions import diffs, holding, keys, lineage, moving, overviews, records, references
from jupyter_datasets.services.versions.digests import Digests
from jupyter_datasets.services.versions.finding import find_file, find_table
from jupyter_datasets.services.versions.history import History, named
from jupyter_datasets.services.versions.models import (
    EVERY,
    Commit,
    FileInfo,
    Holders,
    LogFilter,
    Overview,
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
from jupyter_datasets.services.versions.provenance import Direction, Lineage, Provenance, State
from jupyter_datasets.services.versions.scans import pieces_of
from jupyter_datasets.services.versions.tables import table_info
from jupyter_datasets.store import trees
from jupyter_datasets.store.commits import CommitObject
from jupyter_datasets.store.patches import Piece
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
    short,
)

_MOST_HOLDERS = 1000


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
        return self._resolve(self._readable(actor, dataset), ref)[0]

    def snapshot(self, actor: Actor, named: Sequence[tuple[DatasetId, str]]) -> list[CommitId]:
        """The commits that references of several datasets, given by their ids, name at one moment."""
        for dataset_id, _ in named:
            self._permissions.require(actor, dataset_id, Role.READ)
        with self._database.read() as connection:
            return [references.resolve_id(connection, dataset_id, ref) for dataset_id, ref in named]

    def log(
        self,
        actor: Actor,
        dataset: str,
        ref: str = MAIN,
        limit: int = 100,
        cursor: str | None = None,
        offset: int = 0,
        where: LogFilter = EVERY,
    ) -> Page[Commit]:
        """The ancestors of a reference that a filter wants, newest first, itself included; none of an unborn branch."""
        dataset_id = self._readable(actor, dataset)
        with self._database.read() as connection:
            refs = records.all_refs(connection, dataset_id)
            head = references.head(connection, dataset_id, ref, refs)
            history = History(connection, dataset_id, refs, self._load_commits)
            page = history.page([head] if head else [], limit, cursor, offset, where)
        self._write_down(history.learnt)
        return page

    def graph(self, actor: Actor, dataset: str, limit: int = 1000, cursor: str | None = None) -> Page[Commit]:
        """The ancestors of all branches and tags, newest first: with their parents, the DAG."""
        dataset_id = self._readable(actor, dataset)
        with self._database.read() as connection:
            refs = records.all_refs(connection, dataset_id)
            heads = records.commits_of(connection, dataset_id, [r.commit for r in refs if r.commit])
            return History(connection, dataset_id, refs, self._load_commits).page(heads, limit, cursor)

    def refs(self, actor: Actor, dataset: str) -> list[RefInfo]:
        """Branches and tags by name; ``main`` is among them from the start."""
        dataset_id = self._readable(actor, dataset)
        with self._database.read() as connection:
            return references.with_main(records.all_refs(connection, dataset_id))

    def overview(self, actor: Actor, dataset: str, ref: str = MAIN) -> Overview:
        """A dataset at a glance: where its branches and tags are, what a version of it holds, what happened last."""
        found = self._datasets.get(actor, dataset)
        with self._database.read() as connection:
            return overviews.look(connection, found, ref, lambda commit: self._version(found.id, commit))

    # ------------------------------------------------------------------------------------------------------ content

    def version(self, actor: Actor, dataset: str, ref: str) -> Version:
        """Tables and files of a version."""
        return self._versions(actor, dataset, ref)[0]

    def _versions(self, actor: Actor, dataset: str, *refs: str) -> list[Version]:
        """What references name at one moment."""
        dataset_id = self._readable(actor, dataset)
        return [self._version(dataset_id, commit) for commit in self._resolve(dataset_id, *refs)]

    def _version(self, dataset_id: DatasetId, commit: Commit) -> Version:
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

    def digest(self, actor: Actor, dataset: str, ref: str, table: str) -> str:
        """What the rows of a table add up to, whatever their order, as 48 hex digits; fails as :meth:`plan` does.

        Those of two tables whose columns have the same ids and types are equal if the rows are, and practically never
        otherwise.
        """
        version = self.version(actor, dataset, ref)
        root = self._objects.root(find_table(version.tables, table).root)

        def pieces(items: Sequence[Item]) -> list[Piece]:
            return pieces_of(self._segments(version.dataset_id, items))

        return str(Digests(root.schema, self._pages(), pieces).of(root.tree))

    def file(self, actor: Actor, dataset: str, ref: str, name: str) -> Path:
        """Where an attached file of a version lies; read it, do not alter it."""
        version = self.version(actor, dataset, ref)
        return self._checked(version.dataset_id, find_file(version, name).hash)

    def holders(self, actor: Actor, dataset: str, ref: str, name: str) -> Holders:
        """The versions that hold what an attached file of a version holds, under whatever name."""
        version = self.version(actor, dataset, ref)
        file = find_file(version, name)
        with self._database.read() as connection:
            every = records.commits_between(connection, version.dataset_id, 1, records.MAX_SEQ)
        holders = set(holding.with_file(self._objects, [commit.id for commit in every], file.hash))
        found = [commit for commit in every if commit.id in holders]
        return Holders(count=len(found), commits=tuple(found[:_MOST_HOLDERS]))

    # --------------------------------------------------------------------------------------------------------- diff

    def diff(self, actor: Actor, dataset: str, old: str, new: str) -> VersionDiff:
        """Tables, columns and files that differ between two versions."""
        left, right = self._versions(actor, dataset, old, new)
        return diffs.compare(left, right, self._objects.root)

    def row_diff(self, actor: Actor, dataset: str, old: str, new: str, table: str) -> RowDiffPlan:
        """The segments in which two versions of a table differ; a side that lacks the table is None."""
        left, right = self._versions(actor, dataset, old, new)
        name = find_table(right.tables + left.tables, table).name
        names = diffs.names_of(left, right, name)
        sides = [next((t for t in v.tables if t.name == n), None) for v, n in zip((left, right), names, strict=True)]
        roots = (self._root(sides[0]), self._root(sides[1]))
        parts = diffs.differing_segments(*roots, self._pages())
        plans = [
            None if info is None or root is None else self._scan_plan(version, info, root, part)
            for version, info, root, part in zip((left, right), sides, roots, parts, strict=True)
        ]
        return RowDiffPlan(old=plans[0], new=plans[1])

    # ------------------------------------------------------------------------------------------------------ lineage

    def provenance(self, actor: Actor, dataset: str, ref: str = MAIN) -> Provenance | None:
        """What made a commit and what it read; None where nobody told."""
        commit = self.resolve(actor, dataset, ref)
        found = self._provenance([commit.id]).get(commit.id)
        if found is None:
            return None
        seen = {read.dataset: self._find(actor, DatasetId(read.dataset))[0] for read in found.inputs}
        hidden = {"dataset": "", "name": "", "tables": ()}
        inputs = [i.model_copy(update=hidden) if seen[i.dataset] == "hidden" else i for i in found.inputs]
        return found.model_copy(update={"inputs": tuple(inputs)})

    def lineage(
        self, actor: Actor, dataset: str, ref: str = MAIN, direction: Direction = "both", depth: int = 5
    ) -> Lineage:
        """What a version and its history were made from, and what was made from any version of its dataset.

        Parameters
        ----------
        depth
            How many steps to go each way, up to 20. No more than 1,000 versions are told; the nearest come first.
        """
        if not 1 <= depth <= lineage.MOST_STEPS:
            raise InvalidInputError(f"A lineage goes 1 to {lineage.MOST_STEPS} steps; {depth} were asked for.")
        dataset_id = self._readable(actor, dataset)
        commit = self.resolve(actor, dataset_id, ref)
        walk = lineage.Walk(
            database=self._database,
            find=lambda other: self._find(actor, other),
            tell=self._provenance,
            depth=depth,
        )
        return walk.run((dataset_id, commit.id), direction)

    def _find(self, actor: Actor, dataset_id: DatasetId) -> tuple[State, str]:
        """Whether an actor may see a dataset, and its name."""
        try:
            self._permissions.require(actor, dataset_id, Role.READ)
            return "there", self._datasets.get(actor, dataset_id).name
        except PermissionDeniedError:
            return "hidden", ""
        except NotFoundError:
            return "gone", ""

    def _provenance(self, commits: Sequence[CommitId]) -> dict[CommitId, Provenance]:
        """What made some commits, as far as it was told."""
        told = {c: made.provenance for c, made in self._load_commits(list(commits)).items() if made.provenance}
        found = self._objects.load(list(told.values()))
        return {commit: Provenance.from_json(found[name]) for commit, name in told.items()}

    # --------------------------------------------------------------------------------------------------- references

    def create_ref(self, actor: Actor, dataset: str, name: str, kind: RefKindName, at: str) -> RefInfo:
        """A new branch or tag at a version.

        Raises
        ------
        AlreadyExistsError
            A branch or tag has that name; they share one name space.
        """
        with self._moving(actor, dataset) as (uow, dataset_id):
            return moving.create(uow, actor, dataset_id, name, kind, at)

    def delete_ref(self, actor: Actor, dataset: str, name: str) -> RefInfo:
        """Delete a branch or tag; undo brings it back. ``main`` stays."""
        with self._moving(actor, dataset) as (uow, dataset_id):
            return moving.delete(uow, actor, dataset_id, references.plain_name(name))

    def rename_ref(self, actor: Actor, dataset: str, name: str, to: str) -> RefInfo:
        """Call a branch or tag otherwise; undo takes that back. ``main`` keeps its name."""
        with self._moving(actor, dataset) as (uow, dataset_id):
            return moving.rename(uow, actor, dataset_id, references.plain_name(name), to)

    def protect(self, actor: Actor, dataset: str, branch: str, protected: bool = True) -> RefInfo:
        """Let a branch take no direct commits, and keep it from being moved, renamed and deleted; or lift that."""
        with self._moving(actor, dataset, Role.ADMIN) as (uow, dataset_id):
            return moving.protect(uow, actor, dataset_id, branch, protected)

    def undo(self, actor: Actor, dataset: str, ref: str = MAIN) -> RefInfo:
        """Take back the last move of a branch or tag, its making or deleting included; again, the one before.

        Returns
        -------
        RefInfo
            Where the reference is now; ``commit`` is None when it is unborn or gone.
        """
        with self._moving(actor, dataset) as (uow, dataset_id):
            return moving.step(uow, actor, dataset_id, references.plain_name(ref), "undo")

    def redo(self, actor: Actor, dataset: str, ref: str = MAIN) -> RefInfo:
        """Play again what the last undo took back."""
        with self._moving(actor, dataset) as (uow, dataset_id):
            return moving.step(uow, actor, dataset_id, references.plain_name(ref), "redo")

    def moves(self, actor: Actor, dataset: str, ref: str = MAIN) -> list[RefMove]:
        """The ref log of a branch or tag, oldest first."""
        dataset_id = self._readable(actor, dataset)
        with self._database.read() as connection:
            return records.moves(connection, dataset_id, references.plain_name(ref))

    @contextmanager
    def _moving(self, actor: Actor, dataset: str, role: Role = Role.WRITE) -> Iterator[tuple[UnitOfWork, DatasetId]]:
        """A unit of work on a dataset, committed at the block's end."""
        dataset_id = self._readable(actor, dataset)
        self._permissions.require(actor, dataset_id, role)
        # The version that is named here must not be deleted meanwhile.
        with self._backend.gate.writing(), self._database.begin() as uow:
            yield uow, dataset_id
            uow.commit()

    # ------------------------------------------------------------------------------------------------------ helpers

    def _readable(self, actor: Actor, dataset: str) -> DatasetId:
        return self._datasets.get(actor, dataset).id

    def _resolve(self, dataset_id: DatasetId, *texts: str) -> list[Commit]:
        with self._database.read() as connection:
            refs = records.all_refs(connection, dataset_id)
            return named([references.resolve(connection, dataset_id, text, refs) for text in texts], refs)

    def _load_commits(self, ids: list[CommitId]) -> dict[CommitId, CommitObject]:
        found = self._objects.load([ObjectHash(commit_id) for commit_id in ids])
        return {CommitId(name): CommitObject.from_json(value) for name, value in found.items()}

    def _write_down(self, learnt: Mapping[CommitId, str]) -> None:
        """Keep what commits touch, so that it need not be found out again; who asked has the answer anyway."""
        if learnt:
            with suppress(DatasetsError), self._database.begin() as uow:
                records.set_touched(uow.connection, learnt)
                uow.commit()

    def _root(self, table: TableInfo | None) -> TableRoot | None:
        return None if table is None else self._objects.root(table.root)

    def _pages(self) -> Pages:
        return Pages(self._objects.load)

    def _scan_plan(self, version: Version, info: TableInfo, root: TableRoot, items: Iterable[Item]) -> ScanPlan:
        found = tuple(self._segments(version.dataset_id, list(items)))
        return ScanPlan(
            dataset_id=version.dataset_id,
            commit=version.commit.id,
            table=info.name,
            root=info.root,
            fields=root.schema.to_json(),
            key=tuple(f.id for f in keys.key_fields(root)),
            segments=found,
            rows=sum(segment.rows for segment in found),
        )

    def _segments(self, dataset_id: DatasetId, items: Sequence[Item]) -> Iterator[SegmentInfo]:
        patches = self._objects.patches([item.patch for item in items if item.patch])
        for item in items:
            yield SegmentInfo(
                path="" if item.is_inline else str(self._checked(dataset_id, item.hash)),
                rows=item.rows,
                bytes=item.bytes,
                patch=patches[item.patch] if item.patch else None,
            )

    def _checked(self, dataset_id: DatasetId, name: ObjectHash) -> Path:
        try:
            return self._backend.check(name)
        except DamagedObjectError as error:
            with self._database.read() as connection:
                ids = records.all_commit_ids(connection, dataset_id)
            touched = holding.with_object(self._objects, ids, name)
            error.details["versions"] = touched
            error.message += f" It belongs to {len(touched)} versions, such as {', '.join(map(short, touched[:3]))}."
            raise
