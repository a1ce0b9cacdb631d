"""Versions: history, references, content, differences, undo and redo."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, model_validator

from jupyter_datasets.client.answers import Listing, MadeBy, Snapshot
from jupyter_datasets.server.base import ApiHandler
from jupyter_datasets.server.endpoint import Input, endpoint
from jupyter_datasets.server.listing import Paging
from jupyter_datasets.server.route import Route
from jupyter_datasets.services.versions.models import (
    Commit,
    LogFilter,
    Overview,
    RefInfo,
    RefKindName,
    RefMove,
    RowDiffPlan,
    TableInfo,
    Version,
    VersionDiff,
)
from jupyter_datasets.services.versions.provenance import Direction, Lineage
from jupyter_datasets.values import MAIN, CommitId, DatasetId


class AtRef(Input):
    """Which version."""

    ref: str = MAIN


class LogQuery(Paging):
    """Which commits: those that led to a reference, and that fit all the rest that is given.

    ``table`` or ``path``: that changed this table, or this attached file. ``author``: whose author's name holds this.
    ``since``, ``until``: made from then, and until then, as 2026-01-31 or 2026-01-31T12:00:00+01:00.
    """

    ref: str = MAIN
    table: str | None = None
    author: str | None = None
    since: str | None = None
    until: str | None = None
    path: str | None = None

    @property
    def where(self) -> LogFilter:
        """What the commits must fit."""
        return LogFilter.of(table=self.table, author=self.author, since=self.since, until=self.until, path=self.path)


class GraphQuery(Input):
    """Which page of the graph."""

    limit: int = 1000
    cursor: str | None = None


class LineageQuery(AtRef):
    """Of which version; up to what it was made from, down to what was made from its dataset, or both; 1 to 20 steps."""

    direction: Direction = "both"
    depth: int = 5


class DiffQuery(Input):
    """Which two versions."""

    old: str
    new: str


class NewRef(Input):
    """A branch or tag to be made."""

    name: str
    kind: RefKindName
    at: str = MAIN


class RefChange(Input):
    """One thing to be changed: what a branch or tag is called, or whether a branch is protected."""

    name: str | None = None
    protected: bool | None = None

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if (self.name is None) == (self.protected is None):
            raise ValueError("give name or protected, one of the two")
        return self


class Named(Input):
    """A reference of a dataset, which is given by its id."""

    dataset: DatasetId
    ref: str


class Naming(Input):
    """References of several datasets, to be resolved at one moment."""

    of: tuple[Named, ...]


class Schema(BaseModel):
    """The tables of a version with their columns and keys."""

    dataset_id: DatasetId
    commit: CommitId
    tables: tuple[TableInfo, ...]


class OverviewHandler(ApiHandler):
    @endpoint("read")
    async def get(self, dataset: str, *, query: AtRef) -> Overview:
        """A dataset at a glance: branches and tags with their last commits, what a version holds, the last changes."""
        return await self.call(lambda s: s.versions.overview(self.actor, dataset, query.ref))


class LogHandler(ApiHandler):
    @endpoint("read")
    async def get(self, dataset: str, *, query: LogQuery) -> Listing[Commit]:
        """The ancestors of a reference, newest first."""
        page = (query.ref, query.limit, query.cursor, query.offset, query.where)
        return Listing.of(await self.call(lambda s: s.versions.log(self.actor, dataset, *page)))


class CommitHandler(ApiHandler):
    @endpoint("read")
    async def get(self, dataset: str, commit: str) -> Commit:
        """The commit of that id, or that a reference names."""
        return await self.call(lambda s: s.versions.resolve(self.actor, dataset, commit))


class CheckoutHandler(ApiHandler):
    @endpoint("read")
    async def post(self, dataset: str, *, body: AtRef) -> Commit:
        """What a reference names now; nothing is moved or remembered."""
        return await self.call(lambda s: s.versions.resolve(self.actor, dataset, body.ref))


class SnapshotHandler(ApiHandler):
    @endpoint("read")
    async def post(self, *, body: Naming) -> Snapshot:
        """What references of several datasets name at one moment."""
        named = [(each.dataset, each.ref) for each in body.of]
        return Snapshot(commits=tuple(await self.call(lambda s: s.versions.snapshot(self.actor, named))))


class GraphHandler(ApiHandler):
    @endpoint("read")
    async def get(self, dataset: str, *, query: GraphQuery) -> Listing[Commit]:
        """The ancestors of all branches and tags, newest first."""
        return Listing.of(await self.call(lambda s: s.versions.graph(self.actor, dataset, query.limit, query.cursor)))


class RefsHandler(ApiHandler):
    @endpoint("read")
    async def get(self, dataset: str) -> Listing[RefInfo]:
        """Branches and tags by name."""
        return Listing(items=tuple(await self.call(lambda s: s.versions.refs(self.actor, dataset))))

    @endpoint("write", status=201)
    async def post(self, dataset: str, *, body: NewRef) -> RefInfo:
        """A new branch or tag."""
        return await self.call(lambda s: s.versions.create_ref(self.actor, dataset, body.name, body.kind, body.at))


class RefHandler(ApiHandler):
    @endpoint("write")
    async def put(self, dataset: str, name: str, *, body: RefChange) -> RefInfo:
        """Rename a branch or tag, which undo takes back; or protect a branch, or lift that."""
        if body.name is not None:
            to = body.name
            return await self.call(lambda s: s.versions.rename_ref(self.actor, dataset, name, to))
        protected = bool(body.protected)
        return await self.call(lambda s: s.versions.protect(self.actor, dataset, name, protected))

    @endpoint("write")
    async def delete(self, dataset: str, name: str) -> RefInfo:
        """Delete a branch or tag; undo brings it back."""
        return await self.call(lambda s: s.versions.delete_ref(self.actor, dataset, name))


class MovesHandler(ApiHandler):
    @endpoint("read")
    async def get(self, dataset: str, *, query: AtRef) -> Listing[RefMove]:
        """The log of a branch's or tag's moves, oldest first: what undo takes back, from the last one on."""
        return Listing(items=tuple(await self.call(lambda s: s.versions.moves(self.actor, dataset, query.ref))))


class UndoHandler(ApiHandler):
    @endpoint("write")
    async def post(self, dataset: str, *, body: AtRef) -> RefInfo:
        """Take back the last move of a branch or tag."""
        return await self.call(lambda s: s.versions.undo(self.actor, dataset, body.ref))


class RedoHandler(ApiHandler):
    @endpoint("write")
    async def post(self, dataset: str, *, body: AtRef) -> RefInfo:
        """Play again what the last undo took back."""
        return await self.call(lambda s: s.versions.redo(self.actor, dataset, body.ref))


class VersionHandler(ApiHandler):
    @endpoint("read")
    async def get(self, dataset: str, *, query: AtRef) -> Version:
        """Tables and files of a version."""
        return await self.call(lambda s: s.versions.version(self.actor, dataset, query.ref))


class SchemaHandler(ApiHandler):
    @endpoint("read")
    async def get(self, dataset: str, *, query: AtRef) -> Schema:
        """The tables of a version with their columns and keys."""
        found = await self.call(lambda s: s.versions.version(self.actor, dataset, query.ref))
        return Schema(dataset_id=found.dataset_id, commit=found.commit.id, tables=found.tables)


class ProvenanceHandler(ApiHandler):
    @endpoint("read")
    async def get(self, dataset: str, *, query: AtRef) -> MadeBy:
        """What made a commit, and what it read."""
        return MadeBy(provenance=await self.call(lambda s: s.versions.provenance(self.actor, dataset, query.ref)))


class LineageHandler(ApiHandler):
    @endpoint("read")
    async def get(self, dataset: str, *, query: LineageQuery) -> Lineage:
        """What a version was made from, and what was made from its dataset."""
        how = (query.ref, query.direction, query.depth)
        return await self.call(lambda s: s.versions.lineage(self.actor, dataset, *how))


class DiffHandler(ApiHandler):
    @endpoint("read")
    async def get(self, dataset: str, *, query: DiffQuery) -> VersionDiff:
        """Tables, columns and files in which two versions differ."""
        return await self.call(lambda s: s.versions.diff(self.actor, dataset, query.old, query.new))


class RowDiffHandler(ApiHandler):
    @endpoint("read")
    async def get(self, dataset: str, table: str, *, query: DiffQuery) -> RowDiffPlan:
        """The segments in which two versions of a table differ."""
        return await self.call(lambda s: s.versions.row_diff(self.actor, dataset, query.old, query.new, table))


ROUTES = (
    Route("/snapshot", SnapshotHandler),
    Route("/datasets/{dataset}/overview", OverviewHandler),
    Route("/datasets/{dataset}/commits", LogHandler),
    Route("/datasets/{dataset}/commits/{commit...}", CommitHandler),
    Route("/datasets/{dataset}/graph", GraphHandler),
    Route("/datasets/{dataset}/refs", RefsHandler),
    Route("/datasets/{dataset}/refs/{name...}", RefHandler),
    Route("/datasets/{dataset}/checkout", CheckoutHandler),
    Route("/datasets/{dataset}/moves", MovesHandler),
    Route("/datasets/{dataset}/undo", UndoHandler),
    Route("/datasets/{dataset}/redo", RedoHandler),
    Route("/datasets/{dataset}/version", VersionHandler),
    Route("/datasets/{dataset}/schema", SchemaHandler),
    Route("/datasets/{dataset}/provenance", ProvenanceHandler),
    Route("/datasets/{dataset}/lineage", LineageHandler),
    Route("/datasets/{dataset}/diff", DiffHandler),
    Route("/datasets/{dataset}/diff/{table}/scan", RowDiffHandler),
)
