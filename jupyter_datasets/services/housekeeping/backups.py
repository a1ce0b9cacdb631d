"""Backups: a folder with the store's files and a copy of its catalog, brought up to date by each further run.

A backup is no store, so that nobody writes to it by mistake: it has a ``backup.json`` where a store has a
``format.json``. The catalog is copied before the files are listed, so every file that it needs is among them, and takes
its place in the backup after them: a run that is interrupted leaves the earlier backup whole.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from jupyter_datasets import faults
from jupyter_datasets.catalog.database import Database
from jupyter_datasets.catalog.layout import CATALOG, FORMAT_FILE, is_store, replace_file, sync_folder
from jupyter_datasets.errors import AlreadyExistsError, ErrorKind, InvalidInputError, NotFoundError
from jupyter_datasets.services.housekeeping import records
from jupyter_datasets.services.housekeeping.checking import OnProgress
from jupyter_datasets.services.housekeeping.models import Backup
from jupyter_datasets.store.backends import Kind, LocalBackend, check_file, sync_file, translated_io, verify
from jupyter_datasets.values import ObjectHash, new_id, now

NOTE = "backup.json"
_KINDS: tuple[Kind, Kind] = ("objects", "packs")
_BATCH = 100  # files that take their places together
_RESTORED = frozenset({*_KINDS, "staging", CATALOG})  # what an interrupted restore leaves


class _Copying:
    """Brings the files of one folder into another and counts them.

    Parameters
    ----------
    links
        Whether a file may become a further name of the same bytes, where both folders are on one file system.
    """

    def __init__(
        self, source: LocalBackend, target: LocalBackend, *, links: bool, on_progress: OnProgress | None
    ) -> None:
        self._source = source
        self._target = target
        self._links = links
        self._tell = on_progress
        self.files = self.bytes = self.new_files = self.new_bytes = self.linked = 0

    @property
    def counts(self) -> dict[str, int]:
        """What was counted, by the names of a :class:`Backup`."""
        names = ("files", "bytes", "new_files", "new_bytes", "linked")
        return {name: getattr(self, name) for name in names}

    def run(self) -> None:
        """Copy what the target lacks; what it has is trusted by its time stamp, and what is copied is read again."""
        names = [(kind, name) for kind in _KINDS for name in self._source.names(kind)]
        total = sum(self._source.size(kind, name) for kind, name in names)
        for kind in _KINDS:
            rest = iter([name for of, name in names if of == kind])
            while some := list(islice(rest, _BATCH)):
                self._bring(kind, some)
                if self._tell:
                    self._tell(self.bytes, total)

    def _bring(self, kind: Kind, names: Sequence[ObjectHash]) -> None:
        lacking = [name for name in names if not self._target.is_sound(kind, name, self._source.size(kind, name))]
        staging = self._target.new_staging()
        try:
            staged = [(self._stage(kind, name, staging / name), name) for name in lacking]
            faults.reach("backup.staged")
            self._target.publish(kind, staged)
        finally:
            self._target.discard(staging)
        self.new_files += len(lacking)
        self.new_bytes += sum(self._source.size(kind, name) for name in lacking)
        self.files += len(names)
        self.bytes += sum(self._source.size(kind, name) for name in names)

    def _stage(self, kind: Kind, name: ObjectHash, staged: Path) -> Path:
        path = self._source.path(kind, name)
        if self._links and _link(path, staged):
            check_file(staged, name)
            self.linked += 1
            return staged
        with translated_io(f"copying {path}"):
            shutil.copyfile(path, staged)
            sync_file(staged)
        verify(staged, name)
        return staged


def _link(path: Path, target: Path) -> bool:
    try:
        os.link(path, target)
    except OSError:  # another file system, or one without links
        return False
    return True


def create(
    database: Database, source: LocalBackend, folder: Path, *, links: bool, on_progress: OnProgress | None
) -> Backup:
    """Make a backup of an open store, or bring one up to date; the caller sees to it that nothing is deleted."""
    _check_target(source.root, folder)
    moment = now()
    _prepare(folder)
    catalog = folder / f".{CATALOG}.{new_id()}"
    try:
        database.copy_to(catalog)
        faults.reach("backup.catalog-copied")
        with database.read() as connection:
            counts = records.counts(connection)
        copying = _Copying(source, LocalBackend(folder), links=links, on_progress=on_progress)
        copying.run()
        faults.reach("backup.files-copied")
        store = json.loads((source.root / FORMAT_FILE).read_bytes())
        made = Backup(path=str(folder), time=moment, store=store, **counts, **copying.counts)
        _finish(folder, catalog, made)
        return made
    finally:
        catalog.unlink(missing_ok=True)


def _prepare(folder: Path) -> None:
    """Make the folder, and remove what an interrupted run left in it."""
    with translated_io(f"making {folder}"):
        folder.mkdir(mode=0o700, exist_ok=True)
        for left in folder.glob(f".{CATALOG}.*"):
            left.unlink()
        shutil.rmtree(folder / "staging", ignore_errors=True)


def _finish(folder: Path, catalog: Path, made: Backup) -> None:
    """Put the catalog and the note in their places, each in one step; the earlier note fits the new catalog as well."""
    with translated_io(f"writing {folder}"):
        os.replace(catalog, folder / CATALOG)
        sync_folder(folder)
        faults.reach("backup.catalog-in-place")
        replace_file(folder / NOTE, made.model_dump_json(indent=2).encode(), mode=0o600, durable=True)


def _check_target(store: Path, folder: Path) -> None:
    inside, above = folder.resolve(), store.resolve()
    if inside == above or above in inside.parents:
        raise InvalidInputError(
            f"{folder} lies in the store itself.", next_step="Name a folder elsewhere, best on another disk."
        )
    if not folder.parent.is_dir():
        raise InvalidInputError(
            f"There is no folder {folder.parent} to make the backup in.",
            next_step="Make it first, or mount its disk; a mistyped place would fill another one.",
        )
    if folder.exists() and not folder.is_dir():
        raise InvalidInputError(f"{folder} is a file.", next_step="Name a folder for the backup.")
    if folder.exists() and not (folder / NOTE).exists() and (strangers := _strangers(folder)):
        raise InvalidInputError(
            f"{folder} is no backup, and it is not empty: it holds {strangers[0]!r}.",
            next_step="Name an earlier backup, or a folder that is empty or does not exist yet.",
        )


def _strangers(folder: Path) -> list[str]:
    return sorted(name for name in os.listdir(folder) if name not in _RESTORED and not name.startswith("."))


# -------------------------------------------------------------------------------------------------------------- restore


def restore(backup: Path, folder: Path, *, links: bool = False, on_progress: OnProgress | None = None) -> Backup:
    """Make a store of a backup. Every file is read and its hash compared.

    Parameters
    ----------
    folder
        Where the store is to be: a folder that is empty or does not exist yet.
    links
        Whether files may be further names of the backup's own, where both are on one file system.

    Returns
    -------
    Backup
        What the backup holds. The folder becomes a store as the last step, so an interrupted restore may be repeated.

    Raises
    ------
    NotFoundError
        There is no backup, or it was interrupted before its end.
    AlreadyExistsError
        There is a store already, or the folder holds something else.
    DamagedObjectError
        A file of the backup is damaged.
    """
    made = read(backup)
    _check_free(folder)
    source, target = LocalBackend(backup), LocalBackend(folder)
    _prepare(folder)
    copying = _Copying(source, target, links=links, on_progress=on_progress)
    copying.run()
    if copying.new_files - copying.linked < copying.files:  # the others were read as they were copied
        for kind, name in _all(target):
            target.rehash(kind, name)
    faults.reach("restore.files-copied")
    _become_store(folder, backup / CATALOG, made)
    return made


def _become_store(folder: Path, catalog: Path, made: Backup) -> None:
    with translated_io(f"writing {folder}"):
        shutil.copyfile(catalog, folder / CATALOG)
        sync_file(folder / CATALOG)
        sync_folder(folder)
        faults.reach("restore.before-format")
        replace_file(folder / FORMAT_FILE, json.dumps(made.store, indent=2).encode(), mode=0o644, durable=True)
        shutil.rmtree(folder / "staging", ignore_errors=True)


def read(backup: Path) -> Backup:
    """What a backup holds."""
    try:
        values: Mapping[str, Any] = json.loads((backup / NOTE).read_bytes())
        return Backup.model_validate(values)
    except (OSError, ValueError) as error:
        raise NotFoundError(
            f"There is no backup in {backup}, or none that was finished.",
            kind=ErrorKind.STORE_NOT_FOUND,
            next_step="Make one: jupyter datasets backup create FOLDER",
            details={"path": str(backup)},
        ) from error


def _check_free(folder: Path) -> None:
    if is_store(folder) or (folder.exists() and (not folder.is_dir() or _strangers(folder))):
        raise AlreadyExistsError(
            f"{folder} is not empty.",
            kind=ErrorKind.FILE_EXISTS,
            next_step="Name a folder that is empty or does not exist yet.",
            details={"path": str(folder)},
        )


def _all(backend: LocalBackend) -> Iterator[tuple[Kind, ObjectHash]]:
    for kind in _KINDS:
        yield from ((kind, name) for name in backend.names(kind))
