"""The rows that housekeeping reads and changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, bindparam, delete, func, insert, select, update

from jupyter_datasets.catalog import tables
from jupyter_datasets.catalog.tables import condemned, datasets, jobs, merges, objects, ref_log, refs
from jupyter_datasets.services.housekeeping.models import Keeper, Kind, Reason, Thing
from jupyter_datasets.services.jobs.models import JobStatus
from jupyter_datasets.store.packs import Place
from jupyter_datasets.values import CommitId, DatasetId, Micros, ObjectHash

_COMMITS = tables.commits.c

_MOST = 5000  # names in a statement

# --------------------------------------------------------------------------------------------- what has to be kept


def keepers(connection: Connection, since: Micros) -> dict[Keeper, set[CommitId]]:
    """The commits that something points at, strongest first: branches and tags, merges, moves since a time, the bin.

    Parameters
    ----------
    since
        From when on moves of references can be undone.
    """
    called = {row.id: row for row in connection.execute(select(datasets.c.id, datasets.c.name, datasets.c.deleted_us))}
    found: dict[Keeper, set[CommitId]] = {}

    def add(reason: Reason, dataset_id: str, name: str, *commits: str | None) -> None:
        dataset = called.get(dataset_id)
        in_bin = dataset is not None and dataset.deleted_us is not None
        keeper = Keeper(reason="bin" if in_bin else reason, dataset=dataset.name if dataset else dataset_id, name=name)
        found.setdefault(keeper, set()).update(CommitId(c) for c in commits if c)

    for row in connection.execute(select(refs)):
        add(row.kind, row.dataset_id, row.name, row.commit_id)
    for row in connection.execute(select(ref_log).where(ref_log.c.time_us >= since)):
        add("undo", row.dataset_id, row.ref, row.old, row.new)
    for row in connection.execute(select(merges)):
        add("merge", row.dataset_id, row.branch, row.commit_id, row.ours)
    return dict(sorted(found.items(), key=lambda item: item[0].rank))


def parents(connection: Connection) -> dict[CommitId, tuple[CommitId, ...]]:
    """All commits of the store, each with its parents."""
    query = select(_COMMITS.id, _COMMITS.parents)
    return {CommitId(row.id): tuple(map(CommitId, row.parents.split())) for row in connection.execute(query)}


def versions(connection: Connection, dataset_id: DatasetId) -> dict[CommitId, int]:
    """All commits of a dataset with their numbers."""
    query = select(_COMMITS.id, _COMMITS.seq).where(_COMMITS.dataset_id == dataset_id).order_by(_COMMITS.seq)
    return {CommitId(row.id): row.seq for row in connection.execute(query)}


def heads(connection: Connection, dataset_id: DatasetId) -> dict[CommitId, list[str]]:
    """The names of the branches and tags at each commit that has some."""
    found: dict[CommitId, list[str]] = {}
    query = select(refs.c.name, refs.c.commit_id).where(refs.c.dataset_id == dataset_id, refs.c.commit_id.is_not(None))
    for row in connection.execute(query.order_by(refs.c.name)):
        found.setdefault(CommitId(row.commit_id), []).append(row.name)
    return found


# ------------------------------------------------------------------------------------------------ the index of packs


def index(connection: Connection) -> dict[ObjectHash, dict[ObjectHash, Place]]:
    """All that the index says, by pack."""
    found: dict[ObjectHash, dict[ObjectHash, Place]] = {}
    for row in connection.execute(select(objects)):
        pack = ObjectHash(row.pack)
        found.setdefault(pack, {})[ObjectHash(row.hash)] = Place(pack=pack, offset=row.offset, length=row.length)
    return found


def add_objects(connection: Connection, places: Mapping[ObjectHash, Place]) -> None:
    """Put objects into the index that are not there."""
    if rows := _to_rows(places):
        connection.execute(insert(objects), rows)


def move_objects(connection: Connection, places: Mapping[ObjectHash, Place]) -> None:
    """Say of objects in the index that they lie elsewhere."""
    if rows := _to_rows(places):
        query = update(objects).where(objects.c.hash == bindparam("hash_"))
        connection.execute(query, [{"hash_": row.pop("hash"), **row} for row in rows])


def drop_objects(connection: Connection, names: Sequence[ObjectHash]) -> None:
    """Take objects out of the index."""
    _delete(connection, objects.c.hash, names)


def _to_rows(places: Mapping[ObjectHash, Place]) -> list[dict[str, Any]]:
    return [{"hash": h, "pack": p.pack, "offset": p.offset, "length": p.length} for h, p in places.items()]


# ------------------------------------------------------------------------------------------------- what is condemned


def condemned_things(connection: Connection) -> dict[Thing, Micros]:
    """What is condemned, and since when."""
    rows = connection.execute(select(condemned))
    return {Thing(kind=row.kind, name=row.name): Micros(row.since_us) for row in rows}


def condemn(connection: Connection, things: Iterable[Thing], moment: Micros) -> None:
    """Note that nothing needs these now."""
    rows = [{"kind": thing.kind, "name": thing.name, "since_us": moment} for thing in things]
    if rows:
        connection.execute(insert(condemned), rows)


def pardon(connection: Connection, things: Iterable[Thing]) -> None:
    """Forget that these were condemned."""
    for kind, names in _by_kind(things).items():
        _delete(connection, condemned.c.name, names, condemned.c.kind == kind)


def forget(connection: Connection, things: Sequence[Thing]) -> None:
    """Take out of the catalog what is about to be deleted: its commits, and the index of its packs."""
    pardon(connection, things)
    names = _by_kind(things)
    _delete(connection, _COMMITS.id, names.get("commits", []))
    _delete(connection, tables.lineage.c.commit_id, names.get("commits", []))
    _delete(connection, objects.c.pack, names.get("packs", []))


# ----------------------------------------------------------------------------------------------------------- the bin


def deleted_before(connection: Connection, moment: Micros) -> dict[DatasetId, str]:
    """Datasets that went into the bin before a moment and that no unfinished job works on."""
    busy = select(jobs.c.dataset_id).where(
        jobs.c.dataset_id.is_not(None), jobs.c.status.in_([JobStatus.QUEUED, JobStatus.RUNNING])
    )
    query = select(datasets.c.id, datasets.c.name).where(datasets.c.deleted_us < moment, datasets.c.id.not_in(busy))
    return {DatasetId(row.id): row.name for row in connection.execute(query.order_by(datasets.c.deleted_us))}


def remove_dataset(connection: Connection, dataset_id: DatasetId) -> bool:
    """Remove all rows of a dataset; False when it is in the bin no more."""
    query = delete(datasets).where(datasets.c.id == dataset_id, datasets.c.deleted_us.is_not(None))
    if connection.execute(query.returning(datasets.c.id)).one_or_none() is None:
        return False
    for table in (refs, ref_log, merges, tables.commits, tables.lineage, jobs):
        connection.execute(delete(table).where(table.c.dataset_id == dataset_id))
    return True


# ------------------------------------------------------------------------------------------------------------- counts


def counts(connection: Connection) -> dict[str, int]:
    """How many datasets, commits and references there are."""
    counted = {"datasets": datasets, "commits": tables.commits, "refs": refs}
    return {name: connection.scalar(select(func.count()).select_from(t)) or 0 for name, t in counted.items()}


# ------------------------------------------------------------------------------------------------------------ helpers


def _by_kind(things: Iterable[Thing]) -> dict[Kind, list[str]]:
    found: dict[Kind, list[str]] = {}
    for thing in things:
        found.setdefault(thing.kind, []).append(thing.name)
    return found


def _delete(connection: Connection, column: Column[str], names: Sequence[str], *also: ColumnElement[bool]) -> None:
    for start in range(0, len(names), _MOST):
        part = names[start : start + _MOST]
        connection.execute(delete(column.table).where(column.in_(part), *also))
