"""What ``fsck --repair`` does: move what is damaged out of the way, and set the index right. It deletes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Connection

from jupyter_datasets import faults
from jupyter_datasets.catalog.database import Database
from jupyter_datasets.errors import DamagedObjectError, DatasetsError
from jupyter_datasets.services.housekeeping import records
from jupyter_datasets.services.housekeeping.checking import Found
from jupyter_datasets.store import packs
from jupyter_datasets.store.backends import Kind, LocalBackend
from jupyter_datasets.store.packs import Place
from jupyter_datasets.values import ObjectHash


def mend(backend: LocalBackend, database: Database, found: Found) -> dict[ObjectHash, str]:
    """Bring a store into a state in which whoever writes the same rows again mends it. Nobody writes meanwhile.

    What can be read of a damaged pack is put into another one, the index is set right, and damaged files move into
    quarantine.

    Returns
    -------
    dict
        What was done about each file, as a sentence.
    """
    places = dict(found.places)
    for pack in _damaged(found.packs):
        places |= _salvage(backend, pack, {name: p for name, p in found.places.items() if p.pack == pack})
    faults.reach("fsck.salvaged")
    with database.begin() as uow:
        _set_index(uow.connection, found, places)
        uow.commit()
    faults.reach("fsck.index-set")
    return dict(_clear(backend, "objects", found.objects)) | dict(_clear(backend, "packs", found.packs))


def _salvage(backend: LocalBackend, pack: ObjectHash, readable: dict[ObjectHash, Place]) -> Mapping[ObjectHash, Place]:
    if not readable:
        return {}
    data = backend.read("packs", pack)
    texts = {name: packs.unframe(name, data[p.offset : p.offset + p.length]) for name, p in readable.items()}
    new = packs.build(texts, _note(data))
    backend.write("packs", new.name, new.data)
    return new.places


def _set_index(connection: Connection, found: Found, places: Mapping[ObjectHash, Place]) -> None:
    """Let the index name each object where it can be read, and no object that cannot."""
    known = {name: place for said in records.index(connection).values() for name, place in said.items()}
    suspects = {name for names in found.astray.values() for name in names}
    suspects |= {name for name, place in known.items() if place.pack in found.packs}
    suspects &= known.keys()
    records.move_objects(connection, {name: places[name] for name in suspects if name in places})
    records.drop_objects(connection, [name for name in suspects if name not in places])
    records.add_objects(connection, {name: places[name] for name in found.spare - known.keys() if name in places})


def _clear(
    backend: LocalBackend, kind: Kind, wrong: Mapping[ObjectHash, DatasetsError]
) -> Iterator[tuple[ObjectHash, str]]:
    for name in _damaged(wrong):
        if backend.has(kind, name):
            yield name, f"It was moved to {backend.quarantine(kind, name)}."


def _damaged(wrong: Mapping[ObjectHash, DatasetsError]) -> list[ObjectHash]:
    """Without what the disk would not let us read just now."""
    return [name for name, error in wrong.items() if isinstance(error, DamagedObjectError)]


def _note(data: bytes) -> dict[str, Any]:
    try:
        return packs.read_end(data)[1]
    except DamagedObjectError:
        return {}
