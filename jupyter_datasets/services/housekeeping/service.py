"""Housekeeping: prove and mend a store, collect what nothing needs, copy it."""

from __future__ import annotations

from collections.abc import Sequence

from jupyter_datasets.services.health.models import Report
from jupyter_datasets.services.housekeeping import mending
from jupyter_datasets.services.housekeeping.checking import Found, OnProgress
from jupyter_datasets.services.housekeeping.fsck import Fsck
from jupyter_datasets.services.housekeeping.walking import Walk
from jupyter_datasets.services.versions import records as version_records
from jupyter_datasets.services.versions.open_store import OpenStore
from jupyter_datasets.store.packs import Place
from jupyter_datasets.values import Actor, ObjectHash, Role

PATIENCE = 30.0  # seconds to wait for those who write


class HousekeepingService:
    """What is done to a store as a whole; all of it by its administrator."""

    def __init__(self, store: OpenStore) -> None:
        self._database = store.database
        self._permissions = store.permissions
        self._datasets = store.datasets
        self._objects = store.objects
        self._backend = store.backend

    def fsck(
        self,
        actor: Actor,
        dataset: str | None = None,
        *,
        repair: bool = False,
        on_progress: OnProgress | None = None,
    ) -> Report:
        """Read all that versions need again, compare hashes and counts, and tell which versions damage touches.

        Parameters
        ----------
        dataset
            Only what this dataset's versions need; everything in the store when None.
        repair
            Move damaged files into ``quarantine``, so that an import of the same rows mends them; save what can be
            read of damaged packs; and make the index say what the packs hold. Nothing is deleted.
        on_progress
            Called with the bytes read so far, and in all.
        """
        self._permissions.require(actor, None, Role.ADMIN)
        only = None if dataset is None else self._datasets.get(actor, dataset).id
        with self._database.hold():
            look = Fsck(self._database, self._backend, self._walk(), only)
            return Report(checks=tuple(look.run(on_progress, self._mend if repair else None)))

    def _mend(self, found: Found) -> dict[ObjectHash, str]:
        with self._backend.gate.deleting(PATIENCE):
            done = mending.mend(self._backend, self._database, found)
        self._objects.forget()
        return done

    def _walk(self) -> Walk:
        return Walk(self._backend, self._locate)

    def _locate(self, names: Sequence[ObjectHash]) -> dict[ObjectHash, Place]:
        with self._database.read() as connection:
            return version_records.locate(connection, names)
