"""Data: rows of a table as a page of JSON or a stream of Arrow, scan plans, segments, attached files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field

from jupyter_datasets.client.answers import RowDigest
from jupyter_datasets.errors import ErrorKind, NotFoundError
from jupyter_datasets.server.base import JSON, ApiHandler
from jupyter_datasets.server.bodies import BYTES
from jupyter_datasets.server.endpoint import Input, endpoint
from jupyter_datasets.server.handlers.versions import AtRef
from jupyter_datasets.server.route import Route
from jupyter_datasets.server.streaming import file_pieces, stream
from jupyter_datasets.services.versions.models import Holders, ScanPlan
from jupyter_datasets.values import MAIN, CommitId, DatasetId
from jupyter_datasets.wire import ARROW_STREAM, arrow_to_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jupyter_datasets.container import Container

_PAGE, _MAX_PAGE = 100, 10_000


class RowsQuery(Input):
    """Which rows and columns of a table: by default all columns; 100 rows as JSON, all of them as Arrow."""

    ref: str = MAIN
    offset: int = Field(default=0, ge=0, lt=1 << 62)
    limit: int | None = Field(default=None, ge=0, lt=1 << 62)
    columns: tuple[str, ...] = ()


class TableQuery(Input):
    """Which table at which version."""

    ref: str = MAIN
    table: str


class PageColumn(BaseModel):
    """A column of a page: its logical type in DuckDB's words."""

    name: str
    type: str


class TablePage(BaseModel):
    """Some rows of a table.

    Attributes
    ----------
    rows
        Rows of the whole table.
    cells
        One list a row. Numbers that JSON carries exactly, booleans, texts and nulls are themselves; all other values,
        NaN and infinity are text.
    """

    model_config = ConfigDict(ser_json_inf_nan="strings")

    dataset_id: DatasetId
    commit: CommitId
    table: str
    columns: tuple[PageColumn, ...]
    rows: int
    offset: int
    cells: list[tuple[Any, ...]]


class RowsHandler(ApiHandler):
    @endpoint("read", media=(JSON, ARROW_STREAM))
    async def get(self, dataset: str, table: str, *, query: RowsQuery) -> TablePage | None:
        """Rows of a table in their order."""
        plan = await self.call(lambda s: s.versions.plan(self.actor, dataset, query.ref, table))
        if ARROW_STREAM not in self.request.headers.get("Accept", ""):
            return await self.call(lambda _: self._page(plan, query))
        pieces = await self.call(lambda _: _arrow(plan, query))
        self.set_header("X-Rows", str(plan.rows))
        await stream(self, pieces, ARROW_STREAM)
        return None

    def _page(self, plan: ScanPlan, query: RowsQuery) -> TablePage:
        from jupyter_datasets.store.schemas import Schema

        schema = Schema.from_json(plan.fields)
        fields = [schema.field(name) for name in _wanted(query) or schema.names]
        limit = min(_PAGE if query.limit is None else query.limit, _MAX_PAGE)
        return TablePage.model_construct(
            dataset_id=plan.dataset_id,
            commit=plan.commit,
            table=plan.table,
            columns=tuple(PageColumn(name=f.name, type=f.type) for f in fields),
            rows=plan.rows,
            offset=query.offset,
            cells=self.keeper.pages.cells(plan, fields, query.offset, limit),
        )


def _arrow(plan: ScanPlan, query: RowsQuery) -> Iterator[bytes]:
    from jupyter_datasets.services.versions import reading

    return arrow_to_bytes(*reading.read(plan, _wanted(query), query.offset, query.limit))


def _wanted(query: RowsQuery) -> list[str] | None:
    return list(dict.fromkeys(query.columns)) or None


class DigestHandler(ApiHandler):
    @endpoint("read")
    async def get(self, dataset: str, table: str, *, query: AtRef) -> RowDigest:
        """What the rows of a table add up to: equal for the same rows in the same columns, whatever their order."""
        found = await self.call(lambda s: s.versions.digest(self.actor, dataset, query.ref, table))
        return RowDigest(digest=found)


class ScanHandler(ApiHandler):
    @endpoint("read")
    async def get(self, dataset: str, *, query: TableQuery) -> ScanPlan:
        """How a reader on the server's machine reads a table."""
        return await self.call(lambda s: s.versions.plan(self.actor, dataset, query.ref, query.table))


class SegmentHandler(ApiHandler):
    @endpoint("read", media=(BYTES,))
    async def get(self, dataset: str, segment: str, *, query: TableQuery) -> None:
        """A segment of a table, for readers elsewhere: its content never changes."""
        path = await self.call(lambda s: _segment(s, self, dataset, query, segment))
        await stream(self, file_pieces(path), BYTES)


def _segment(services: Container, handler: ApiHandler, dataset: str, query: TableQuery, name: str) -> Path:
    return segment_path(services.versions.plan(handler.actor, dataset, query.ref, query.table), name)


def segment_path(plan: ScanPlan, name: str) -> Path:
    """The file of a plan's segment; NotFoundError when the plan has none of that name."""
    from jupyter_datasets.store.backends import name_of

    found = next((path for s in plan.segments if s.path and name_of(path := Path(s.path)) == name), None)
    if found is None:
        raise NotFoundError(
            f"Table {plan.table!r} has no segment {name!r} at that version.",
            kind=ErrorKind.FILE_NOT_FOUND,
            next_step="The scan plan names those there are.",
        )
    return found


class FileHandler(ApiHandler):
    @endpoint("read", media=(BYTES,))
    async def get(self, dataset: str, name: str, *, query: AtRef) -> None:
        """An attached file."""
        path = await self.call(lambda s: s.versions.file(self.actor, dataset, query.ref, name))
        self.set_attachment_header(name)
        await stream(self, file_pieces(path), BYTES)


class HoldersHandler(ApiHandler):
    @endpoint("read")
    async def get(self, dataset: str, name: str, *, query: AtRef) -> Holders:
        """The versions that hold what an attached file of a version holds."""
        return await self.call(lambda s: s.versions.holders(self.actor, dataset, query.ref, name))


ROUTES = (
    Route("/datasets/{dataset}/tables/{table}/data", RowsHandler),
    Route("/datasets/{dataset}/tables/{table}/digest", DigestHandler),
    Route("/datasets/{dataset}/scan", ScanHandler),
    Route("/datasets/{dataset}/segments/{segment}", SegmentHandler),
    Route("/datasets/{dataset}/files/{name}", FileHandler),
    Route("/datasets/{dataset}/files/{name}/versions", HoldersHandler),
)
