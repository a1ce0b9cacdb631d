"""Puts the program together: the only place that constructs services and closes them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from jupyter_datasets.catalog.database import Database
from jupyter_datasets.services.datasets.service import DatasetService
from jupyter_datasets.services.health.service import HealthService
from jupyter_datasets.services.housekeeping.service import HousekeepingService
from jupyter_datasets.services.imports import service as imports
from jupyter_datasets.services.imports.newborns import Newborns
from jupyter_datasets.services.jobs.events import JobEnded
from jupyter_datasets.services.jobs.models import Job
from jupyter_datasets.services.jobs.service import JobService
from jupyter_datasets.services.merges.service import MergeService
from jupyter_datasets.services.permissions.service import PermissionService
from jupyter_datasets.services.versions import records
from jupyter_datasets.services.versions.edits import EditService
from jupyter_datasets.services.versions.open_store import OpenStore
from jupyter_datasets.services.versions.service import VersionService
from jupyter_datasets.settings import Settings
from jupyter_datasets.store.backends import LocalBackend
from jupyter_datasets.store.objects import Objects
from jupyter_datasets.store.packs import Place
from jupyter_datasets.values import ObjectHash
from jupyter_datasets.workers.pool import Pool
from jupyter_datasets.workers.registry import JobKind, Registry
from jupyter_datasets.workers.runner import Runner


class Container:
    """The services of one store, ready for use.

    Parameters
    ----------
    settings
        Where the store is, and what jobs may use.
    program
        What this process is called to others who want the store.
    on_wait
        Called with a sentence for people when another process has to be waited for.

    Attributes
    ----------
    lost
        Jobs of processes that died before these did, found when the store was opened.
    """

    def __init__(
        self, settings: Settings, *, program: str | None = None, on_wait: Callable[[str], None] | None = None
    ) -> None:
        self.settings = settings
        self.database = Database(
            settings.store,
            settings.catalog_url,
            busy_timeout=settings.busy_timeout,
            idle_close=settings.idle_close,
            program=program,
            on_wait=on_wait,
        )
        self.backend = LocalBackend(settings.store)
        self.objects = Objects(self.backend, self._locate)
        self.permissions = PermissionService()
        self.datasets = DatasetService(self.database, self.permissions)
        opened = OpenStore(
            database=self.database,
            permissions=self.permissions,
            datasets=self.datasets,
            objects=self.objects,
            backend=self.backend,
        )
        self.versions = VersionService(opened)
        self.edits = EditService(opened)
        self.merges = MergeService(opened, self.edits)
        self.health = HealthService(opened, embedded=not settings.catalog_url)
        self.housekeeping = HousekeepingService(opened, self.edits)
        # Before the job service listens itself: who waits for a job finds its dataset as it is to stay.
        self.database.events.subscribe(JobEnded, lambda event: newborns.settle(event))
        self.jobs = JobService(self.database, self.permissions)
        newborns = Newborns(self.datasets, self.versions, self.jobs)
        self.imports = imports.ImportService(
            self.permissions, self.datasets, self.edits, self.jobs, newborns, self.backend, settings
        )
        registry = Registry()
        registry.add(
            JobKind(
                name=imports.KIND,
                task=imports.TASK,
                prepare=self.imports.prepare,
                finish=self.imports.finish,
                discard=self.imports.discard,
            )
        )
        self._pool = Pool(modules=registry.modules(), ceiling=settings.memory_mib << 20)
        self.runner = Runner(self.jobs, registry, self._pool, settings.workers)
        self.lost: tuple[Job, ...] = ()

    def open(self) -> None:
        """Open the store: migrate the catalog if it is older, find lost jobs, clear what dead processes staged."""
        alone = not self.settings.catalog_url
        with self.database.hold():
            self.lost = self.runner.recover(alone=alone)
            self._clear_staging(alone)

    def _clear_staging(self, alone: bool) -> None:
        """Discard what nobody will use: all of it, or where others work in the store too, what is of jobs that ended.

        There, what an edit staged whose process died stays for collection.
        """
        names = [folder.name for folder in self.backend.stagings()]
        for name in names if alone else self.jobs.ended(names):
            self.backend.discard_staging(name)

    def close(self, *, wait: bool = True) -> None:
        """End jobs (waited for, or cancelled), children and the catalog. May be repeated."""
        self.runner.close(wait=wait)
        self._pool.close()
        self.database.close()

    def _locate(self, hashes: Sequence[ObjectHash]) -> dict[ObjectHash, Place]:
        with self.database.read() as connection:
            return records.locate(connection, hashes)


def build(settings: Settings, *, program: str | None = None, on_wait: Callable[[str], None] | None = None) -> Container:
    """A container whose store is open."""
    container = Container(settings, program=program, on_wait=on_wait)
    try:
        container.open()
    except BaseException:
        container.close(wait=False)
        raise
    return container
