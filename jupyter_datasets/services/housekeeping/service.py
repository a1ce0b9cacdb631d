"""Housekeeping: prove and mend a store, collect what nothing needs, copy it."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

from jupyter_datasets.errors import InvalidInputError
from jupyter_datasets.services.health.models import Report
from jupyter_datasets.services.housekeeping import backups, mending, records
from jupyter_datasets.services.housekeeping.checking import Found, OnProgress
from jupyter_datasets.services.housekeeping.collection import HOUR, Collection
from jupyter_datasets.services.housekeeping.fsck import Fsck
from jupyter_datasets.services.housekeeping.marking import Marking
from jupyter_datasets.services.housekeeping.models import BIN_DAYS, GRACE_HOURS, Backup, Collected
from jupyter_datasets.services.housekeeping.walking import Walk
from jupyter_datasets.services.versions import records as version_records
from jupyter_datasets.services.versions.edits import EditService
from jupyter_datasets.services.versions.open_store import OpenStore
from jupyter_datasets.store.packs import Place
from jupyter_datasets.values import Actor, Micros, ObjectHash, Role, now

PATIENCE = 30.0  # seconds to wait for those who write
UNDO_DAYS = 30.0
_LONGEST = 36_500 * 24 * HOUR


class HousekeepingService:
    """What is done to a store as a whole; all of it by its administrator."""

    def __init__(self, store: OpenStore, edits: EditService) -> None:
        self._database = store.database
        self._permissions = store.permissions
        self._datasets = store.datasets
        self._objects = store.objects
        self._backend = store.backend
        self._edits = edits
        self._one_run = threading.Lock()

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

    def gc(
        self, actor: Actor, *, dry_run: bool = False, grace_hours: float = GRACE_HOURS, undo_days: float = UNDO_DAYS
    ) -> Collected:
        """Condemn what nothing needs, and delete what was condemned by an earlier run and is not needed still.

        Branches and tags keep their history, as do moves of them that may be undone, datasets in the bin, and edits
        that are open. What they keep is never touched, whoever writes meanwhile.

        Parameters
        ----------
        dry_run
            Change nothing, and tell in ``why`` who keeps each file and pack.
        grace_hours
            How old something must be to be condemned, and for how long it then stays for those who read it.
        undo_days
            For how long a move of a branch or tag may be undone.

        Raises
        ------
        DamagedObjectError
            A version cannot be read, so nobody knows what it needs. Nothing was changed.
        StoreBusyError
            Others write all the time. What is condemned stays so.
        """
        self._permissions.require(actor, None, Role.ADMIN)
        grace, window = _span(grace_hours, HOUR, "The grace"), _span(undo_days, 24 * HOUR, "The time to undo")
        since = Micros(now() - window)
        with self._one_run, self._database.hold():
            marking = Marking(self._database, self._backend, self._walk(), self._edits.bases, since)
            report = Collection(self._database, self._backend, marking, grace, PATIENCE).run(dry=dry_run)
        if report.deleted and not dry_run:
            self._objects.forget()
        return report

    def empty_bin(self, actor: Actor, older_than_days: float = BIN_DAYS) -> tuple[str, ...]:
        """Remove datasets for good that went into the bin long ago, and give their names.

        What they alone needed is collected later. One that a job works on stays.

        Parameters
        ----------
        older_than_days
            How long they must have been there.
        """
        self._permissions.require(actor, None, Role.ADMIN)
        moment = Micros(now() - _span(older_than_days, 24 * HOUR, "The age"))
        # A commit that is under way has found its dataset alive, and comes through first.
        with self._backend.gate.deleting(PATIENCE), self._database.begin() as uow:
            found = records.deleted_before(uow.connection, moment)
            gone = [name for dataset, name in found.items() if records.remove_dataset(uow.connection, dataset)]
            uow.commit()
        return tuple(gone)

    def back_up(
        self, actor: Actor, folder: Path, *, links: bool = True, on_progress: OnProgress | None = None
    ) -> Backup:
        """Copy the store to a folder while others read and write, or bring an earlier backup there up to date.

        Parameters
        ----------
        folder
            An earlier backup, or a folder that is empty or does not exist yet.
        links
            Whether files may be further names of the store's own, where both are on one file system: a backup in no
            time, which helps against mistakes and not against a broken disk.
        on_progress
            Called with the bytes done, and in all.

        Raises
        ------
        DamagedObjectError
            A file of the store is damaged. The earlier backup is as it was.
        InvalidInputError
            The folder holds something else, or the catalog is on a server, which has its own tools for this.
        """
        self._permissions.require(actor, None, Role.ADMIN)
        with self._database.hold(), self._backend.gate.writing():
            return backups.create(self._database, self._backend, folder, links=links, on_progress=on_progress)

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


def _span(value: float, unit: int, what: str) -> int:
    """Microseconds."""
    if not 0 <= value * unit <= _LONGEST:
        raise InvalidInputError(f"{what} cannot be {value:g}.", next_step="Give a number from 0 on, at most a century.")
    return int(value * unit)
