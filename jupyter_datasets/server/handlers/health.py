"""Health: does the server live, is its store open, which version is it."""

from __future__ import annotations

from importlib.metadata import version

from pydantic import BaseModel

from jupyter_datasets.client.answers import VersionInfo
from jupyter_datasets.server.base import ApiHandler
from jupyter_datasets.server.endpoint import Input, endpoint
from jupyter_datasets.server.route import Route
from jupyter_datasets.services.health.models import Report


class Alive(BaseModel):
    """The server answers."""

    status: str = "ok"


class CheckQuery(Input):
    """``rehash`` is a dataset whose files are to be read again, or ``all``."""

    rehash: str | None = None


class LiveHandler(ApiHandler):
    forwarded = False

    @endpoint("read")
    async def get(self) -> Alive:
        """Whether the server answers."""
        return Alive()


class ReadyHandler(ApiHandler):
    @endpoint("read")
    async def get(self) -> Alive:
        """Whether the store is open; 503 tells why it is not."""
        await self.keeper.ready()
        return Alive()


class VersionHandler(ApiHandler):
    @endpoint("read")
    async def get(self) -> VersionInfo:
        """The program's version, and where its store is."""
        return VersionInfo(version=version("jupyter_datasets"), store=self.keeper.place)


class CheckHandler(ApiHandler):
    @endpoint("read")
    async def get(self, *, query: CheckQuery) -> Report:
        """Check that the store is well; takes as long as it takes to read what is to be read again."""
        return await self.call(lambda s: s.health.check(self.actor, query.rehash))


ROUTES = (
    Route("/health/live", LiveHandler),
    Route("/health/ready", ReadyHandler),
    Route("/health/check", CheckHandler),
    Route("/version", VersionHandler),
)
