"""Jobs: start, list, get, watch, cancel, run again."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, Field, model_validator
from tornado.iostream import StreamClosedError

from jupyter_datasets.client.answers import Listing
from jupyter_datasets.server import sources
from jupyter_datasets.server.base import ApiHandler
from jupyter_datasets.server.endpoint import Input, endpoint, read_body
from jupyter_datasets.server.listing import Paging
from jupyter_datasets.server.route import Route
from jupyter_datasets.services.imports.models import SchemaMode
from jupyter_datasets.services.jobs.models import Job, JobStatus, Progress
from jupyter_datasets.services.versions.provenance import Claim
from jupyter_datasets.values import MAIN

if TYPE_CHECKING:
    from httpx import Response

    from jupyter_datasets.container import Container
    from jupyter_datasets.server.forwarding import Peer
    from jupyter_datasets.services.imports.models import ImportRequest
    from jupyter_datasets.values import Page

EVENTS = "text/event-stream"
_LOOK = 0.2  # seconds between two looks at a job that is watched
_ALIVE = 15.0  # seconds after which a watcher hears something even if nothing changed


class Source(Input):
    """Where a file is: in Jupyter's file browser, on the server's machine, or sent by an upload."""

    contents: str | None = None
    path: str | None = None
    upload: str | None = None

    @model_validator(mode="after")
    def _one(self) -> Source:
        if sum(each is not None for each in (self.contents, self.path, self.upload)) != 1:
            raise ValueError("give one of contents, path and upload")
        return self


class Reading(Input):
    """How to read a file; what is left out is found out from the file."""

    format: Literal["csv", "parquet"] | None = None
    delimiter: str | None = None
    quote: str | None = None
    header: bool | None = None
    encoding: str | None = None
    decimal: Literal[".", ","] = "."
    nulls: tuple[str, ...] | None = None
    types: dict[str, str] = Field(default_factory=dict)


class NewJob(Input):
    """An import; the table is named after the file unless told.

    With ``create`` a dataset that does not exist is made, and goes into the bin if no import into it succeeds.
    """

    kind: Literal["import"] = "import"
    dataset: str
    create: bool = False
    source: Source
    table: str | None = None
    ref: str = MAIN
    mode: Literal["replace", "append"] = "replace"
    schema_mode: SchemaMode | None = Field(default=None, alias="schema")
    key: tuple[str, ...] = ()
    options: Reading = Reading()
    message: str = ""
    keep_original: bool = False
    claim: Claim | None = None


class JobsQuery(Paging):
    """Which jobs; ``dataset`` is an id or a name."""

    limit: int = Field(default=100, ge=1, le=1000)
    status: JobStatus | None = None
    kind: str | None = None
    dataset: str | None = None


class JobState(BaseModel):
    """How far a job is."""

    id: str
    status: JobStatus
    progress: Progress
    cancel_requested: bool


class JobsHandler(ApiHandler):
    @endpoint("read")
    async def get(self, *, query: JobsQuery) -> Listing[Job]:
        """Jobs, newest first."""
        return Listing.of(await self.call(lambda s: self._list(s, query)))

    def _list(self, services: Container, query: JobsQuery) -> Page[Job]:
        dataset_id = None if query.dataset is None else services.datasets.get(self.actor, query.dataset).id
        return services.jobs.list(
            self.actor,
            status=query.status,
            kind=query.kind,
            dataset_id=dataset_id,
            limit=query.limit,
            cursor=query.cursor,
            offset=query.offset,
        )

    @endpoint("write", status=201)
    async def post(self, *, body: NewJob) -> Job:
        """Start the import of a file."""
        file, upload = await sources.find(self, body.source)
        return await self.call(lambda s: self._start(s, body, file, upload))

    async def forward(self, peer: Peer) -> Response:
        if self.request.method != "POST":
            return await super().forward(peer)
        job = read_body(self, NewJob)
        job = job.model_copy(update={"source": await sources.elsewhere(self, job.source, peer)})
        return await peer.send(self, job.model_dump_json(exclude_unset=True, by_alias=True).encode())

    def _start(self, services: Container, body: NewJob, file: Path, upload: str | None) -> Job:
        job = services.imports.start(self.actor, body.dataset, _request(body, file), create=body.create)
        if upload is not None:
            self.keeper.uploads.discard_after(job.id, upload)
            if services.jobs.find(job.id).status.ended:
                self.keeper.uploads.job_ended(job.id)
        return job


def _request(body: NewJob, file: Path) -> ImportRequest:
    from jupyter_datasets.client.imports import new_request, table_for

    table, renamed_from = table_for(file, body.table)
    same = body.model_dump(include={"mode", "schema_mode", "key", "message", "keep_original"})
    same |= {"claim": body.claim, "options": body.options.model_dump(exclude_unset=True)}
    return new_request(path=str(file), table=table, branch=body.ref, renamed_from=renamed_from, **same)


class JobHandler(ApiHandler):
    @endpoint("read")
    async def get(self, job: str) -> Job:
        """A job as it is now."""
        return await self.call(lambda s: s.jobs.get(self.actor, job))


class StatusHandler(ApiHandler):
    @endpoint("read")
    async def get(self, job: str) -> JobState:
        """How far a job is."""
        found = await self.call(lambda s: s.jobs.get(self.actor, job))
        return JobState.model_validate(found.model_dump(include=set(JobState.model_fields)))


class CancelHandler(ApiHandler):
    @endpoint("write")
    async def post(self, job: str) -> Job:
        """Ask a job to stop; one that ended stays as it is."""
        return await self.call(lambda s: s.jobs.cancel(self.actor, job))


class RetryHandler(ApiHandler):
    @endpoint("write", status=201)
    async def post(self, job: str) -> Job:
        """Run an import again that failed, was cancelled or lost: a new job with the same request."""
        return await self.call(lambda s: s.imports.retry(self.actor, job))


class EventsHandler(ApiHandler):
    @endpoint("read", media=(EVENTS,))
    async def get(self, job: str) -> None:
        """A job each time that it changed, until it has ended: server-sent events named ``job``."""
        found = await self.call(lambda s: s.jobs.get(self.actor, job))
        self.set_header("Content-Type", EVENTS)
        self.set_header("Cache-Control", "no-cache")
        try:
            await self._tell(found)
            while not found.status.ended:
                found = await self._next(found)
                await self._tell(found)
        except StreamClosedError:
            return
        self.finish(set_content_type=EVENTS)

    async def _tell(self, job: Job) -> None:
        self.write(f"event: job\ndata: {job.model_dump_json()}\n\n")
        await self.flush()

    async def _next(self, seen: Job) -> Job:
        loop = asyncio.get_running_loop()
        quiet_until = loop.time() + _ALIVE
        while True:
            await asyncio.sleep(_LOOK)
            found = await self.call(lambda s: s.jobs.get(self.actor, seen.id))
            if found != seen:
                return found
            if loop.time() > quiet_until:
                quiet_until += _ALIVE
                self.write(": still the same\n\n")
                await self.flush()


ROUTES = (
    Route("/jobs", JobsHandler),
    Route("/jobs/{job}", JobHandler),
    Route("/jobs/{job}/status", StatusHandler),
    Route("/jobs/{job}/events", EventsHandler),
    Route("/jobs/{job}/cancel", CancelHandler),
    Route("/jobs/{job}/retry", RetryHandler),
)
