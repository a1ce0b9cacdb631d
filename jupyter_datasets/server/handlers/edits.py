"""Edits: changes to tables and files that become one commit."""

from __future__ import annotations

import mimetypes
from typing import TYPE_CHECKING, Literal

from jupyter_datasets.client.answers import Committed, Repairs
from jupyter_datasets.errors import ConflictError, ErrorKind, NotFoundError
from jupyter_datasets.server.base import ApiHandler
from jupyter_datasets.server.bodies import BYTES, SpoolHandler, arrow_batches
from jupyter_datasets.server.endpoint import Input, endpoint
from jupyter_datasets.server.handlers.data import segment_path
from jupyter_datasets.server.route import Route
from jupyter_datasets.server.streaming import file_pieces, stream
from jupyter_datasets.services.versions.declarations import SchemaChanges, TableDeclaration
from jupyter_datasets.services.versions.models import Edit, PutMode, ScanPlan
from jupyter_datasets.services.versions.provenance import Claim, Provenance
from jupyter_datasets.values import MAIN, Actor, CommitId, ObjectHash, short
from jupyter_datasets.wire import ARROW_STREAM

if TYPE_CHECKING:
    from jupyter_datasets.container import Container


class NewEdit(Input):
    """The branch to change; ``expected`` is the commit at which the caller saw it, if that matters."""

    ref: str = MAIN
    expected: CommitId | None = None


class PutQuery(Input):
    """What the rows are to the table: ``insert`` appends rows that were found by looking at it.

    ``key`` names the columns that tell rows apart, when the table is made. With ``changes`` the rows are a change set;
    ``base`` is then the ``root`` of the scan plan in which their places stand.
    """

    mode: PutMode | Literal["changes"] = "append"
    key: tuple[str, ...] = ()
    base: ObjectHash = ObjectHash("")


class AttachQuery(Input):
    """What the file is; told by its name when left out."""

    media_type: str = ""


class NewName(Input):
    """What a table is to be called."""

    name: str


class CommitMessage(Input):
    """What the commit is to say, a summary of the changes when left out; and what the client says made it."""

    message: str = ""
    claim: Claim | None = None


class EditsHandler(ApiHandler):
    @endpoint("write", status=201)
    async def post(self, dataset: str, *, body: NewEdit) -> Edit:
        """Begin an edit of a branch."""
        edit = await self.call(lambda s: _begin(s, self, dataset, body))
        self.keeper.edits.touch(edit.id)
        return edit


def _begin(services: Container, handler: ApiHandler, dataset: str, body: NewEdit) -> Edit:
    edit = services.edits.begin(handler.actor, dataset, body.ref)
    if body.expected is None or body.expected == edit.base:
        return edit
    services.edits.abort(handler.actor, edit.id)
    raise ConflictError(
        f"Branch {edit.branch!r} is {'at ' + short(edit.base) if edit.base else 'unborn'}, and not where it was seen.",
        next_step="Look at the log, then begin again.",
        details={"ref": edit.branch, "expected": body.expected, "actual": edit.base},
    )


def _of(services: Container, actor: Actor, dataset: str, edit: str) -> str:
    """The edit, if it is one of this dataset, which is given by id or name."""
    owner = services.edits.find(actor, edit).dataset_id
    if dataset != owner and services.datasets.get(actor, dataset).id != owner:
        raise NotFoundError(
            "That dataset has no such edit.",
            kind=ErrorKind.EDIT_NOT_FOUND,
            next_step="Name the dataset with which the edit was begun.",
            details={"edit": edit},
        )
    return edit


class EditHandler(ApiHandler):
    @endpoint("write", status=204)
    async def delete(self, dataset: str, edit: str) -> None:
        """Forget an edit."""
        await self.call(lambda s: s.edits.abort(self.actor, _of(s, self.actor, dataset, edit)))
        self.keeper.edits.forget(edit)


class CommitHandler(ApiHandler):
    @endpoint("write")
    async def post(self, dataset: str, edit: str, *, body: CommitMessage) -> Committed:
        """Make the changes a commit and end the edit."""
        await self.call(lambda s: _of(s, self.actor, dataset, edit))
        self.keeper.edits.forget(edit)
        made_by = Provenance.of(body.claim)
        commit = await self.call(lambda s: s.edits.commit(self.actor, edit, body.message, provenance=made_by))
        return Committed(commit=commit)


class TableHandler(SpoolHandler):
    @endpoint("write", takes=ARROW_STREAM)
    async def put(self, dataset: str, edit: str, table: str, *, query: PutQuery) -> Repairs:
        """Append rows to a table, which is made when there is none, replace it by them, or change its rows."""
        self.keeper.edits.still_used(edit)
        return Repairs(warnings=await self.call(lambda s: self._put(s, dataset, edit, table, query)))

    def _put(self, services: Container, dataset: str, edit: str, table: str, query: PutQuery) -> tuple[str, ...]:
        found = _of(services, self.actor, dataset, edit)
        schema, batches = arrow_batches(self.spooled)
        if query.mode == "changes":
            return services.edits.change_rows(self.actor, found, table, query.base, schema, batches)
        return services.edits.put(self.actor, found, table, query.mode, schema, batches, query.key)

    @endpoint("write", status=204)
    async def delete(self, dataset: str, edit: str, table: str) -> None:
        """Remove a table from the next version."""
        self.keeper.edits.still_used(edit)
        await self.call(lambda s: s.edits.drop(self.actor, _of(s, self.actor, dataset, edit), table))


class ScanHandler(ApiHandler):
    @endpoint("write")
    async def get(self, dataset: str, edit: str, table: str) -> ScanPlan:
        """How a reader on the server's machine reads a table as the edit has it by now."""
        self.keeper.edits.still_used(edit)
        return await self.call(lambda s: s.edits.plan(self.actor, _of(s, self.actor, dataset, edit), table))


class SegmentHandler(ApiHandler):
    @endpoint("write", media=(BYTES,))
    async def get(self, dataset: str, edit: str, table: str, segment: str) -> None:
        """A segment of a table as the edit has it, for readers elsewhere."""
        self.keeper.edits.still_used(edit)
        plan = await self.call(lambda s: s.edits.plan(self.actor, _of(s, self.actor, dataset, edit), table))
        await stream(self, file_pieces(segment_path(plan, segment)), BYTES)


class DeclarationHandler(ApiHandler):
    @endpoint("write", status=204)
    async def put(self, dataset: str, edit: str, table: str, *, body: TableDeclaration) -> None:
        """Make a table without rows, as it is declared."""
        self.keeper.edits.still_used(edit)
        await self.call(lambda s: s.edits.create(self.actor, _of(s, self.actor, dataset, edit), table, body))


class SchemaHandler(ApiHandler):
    @endpoint("write", status=204)
    async def post(self, dataset: str, edit: str, table: str, *, body: SchemaChanges) -> None:
        """Change what a table is declared to be; its rows must keep it, and none is written anew."""
        self.keeper.edits.still_used(edit)
        await self.call(lambda s: s.edits.alter(self.actor, _of(s, self.actor, dataset, edit), table, body.changes))


class CompactHandler(ApiHandler):
    @endpoint("write", status=204)
    async def post(self, dataset: str, edit: str, table: str) -> None:
        """Cut a table by rule again, with small changes worked in."""
        self.keeper.edits.still_used(edit)
        await self.call(lambda s: s.edits.compact(self.actor, _of(s, self.actor, dataset, edit), table))


class RenameHandler(ApiHandler):
    @endpoint("write", status=204)
    async def post(self, dataset: str, edit: str, table: str, *, body: NewName) -> None:
        """Call a table otherwise from the next version on."""
        self.keeper.edits.still_used(edit)
        await self.call(lambda s: s.edits.rename(self.actor, _of(s, self.actor, dataset, edit), table, body.name))


class FileHandler(SpoolHandler):
    @endpoint("write", status=204, takes=BYTES)
    async def put(self, dataset: str, edit: str, name: str, *, query: AttachQuery) -> None:
        """Keep a file in the next version."""
        self.keeper.edits.still_used(edit)
        await self.call(lambda s: self._attach(s, dataset, edit, name, query.media_type))

    def _attach(self, services: Container, dataset: str, edit: str, name: str, media_type: str) -> None:
        found = _of(services, self.actor, dataset, edit)
        media = media_type or mimetypes.guess_type(name)[0] or BYTES
        services.edits.attach(self.actor, found, name, self.spooled.path(), media)

    @endpoint("write", status=204)
    async def delete(self, dataset: str, edit: str, name: str) -> None:
        """Remove a file from the next version."""
        self.keeper.edits.still_used(edit)
        await self.call(lambda s: s.edits.detach(self.actor, _of(s, self.actor, dataset, edit), name))


ROUTES = (
    Route("/datasets/{dataset}/edits", EditsHandler),
    Route("/datasets/{dataset}/edits/{edit}", EditHandler),
    Route("/datasets/{dataset}/edits/{edit}/commit", CommitHandler),
    Route("/datasets/{dataset}/edits/{edit}/tables/{table}", TableHandler),
    Route("/datasets/{dataset}/edits/{edit}/tables/{table}/declaration", DeclarationHandler),
    Route("/datasets/{dataset}/edits/{edit}/tables/{table}/schema", SchemaHandler),
    Route("/datasets/{dataset}/edits/{edit}/tables/{table}/compact", CompactHandler),
    Route("/datasets/{dataset}/edits/{edit}/tables/{table}/rename", RenameHandler),
    Route("/datasets/{dataset}/edits/{edit}/tables/{table}/scan", ScanHandler),
    Route("/datasets/{dataset}/edits/{edit}/tables/{table}/segments/{segment}", SegmentHandler),
    Route("/datasets/{dataset}/edits/{edit}/files/{name}", FileHandler),
)
