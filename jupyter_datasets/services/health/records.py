"""The rows that tell what a store must hold."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, func, select

from jupyter_datasets.catalog import tables
from jupyter_datasets.catalog.tables import datasets, objects, refs
from jupyter_datasets.store.packs import Place
from jupyter_datasets.values import CommitId, DatasetId, ObjectHash


def names(connection: Connection) -> dict[DatasetId, str]:
    """What people call every dataset, those in the bin included."""
    rows = connection.execute(select(datasets.c.id, datasets.c.name, datasets.c.deleted_us).order_by(datasets.c.slot))
    return {DatasetId(r.id): r.name if r.deleted_us is None else f"{r.name} (in the bin)" for r in rows}


def heads(connection: Connection, dataset_id: DatasetId) -> dict[str, CommitId]:
    """Where each branch and tag of a dataset points; unborn branches are left out."""
    query = select(refs.c.name, refs.c.commit_id).where(refs.c.dataset_id == dataset_id, refs.c.commit_id.is_not(None))
    return {row.name: CommitId(row.commit_id) for row in connection.execute(query.order_by(refs.c.name))}


def commits(connection: Connection, dataset_id: DatasetId) -> dict[str, CommitId]:
    """All commits of a dataset by their number, ``#n``."""
    rows = tables.commits.c
    query = select(rows.seq, rows.id).where(rows.dataset_id == dataset_id).order_by(rows.seq)
    return {f"#{row.seq}": CommitId(row.id) for row in connection.execute(query)}


def pack_ends(connection: Connection) -> dict[ObjectHash, int]:
    """For each pack that the index names, the byte behind the last object that it must hold."""
    query = select(objects.c.pack, func.max(objects.c.offset + objects.c.length).label("end")).group_by(objects.c.pack)
    return {ObjectHash(row.pack): row.end for row in connection.execute(query)}


def indexed(connection: Connection, pack: ObjectHash) -> Mapping[ObjectHash, Place]:
    """What the index says to be in a pack."""
    rows = connection.execute(select(objects).where(objects.c.pack == pack))
    return {ObjectHash(r.hash): Place(pack=pack, offset=r.offset, length=r.length) for r in rows}
