"""Datasets as rows."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, Select, insert, select, update

from jupyter_datasets.catalog.tables import datasets
from jupyter_datasets.services.datasets.models import Dataset
from jupyter_datasets.values import name_key


def add(connection: Connection, dataset: Dataset) -> None:
    """Insert a new dataset; a taken name shows as the database's uniqueness error."""
    connection.execute(insert(datasets).values(_to_row(dataset)))


def save(connection: Connection, old: Dataset, new: Dataset) -> bool:
    """Write all that may change of a dataset; False when it is not as it was read any more."""
    row = _to_row(new)
    query = update(datasets).where(datasets.c.id == row.pop("id"), datasets.c.updated_us == old.updated)
    return connection.execute(query.values(row).returning(datasets.c.id)).one_or_none() is not None


def by_id(connection: Connection, dataset_id: str) -> Dataset | None:
    """A dataset by id, in the bin or not."""
    return _one(connection, select(datasets).where(datasets.c.id == dataset_id))


def ids_among(connection: Connection, ids: Sequence[str]) -> set[str]:
    """Those of these ids that datasets have, in the bin or not."""
    return set(connection.scalars(select(datasets.c.id).where(datasets.c.id.in_(ids)))) if ids else set()


def by_name(connection: Connection, name: str, owner: str | None) -> list[Dataset]:
    """Living datasets of that name, of one owner or of all."""
    query = select(datasets).where(datasets.c.slot == name_key(name), datasets.c.deleted_us.is_(None))
    if owner is not None:
        query = query.where(datasets.c.owner == owner)
    return [_from_row(row) for row in connection.execute(query)]


def in_bin_by_name(connection: Connection, name: str) -> list[Dataset]:
    """Deleted datasets that had this name, the newest first."""
    return [d for d in in_bin(connection) if name_key(d.name) == name_key(name)]


def living(connection: Connection, after: tuple[str, str] | None, limit: int, offset: int = 0) -> list[Dataset]:
    """Datasets outside the bin by name, behind a given (slot, id)."""
    query = select(datasets).where(datasets.c.deleted_us.is_(None))
    if after is not None:
        slot, dataset_id = after
        query = query.where((datasets.c.slot > slot) | ((datasets.c.slot == slot) & (datasets.c.id > dataset_id)))
    query = query.order_by(datasets.c.slot, datasets.c.id).limit(limit).offset(offset)
    return [_from_row(row) for row in connection.execute(query)]


def in_bin(connection: Connection) -> list[Dataset]:
    """Deleted datasets, the last deleted first."""
    query = select(datasets).where(datasets.c.deleted_us.is_not(None)).order_by(datasets.c.deleted_us.desc())
    return [_from_row(row) for row in connection.execute(query)]


def names(connection: Connection) -> list[str]:
    """The names of all living datasets."""
    return list(connection.scalars(select(datasets.c.name).where(datasets.c.deleted_us.is_(None))))


def _one(connection: Connection, query: Select[Any]) -> Dataset | None:
    row = connection.execute(query).one_or_none()
    return None if row is None else _from_row(row)


def _to_row(dataset: Dataset) -> dict[str, Any]:
    return {
        "id": dataset.id,
        "owner": dataset.owner,
        "name": dataset.name,
        "slot": name_key(dataset.name) if dataset.deleted is None else dataset.id,
        "description": dataset.description,
        "labels": json.dumps(dataset.labels, ensure_ascii=False),
        "default_table": dataset.default_table,
        "created_by": dataset.owner,
        "created_us": dataset.created,
        "updated_us": dataset.updated,
        "deleted_us": dataset.deleted,
    }


def _from_row(row: Row[Any]) -> Dataset:
    dataset_id, owner, name, _, description, labels, default_table, _, created, updated, deleted = tuple(row)
    return Dataset(
        id=dataset_id,
        owner=owner,
        name=name,
        description=description,
        labels=tuple(json.loads(labels)),
        default_table=default_table,
        created=created,
        updated=updated,
        deleted=deleted,
    )
