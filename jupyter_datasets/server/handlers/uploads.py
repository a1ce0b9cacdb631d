"""Uploads: files sent in parts, which may be sent again."""

from __future__ import annotations

from pydantic import Field

from jupyter_datasets.client.answers import Upload
from jupyter_datasets.server.base import ApiHandler
from jupyter_datasets.server.bodies import BYTES
from jupyter_datasets.server.endpoint import Input, endpoint
from jupyter_datasets.server.route import Route

MAX_PART = 32 << 20


class NewUpload(Input):
    """A file to be sent."""

    name: str
    bytes: int = Field(ge=0, lt=1 << 62)


class PartQuery(Input):
    """Where the part begins, and its SHA-256 in hex."""

    offset: int = Field(ge=0, lt=1 << 62)
    sha256: str


class UploadsHandler(ApiHandler):
    @endpoint("write", status=201)
    async def post(self, *, body: NewUpload) -> Upload:
        """Announce a file."""
        made = await self.call(lambda _: self.keeper.uploads.begin(body.name, body.bytes))
        self.keeper.unfinished.touch(made.id)
        return made


class UploadHandler(ApiHandler):
    max_body = MAX_PART

    @endpoint("read")
    async def get(self, upload: str) -> Upload:
        """How much of a file has arrived."""
        return await self.call(lambda _: self.keeper.uploads.get(upload))

    @endpoint("write", takes=BYTES)
    async def put(self, upload: str, *, query: PartQuery) -> Upload:
        """Send the next part, of 32 MiB at most."""
        self.keeper.unfinished.still_used(upload)
        part = bytes(self.received)
        return await self.call(lambda _: self.keeper.uploads.put(upload, query.offset, query.sha256, part))

    @endpoint("write", status=204)
    async def delete(self, upload: str) -> None:
        """Give a file up."""
        self.keeper.unfinished.forget(upload)
        await self.call(lambda _: self.keeper.uploads.discard(upload))


ROUTES = (
    Route("/uploads", UploadsHandler),
    Route("/uploads/{upload}", UploadHandler),
)
