"""Rebuild: a lost catalog made anew of the newest export in the store, if there is one, and the notes of the packs.

It is built in a folder of its own and takes its place in one step, so an interrupted rebuild leaves no half catalog.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, Self

from sqlalchemy import Connection

from jupyter_datasets import faults
from jupyter_datasets.catalog.database import Database
from jupyter_datasets.catalog.holder import StoreLock
from jupyter_datasets.catalog.layout import CATALOG, StoreFormat, is_store, sync_folder
from jupyter_datasets.catalog.schema import HEAD
from jupyter_datasets.errors import AlreadyExistsError, ErrorKind, NotFoundError
from jupyter_datasets.services.datasets import records as datasets
from jupyter_datasets.services.datasets.models import Dataset
from jupyter_datasets.services.health.content import WRONG
from jupyter_datasets.services.housekeeping import records
from jupyter_datasets.services.housekeeping.models import Rebuilt
from jupyter_datasets.services.versions import records as versions
from jupyter_datasets.services.versions.models import Commit, RefInfo, RefMove
from jupyter_datasets.services.versions.origins import Told
from jupyter_datasets.services.versions.provenance import Provenance
from jupyter_datasets.store import packs
from jupyter_datasets.store.backends import LocalBackend, translated_io
from jupyter_datasets.store.canonical import decode
from jupyter_datasets.store.commits import CommitObject
from jupyter_datasets.store.objects import Objects
from jupyter_datasets.store.packs import Place
from jupyter_datasets.values import Actor, CommitId, DatasetId, Micros, ObjectHash, new_id

_NEVER = (
    "Packs do not tell, so these are back only as far as an export knew them: branches and tags without commits of"
    " their own, what was undone, renamed, protected or deleted, descriptions and labels, jobs and merges in progress."
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Noted:
    """A commit as its pack tells of it; it has no number yet."""

    dataset: DatasetId
    name: str
    ref: str
    before: CommitId | None
    time: Micros
    commit: Commit
    provenance: ObjectHash | None

    @classmethod
    def read(cls, data: bytes, places: Mapping[ObjectHash, Place], note: Mapping[str, Any]) -> Self | None:
        """What the note of a whole pack says; None where it is about no commit that lies in the pack."""
        place = places.get(note.get("to", ""))
        if place is None:
            return None
        name = note["to"]
        made = CommitObject.from_json(decode(packs.unframe(name, data[place.offset : place.offset + place.length])))
        commit = Commit(id=name, parents=made.parents, seq=0, author=made.author, time=made.time, message=made.message)
        return cls(
            dataset=note["dataset"],
            name=note["name"],
            ref=note["ref"],
            before=note["from"] or None,
            time=note["time"],
            commit=commit,
            provenance=made.provenance,
        )


def rebuild(store: Path, actor: Actor) -> Rebuilt:
    """Make the catalog of a store anew that has lost it.

    Raises
    ------
    NotFoundError
        There is no store.
    AlreadyExistsError
        It has a catalog.
    StoreBusyError
        Another process holds the store.
    """
    if not is_store(store):
        raise NotFoundError(
            f"There is no store in {store}.",
            kind=ErrorKind.STORE_NOT_FOUND,
            next_step="Name the folder of the store.",
            details={"store": str(store)},
        )
    lock = StoreLock(store, "rebuild")
    lock.acquire(deadline=0)
    try:
        _check_lost(store)
        folder = LocalBackend(store).new_staging()
        try:
            made = _build(store, folder, actor)
            _put_in_place(store, folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        return made
    finally:
        lock.release()


def _check_lost(store: Path) -> None:
    if (store / CATALOG).exists():
        raise AlreadyExistsError(
            f"The store has a catalog ({store / CATALOG}).",
            kind=ErrorKind.FILE_EXISTS,
            next_step="If it is damaged, move it (and its .wal) elsewhere first; keep it until all is well.",
            details={"path": str(store / CATALOG)},
        )


def _put_in_place(store: Path, folder: Path) -> None:
    faults.reach("rebuild.built")
    with translated_io("putting the new catalog in its place"):
        os.replace(folder / CATALOG, store / CATALOG)
        sync_folder(store)
    faults.reach("rebuild.in-place")
    StoreFormat.of(store).with_catalog(HEAD).save(store)


def _build(store: Path, folder: Path, actor: Actor) -> Rebuilt:
    StoreFormat.of(folder)  # makes a store of it
    export = _newest_export(store)
    for file in export.parent.glob(f"{export.name}*") if export else ():
        shutil.copyfile(file, folder / file.name.replace(export.name if export else "", CATALOG, 1))
    database = Database(folder, program="rebuild")
    try:
        with database.hold():
            return _fill(database, LocalBackend(store), actor, export)
    finally:
        database.close()


def _newest_export(store: Path) -> Path | None:
    """The last copy that was made before a migration; the names end with the time."""
    found = sorted((store / "backup").glob("catalog-*.duckdb"), key=lambda path: path.name.rpartition("-")[2])
    return found[-1] if found else None


def _fill(database: Database, backend: LocalBackend, actor: Actor, export: Path | None) -> Rebuilt:
    lost: list[str] = []
    found = list(_packs(backend, lost))
    notes = sorted((noted for _, noted in found if noted), key=lambda noted: noted.time)
    with database.begin() as uow:
        _index(uow.connection, [places for places, _ in found])
        objects = Objects(backend, partial(versions.locate, uow.connection))
        lost += _Restoring(uow.connection, notes, actor, objects).run()
        counts = records.counts(uow.connection)
        uow.commit()
    told = "" if export is None else str(export)
    return Rebuilt(
        datasets=counts["datasets"],
        commits=counts["commits"],
        branches=counts["refs"],
        export=told,
        lost=(*lost, _NEVER),
    )


def _packs(backend: LocalBackend, lost: list[str]) -> Iterator[tuple[Mapping[ObjectHash, Place], Noted | None]]:
    """What whole packs hold, and what their notes say; the others are told."""
    for name in backend.names("packs"):
        try:
            backend.rehash("packs", name)
            data = backend.read("packs", name)
            places, note = packs.read_end(data)
            yield places, Noted.read(data, places, note)
        except WRONG as error:
            lost.append(error.message)


def _index(connection: Connection, found: Iterable[Mapping[ObjectHash, Place]]) -> None:
    known = {name for said in records.index(connection).values() for name in said}
    for places in found:
        records.add_objects(connection, {name: place for name, place in places.items() if name not in known})
        known |= places.keys()


class _Restoring:
    """Makes the commits that a catalog lacks again, in the order of time; what is doubtful is told."""

    def __init__(self, connection: Connection, notes: Sequence[Noted], actor: Actor, objects: Objects) -> None:
        self._connection = connection
        self._objects = objects
        self._notes = notes
        self._actor = actor
        self._names = {noted.dataset: noted.name for noted in notes}  # the last one counts
        self._newest: dict[DatasetId, int] = {}
        self._known = set(records.parents(connection))

    def run(self) -> Iterator[str]:
        """Restore them all."""
        for noted in self._notes:
            if noted.dataset not in self._newest:
                yield from self._dataset(noted)
                self._newest[noted.dataset] = versions.newest_seq(self._connection, noted.dataset)
            if noted.commit.id not in self._known:
                yield from self._commit(noted)

    def _dataset(self, noted: Noted) -> Iterator[str]:
        if datasets.by_id(self._connection, noted.dataset) is not None:
            return
        name = free = self._names[noted.dataset]
        numbers = count(2)
        while datasets.by_name(self._connection, free, self._actor.id):
            free = f"{name}_{next(numbers)}"
        if free != name:
            yield f"Dataset {noted.dataset} is called {free!r} now, for another one is called {name!r}."
        made = Dataset(
            id=noted.dataset,
            owner=self._actor.id,
            name=free,
            default_table=noted.name,
            created=noted.time,
            updated=noted.time,
        )
        datasets.add(self._connection, made)

    def _commit(self, noted: Noted) -> Iterator[str]:
        self._newest[noted.dataset] += 1
        commit = noted.commit.model_copy(update={"seq": self._newest[noted.dataset]})
        versions.add_commit(self._connection, noted.dataset, commit)
        yield from self._links(noted, commit)
        yield from _move(self._connection, noted, self._actor)

    def _links(self, noted: Noted, commit: Commit) -> Iterator[str]:
        if noted.provenance is None:
            return
        try:
            value = self._objects.load([noted.provenance])[noted.provenance]
        except WRONG as error:
            yield f"What commit {commit.short} was made from is not known any more: {error.message}"
            return
        links = Told.of(Provenance.from_json(value)).links(noted.dataset, commit)
        versions.add_links(self._connection, links)


def _move(connection: Connection, noted: Noted, actor: Actor) -> Iterator[str]:
    """Put a branch where its commit did."""
    commit = noted.commit
    ref = RefInfo(name=noted.ref, kind="branch", commit=commit.id)
    old = versions.ref(connection, noted.dataset, noted.ref)
    if old is None:
        versions.add_ref(connection, noted.dataset, ref)
    else:
        if old.commit != noted.before:
            yield f"{noted.ref!r} of {noted.name!r} did not follow one line; it is where its last commit put it."
        if not versions.move_ref(connection, noted.dataset, noted.ref, old.commit, commit.id):
            yield f"{noted.ref!r} of {noted.name!r} is protected and stays where it was: {commit.short} lies beyond."
            return
    move = RefMove(
        id=new_id(),
        ref=noted.ref,
        kind="branch",
        action="commit",
        old=None if old is None else old.commit,
        new=commit.id,
        target=None,
        actor=actor.id,
        time=noted.time,
    )
    versions.add_move(connection, noted.dataset, move)
