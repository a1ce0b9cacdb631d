"""Datasets: create, find, list, describe, rename, delete into the bin, restore."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any

from sqlalchemy import Connection

from jupyter_datasets.catalog.database import Database
from jupyter_datasets.errors import (
    AlreadyExistsError,
    ConflictError,
    ErrorKind,
    InvalidInputError,
    NotFoundError,
    PermissionDeniedError,
)
from jupyter_datasets.services.datasets import records
from jupyter_datasets.services.datasets.events import DatasetChanged
from jupyter_datasets.services.datasets.models import Dataset
from jupyter_datasets.services.datasets.recent import Recent
from jupyter_datasets.services.permissions.service import PermissionService
from jupyter_datasets.values import (
    Actor,
    DatasetId,
    Page,
    Role,
    check_limit,
    check_name,
    check_offset,
    check_text,
    name_key,
    nearest,
    new_id,
    now,
)

_LABEL_LENGTH = 50
_DATASETS, _PAGES = 1000, 8  # remembered
_ID = re.compile(r"[0-9][0-9a-f]{7}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class DatasetService:
    """One public method per intention. A dataset is named by its id, its name, or ``owner/name``."""

    def __init__(self, database: Database, permissions: PermissionService) -> None:
        self._database = database
        self._permissions = permissions
        self._recent = Recent[Dataset](database, _DATASETS)
        self._lists = Recent[Page[Dataset]](database, _PAGES)

    def create(self, actor: Actor, name: str, description: str = "", labels: Iterable[str] = ()) -> Dataset:
        """A new, empty dataset whose branch ``main`` is unborn.

        Raises
        ------
        AlreadyExistsError
            The name is taken, without regard to case.
        """
        self._permissions.require(actor, None, Role.WRITE)
        name, moment = check_name(name), now()
        dataset = Dataset(
            id=DatasetId(new_id()),
            owner=actor.id,
            name=name,
            description=check_text(description, "The description"),
            labels=_clean_labels(labels),
            default_table=name,
            created=moment,
            updated=moment,
        )
        with self._recent.changing(), self._lists.changing(), self._database.begin() as uow:
            _check_free(uow.connection, dataset)
            records.add(uow.connection, dataset)
            uow.record(DatasetChanged(dataset_id=dataset.id, action="created"))
            uow.commit()
        return dataset

    def get(self, actor: Actor, dataset: str) -> Dataset:
        """The dataset with that id or name; NotFoundError offers the nearest names."""
        self._permissions.require(actor, None, Role.READ)
        found = self._recent.get((actor.id, dataset), lambda: self._look_up(actor, dataset))
        self._permissions.require(actor, found.id, Role.READ)
        if found.deleted is not None:
            raise _not_found(found.name, [], deleted=True)
        return found

    def readable(self, actor: Actor, datasets: Iterable[str]) -> dict[str, Dataset]:
        """Those that there are and that the actor may read, by the ids or names that were given."""
        self._permissions.require(actor, None, Role.READ)
        asked = dict.fromkeys(datasets)
        ids = [each for each in asked if _ID.fullmatch(each)]
        with self._database.read() as connection:
            unknown = set(ids) - records.ids_among(connection, ids)
        found: dict[str, Dataset] = {}
        for each in (each for each in asked if each not in unknown):
            with suppress(NotFoundError, PermissionDeniedError, InvalidInputError):
                found[each] = self.get(actor, each)
        return found

    def list(self, actor: Actor, limit: int = 1000, cursor: str | None = None, offset: int = 0) -> Page[Dataset]:
        """Living datasets by name, behind the cursor, without the first ``offset`` of them."""
        self._permissions.require(actor, None, Role.READ)
        place = (check_limit(limit), cursor, check_offset(offset))
        return self._lists.get((actor.id, *place), lambda: self._page(*place))

    def _page(self, limit: int, cursor: str | None, offset: int) -> Page[Dataset]:
        with self._database.read() as connection:
            found = records.living(connection, _read_cursor(cursor), limit + 1, offset)
        more = len(found) > limit
        last = found[limit - 1] if more else None
        return Page(items=tuple(found[:limit]), cursor=json.dumps([name_key(last.name), last.id]) if last else None)

    def update(
        self,
        actor: Actor,
        dataset: str,
        *,
        name: str | None = None,
        description: str | None = None,
        labels: Iterable[str] | None = None,
    ) -> Dataset:
        """Rename, describe or label; what is None stays as it is."""
        old = self.get(actor, dataset)
        self._permissions.require(actor, old.id, Role.WRITE)
        changes = {
            "name": old.name if name is None else check_name(name),
            "description": old.description if description is None else check_text(description, "The description"),
            "labels": old.labels if labels is None else _clean_labels(labels),
        }
        return self._save(old, changes, "updated")

    def delete(self, actor: Actor, dataset: str) -> Dataset:
        """Move a dataset into the bin; its name is free at once."""
        old = self.get(actor, dataset)
        self._permissions.require(actor, old.id, Role.ADMIN)
        return self._save(old, {"deleted": now()}, "deleted")

    def bin(self, actor: Actor) -> Sequence[Dataset]:
        """Deleted datasets, the last deleted first."""
        self._permissions.require(actor, None, Role.READ)
        with self._database.read() as connection:
            return records.in_bin(connection)

    def restore(self, actor: Actor, dataset: str, name: str | None = None) -> Dataset:
        """Take a dataset, by id or name, out of the bin; under another name if its own is taken by now."""
        self._permissions.require(actor, None, Role.READ)
        with self._database.read() as connection:
            old = _find_in_bin(connection, check_text(dataset, "The name"))
        self._permissions.require(actor, old.id, Role.ADMIN)
        changes = {"deleted": None, "name": old.name if name is None else check_name(name)}
        return self._save(old, changes, "restored")

    def _look_up(self, actor: Actor, dataset: str) -> Dataset:
        with self._database.read() as connection:
            return _find(connection, actor, check_text(dataset, "The name"))

    def _save(self, old: Dataset, changes: dict[str, Any], action: str) -> Dataset:
        dataset = old.model_copy(update={**changes, "updated": now()})
        with self._recent.changing(), self._lists.changing(), self._database.begin() as uow:
            if dataset.deleted is None:
                _check_free(uow.connection, dataset)
            if not records.save(uow.connection, old, dataset):
                raise _changed_meanwhile(old)
            uow.record(DatasetChanged(dataset_id=dataset.id, action=action))
            uow.commit()
        return dataset


def _check_free(connection: Connection, dataset: Dataset) -> None:
    if any(other.id != dataset.id for other in records.by_name(connection, dataset.name, dataset.owner)):
        raise AlreadyExistsError(
            f"There is a dataset {dataset.name!r} already.",
            next_step="Choose another name; names that differ only in case are the same.",
            details={"name": dataset.name},
        )


def _changed_meanwhile(dataset: Dataset) -> ConflictError:
    return ConflictError(
        f"Dataset {dataset.name!r} was changed meanwhile.",
        kind=ErrorKind.WRITE_CONFLICT,
        next_step="Look at it again, then try again.",
        details={"dataset": dataset.id},
    )


def _find(connection: Connection, actor: Actor, text: str) -> Dataset:
    """The dataset of that id, which may be in the bin, or the one of that name, which is not."""
    if _ID.fullmatch(text):  # no name starts with a digit
        by_id = records.by_id(connection, text)
        if by_id is not None:
            return by_id
    owner, slash, name = text.rpartition("/")
    found = records.by_name(connection, name, owner if slash else None)
    mine = [d for d in found if d.owner == actor.id] or found
    if len(mine) == 1:
        return mine[0]
    if mine:
        raise InvalidInputError(
            f"Several datasets are called {text!r}.",
            kind=ErrorKind.AMBIGUOUS_NAME,
            next_step="Write one of: " + ", ".join(f"{d.owner}/{d.name}" for d in mine),
            details={"candidates": [f"{d.owner}/{d.name}" for d in mine]},
        )
    raise _not_found(text, records.names(connection), deleted=bool(records.in_bin_by_name(connection, text)))


def _find_in_bin(connection: Connection, text: str) -> Dataset:
    by_id = records.by_id(connection, text)
    if by_id is not None and by_id.deleted is not None:
        return by_id
    if found := records.in_bin_by_name(connection, text):
        return found[0]
    names = [d.name for d in records.in_bin(connection)]
    raise NotFoundError(
        f"There is no dataset {text!r} in the bin.",
        next_step=f"In the bin: {', '.join(names[:10])}." if names else "The bin is empty.",
        details={"dataset": text},
    )


def _not_found(text: str, names: list[str], deleted: bool) -> NotFoundError:
    hints = nearest(text, names)
    if deleted:
        step = "One of that name is in the bin: restore it first."
    elif hints:
        step = f"Did you mean {hints[0]!r}?"
    else:
        empty = "There are none in this store: create one first, or connect to another store."
        step = f"There are: {', '.join(names[:10])}." if names else empty
    return NotFoundError(
        f"There is no dataset {text!r}.", next_step=step, details={"dataset": text, "suggestions": hints}
    )


def _clean_labels(labels: Iterable[str]) -> tuple[str, ...]:
    if isinstance(labels, str):
        labels = [labels]
    clean = sorted({label.strip() for label in labels} - {""})
    if wrong := [label for label in clean if len(label) > _LABEL_LENGTH or not label.isprintable()]:
        raise InvalidInputError(f"The label {wrong[0]!r} is longer than {_LABEL_LENGTH} characters or not printable.")
    return tuple(clean)


def _read_cursor(cursor: str | None) -> tuple[str, str] | None:
    if cursor is None:
        return None
    try:
        slot, dataset_id = json.loads(cursor)
        return str(slot), str(dataset_id)
    except (ValueError, TypeError) as error:
        raise InvalidInputError(f"{cursor!r} is not a cursor that a list gave.") from error
