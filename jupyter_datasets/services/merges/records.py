"""Merges in progress as rows."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, Connection, Row, and_, delete, insert, select, update

from jupyter_datasets.catalog.tables import merges
from jupyter_datasets.services.merges.models import Merge, Resolution
from jupyter_datasets.values import DatasetId

_ANSWERS = TypeAdapter(tuple[Resolution, ...])


def add(connection: Connection, merge: Merge) -> None:
    """Keep a merge."""
    connection.execute(insert(merges).values(_to_row(merge)))


def save(connection: Connection, old: Merge, new: Merge) -> bool:
    """Write what changed of a merge; False when it is over, or not as it was read any more."""
    query = update(merges).where(merges.c.id == old.id, merges.c.updated_us == old.updated)
    changed = {name: value for name, value in _to_row(new).items() if name not in ("id", "dataset_id")}
    return connection.execute(query.values(changed).returning(merges.c.id)).one_or_none() is not None


def find(connection: Connection, dataset_id: DatasetId, merge_id: str) -> Merge | None:
    """A merge of a dataset."""
    query = select(merges).where(merges.c.id == merge_id, merges.c.dataset_id == dataset_id)
    row = connection.execute(query).one_or_none()
    return None if row is None else _from_row(row)


def of_dataset(connection: Connection, dataset_id: DatasetId) -> list[Merge]:
    """The merges of a dataset, oldest first."""
    query = select(merges).where(merges.c.dataset_id == dataset_id).order_by(merges.c.id)
    return [_from_row(row) for row in connection.execute(query)]


def alike(connection: Connection, merge: Merge) -> Merge | None:
    """The merge that does the same on the same branch, if one is in progress."""
    row = connection.execute(select(merges).where(_does_the_same(merge)).order_by(merges.c.id)).first()
    return None if row is None else _from_row(row)


def remove(connection: Connection, merge: Merge) -> bool:
    """Forget a merge, and others that do the same; False when there was none."""
    query = delete(merges).where(_does_the_same(merge)).returning(merges.c.id)
    return bool(connection.execute(query).all())


def _does_the_same(merge: Merge) -> ColumnElement[bool]:
    return and_(
        merges.c.dataset_id == merge.dataset_id,
        merges.c.branch == merge.branch,
        merges.c.action == merge.action,
        merges.c.commit_id == merge.commit,
    )


def _to_row(merge: Merge) -> dict[str, Any]:
    return {
        "id": merge.id,
        "dataset_id": merge.dataset_id,
        "action": merge.action,
        "branch": merge.branch,
        "source": merge.source,
        "commit_id": merge.commit,
        "ours": merge.ours,
        "message": merge.message,
        "squash": merge.squash,
        "resolutions": _ANSWERS.dump_json(merge.resolutions, exclude_none=True).decode(),
        "created_by": merge.created_by,
        "created_us": merge.created,
        "updated_us": merge.updated,
    }


def _from_row(row: Row[Any]) -> Merge:
    return Merge(
        id=row.id,
        dataset_id=row.dataset_id,
        action=row.action,
        branch=row.branch,
        source=row.source,
        commit=row.commit_id,
        ours=row.ours,
        message=row.message,
        squash=row.squash,
        resolutions=_ANSWERS.validate_json(row.resolutions),
        created_by=row.created_by,
        created=row.created_us,
        updated=row.updated_us,
    )
