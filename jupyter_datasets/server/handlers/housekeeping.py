"""Housekeeping: check and mend the store, collect, back up. Each call takes as long as it takes."""

from __future__ import annotations

from pathlib import Path

from jupyter_datasets.client.answers import Emptied
from jupyter_datasets.errors import InvalidInputError
from jupyter_datasets.server.base import ApiHandler
from jupyter_datasets.server.endpoint import Input, endpoint
from jupyter_datasets.server.route import Route
from jupyter_datasets.services.health.models import Report
from jupyter_datasets.services.housekeeping.models import BIN_DAYS, GRACE_HOURS, Backup, Collected


class Checking(Input):
    """``dataset`` alone is checked, or everything; ``repair`` also mends."""

    dataset: str | None = None
    repair: bool = False


class Collecting(Input):
    """``dry_run`` changes nothing; ``grace_hours`` is how long something must have been unneeded."""

    dry_run: bool = False
    grace_hours: float = GRACE_HOURS


class Emptying(Input):
    """How many days ago datasets must have been deleted to go for good."""

    older_than_days: float = BIN_DAYS


class Copying(Input):
    """``folder`` is on the server's machine; ``links`` allows further names of the same files."""

    folder: str
    links: bool = True


class FsckHandler(ApiHandler):
    @endpoint("write")
    async def post(self, *, body: Checking) -> Report:
        """Read all that versions need again."""
        return await self.call(lambda s: s.housekeeping.fsck(self.actor, body.dataset, repair=body.repair))


class CollectHandler(ApiHandler):
    @endpoint("write")
    async def post(self, *, body: Collecting) -> Collected:
        """Collect what no version needs."""
        how = body.model_dump()
        return await self.call(lambda s: s.housekeeping.gc(self.actor, **how))


class EmptyBinHandler(ApiHandler):
    @endpoint("write")
    async def post(self, *, body: Emptying) -> Emptied:
        """Remove datasets for good that were deleted long ago."""
        gone = await self.call(lambda s: s.housekeeping.empty_bin(self.actor, body.older_than_days))
        return Emptied(datasets=gone)


class BackupHandler(ApiHandler):
    @endpoint("write")
    async def post(self, *, body: Copying) -> Backup:
        """Copy the store to a folder of the server's machine."""
        folder = Path(body.folder)
        if not folder.is_absolute():
            raise InvalidInputError("The folder's path must be absolute.", details={"folder": body.folder})
        return await self.call(lambda s: s.housekeeping.back_up(self.actor, folder, links=body.links))


ROUTES = (
    Route("/housekeeping/fsck", FsckHandler),
    Route("/housekeeping/gc", CollectHandler),
    Route("/housekeeping/empty-bin", EmptyBinHandler),
    Route("/housekeeping/backup", BackupHandler),
)
