"""Commits, references, their log and the index of small objects, as rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from jupyter_datasets.catalog.tables import commits, objects, ref_log, refs
from jupyter_datasets.services.versions.models import Commit, RefInfo, RefMove
from jupyter_datasets.store.packs import Place
from jupyter_datasets.values import CommitId, DatasetId, Micros, ObjectHash

# ---------------------------------------------------------------------------------------------------------- objects


def locate(connection: Connection, hashes: Sequence[ObjectHash]) -> dict[ObjectHash, Place]:
    """Where small objects lie; one that is not indexed is left out."""
    rows = connection.execute(select(objects).where(objects.c.hash.in_(list(hashes))))
    return {ObjectHash(r.hash): Place(pack=ObjectHash(r.pack), offset=r.offset, length=r.length) for r in rows}


def add_objects(connection: Connection, places: Mapping[ObjectHash, Place]) -> None:
    """Index what a new pack holds; one that is indexed already shows as the database's uniqueness error."""
    rows = [{"hash": h, "pack": p.pack, "offset": p.offset, "length": p.length} for h, p in places.items()]
    connection.execute(insert(objects), rows)


# ---------------------------------------------------------------------------------------------------------- commits

MAX_SEQ = (1 << 31) - 1  # of the catalog's column
_COMMIT = [getattr(commits.c, name) for name in ("id", "parents", "seq", "author", "time_us", "message")]


def add_commit(connection: Connection, dataset_id: DatasetId, commit: Commit) -> None:
    """Insert a commit into a dataset; a taken number shows as the database's uniqueness error."""
    connection.execute(
        insert(commits).values(
            dataset_id=dataset_id,
            id=commit.id,
            seq=commit.seq,
            parents=" ".join(commit.parents),
            author=commit.author,
            time_us=commit.time,
            message=commit.message,
        )
    )


def commit(connection: Connection, dataset_id: DatasetId, commit_id: CommitId) -> Commit | None:
    """A commit of the dataset by its full id."""
    # Its few rows in all datasets: DuckDB uses no index where a second column is asked about.
    query = select(commits.c.dataset_id, *_COMMIT).where(commits.c.id == commit_id)
    return next((_to_commit(row[1:]) for row in connection.execute(query) if row[0] == dataset_id), None)


def commit_ids_by_prefix(connection: Connection, dataset_id: DatasetId, prefix: str, limit: int = 5) -> list[CommitId]:
    """Commits of the dataset whose id starts with these hex digits."""
    column = commits.c.id
    query = select(column).where(commits.c.dataset_id == dataset_id, column >= prefix, column < prefix + "g")
    return [CommitId(c) for c in connection.scalars(query.order_by(column).limit(limit))]


def commit_id_by_seq(connection: Connection, dataset_id: DatasetId, seq: int) -> CommitId | None:
    """The commit with the dataset's own number."""
    query = select(commits.c.id).where(commits.c.dataset_id == dataset_id, commits.c.seq == seq)
    return connection.scalar(query)


def commits_between(connection: Connection, dataset_id: DatasetId, first: int, last: int) -> list[Commit]:
    """Commits of the dataset by number, both ends included, newest first."""
    query = (
        select(*_COMMIT)
        .where(commits.c.dataset_id == dataset_id, commits.c.seq.between(first, last))
        .order_by(commits.c.seq.desc())
    )
    return [_to_commit(row) for row in connection.execute(query)]


def newest_seq(connection: Connection, dataset_id: DatasetId) -> int:
    """The highest sequence number of the dataset; 0 without commits."""
    query = select(func.max(commits.c.seq)).where(commits.c.dataset_id == dataset_id)
    return connection.scalar(query) or 0


def all_commit_ids(connection: Connection, dataset_id: DatasetId | None = None) -> list[CommitId]:
    """Every commit of a dataset, or of the store."""
    query = select(commits.c.id).distinct()
    if dataset_id is not None:
        query = query.where(commits.c.dataset_id == dataset_id)
    return [CommitId(c) for c in connection.scalars(query)]


def _to_commit(row: Sequence[Any]) -> Commit:
    commit_id, parents, seq, author, time, message = row  # by position, for a page of the log has a thousand
    return Commit(id=commit_id, parents=tuple(parents.split()), seq=seq, author=author, time=time, message=message)


# ------------------------------------------------------------------------------------------------------- references


def ref(connection: Connection, dataset_id: DatasetId, name: str) -> RefInfo | None:
    """A branch or tag by name."""
    query = select(refs).where(refs.c.dataset_id == dataset_id, refs.c.name == name)
    row = connection.execute(query).one_or_none()
    return None if row is None else _to_ref(row)


def all_refs(connection: Connection, dataset_id: DatasetId) -> list[RefInfo]:
    """All branches and tags of a dataset by name."""
    query = select(refs).where(refs.c.dataset_id == dataset_id).order_by(refs.c.name)
    return [_to_ref(row) for row in connection.execute(query).all()]


def names_by_commit(connection: Connection, dataset_id: DatasetId) -> dict[CommitId, list[str]]:
    """The names that point at each commit which has any."""
    found: dict[CommitId, list[str]] = {}
    for info in all_refs(connection, dataset_id):
        if info.commit:
            found.setdefault(info.commit, []).append(info.name)
    return found


def add_ref(connection: Connection, dataset_id: DatasetId, info: RefInfo) -> bool:
    """Insert a branch or tag; False when the name is taken."""
    if ref(connection, dataset_id, info.name) is not None:
        return False
    connection.execute(
        insert(refs).values(dataset_id=dataset_id, name=info.name, kind=info.kind, commit_id=info.commit)
    )
    return True


def move_ref(
    connection: Connection, dataset_id: DatasetId, name: str, old: CommitId | None, new: CommitId | None
) -> bool:
    """Compare and set; False when the reference is not at ``old``."""
    query = update(refs).where(refs.c.dataset_id == dataset_id, refs.c.name == name, _at(old))
    moved = connection.execute(query.values(commit_id=new).returning(refs.c.name))
    return moved.one_or_none() is not None


def remove_ref(connection: Connection, dataset_id: DatasetId, name: str, old: CommitId | None) -> bool:
    """Delete a reference that is at ``old``; False when it is not."""
    query = delete(refs).where(refs.c.dataset_id == dataset_id, refs.c.name == name, _at(old))
    return connection.execute(query.returning(refs.c.name)).one_or_none() is not None


def _at(commit_id: CommitId | None) -> Any:
    return refs.c.commit_id.is_(None) if commit_id is None else refs.c.commit_id == commit_id


def _to_ref(row: Row[Any]) -> RefInfo:
    return RefInfo(name=row.name, kind=row.kind, commit=row.commit_id)


# ---------------------------------------------------------------------------------------------------------- ref log


def add_move(connection: Connection, dataset_id: DatasetId, move: RefMove) -> None:
    """Append to the ref log."""
    connection.execute(
        insert(ref_log).values(
            id=move.id,
            dataset_id=dataset_id,
            ref=move.ref,
            kind=move.kind,
            action=move.action,
            old=move.old,
            new=move.new,
            target=move.target,
            actor=move.actor,
            time_us=move.time,
        )
    )


def moves(connection: Connection, dataset_id: DatasetId, name: str) -> list[RefMove]:
    """All moves of one reference, oldest first."""
    query = select(ref_log).where(ref_log.c.dataset_id == dataset_id, ref_log.c.ref == name)
    return [_to_move(row) for row in connection.execute(query.order_by(ref_log.c.id))]


def move_at(connection: Connection, dataset_id: DatasetId, name: str, moment: Micros) -> RefMove | None:
    """The last move of a reference up to a moment."""
    query = (
        select(ref_log)
        .where(ref_log.c.dataset_id == dataset_id, ref_log.c.ref == name, ref_log.c.time_us <= moment)
        .order_by(ref_log.c.id.desc())
        .limit(1)
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else _to_move(row)


def _to_move(row: Row[Any]) -> RefMove:
    return RefMove(
        id=row.id,
        ref=row.ref,
        kind=row.kind,
        action=row.action,
        old=row.old,
        new=row.new,
        target=row.target,
        actor=row.actor,
        time=Micros(row.time_us),
    )


def last_changes(connection: Connection, ids: Sequence[DatasetId]) -> dict[DatasetId, Micros]:
    """When each dataset's references moved last."""
    query = (
        select(ref_log.c.dataset_id, func.max(ref_log.c.time_us).label("time"))
        .where(ref_log.c.dataset_id.in_(list(ids)))
        .group_by(ref_log.c.dataset_id)
    )
    return {DatasetId(r.dataset_id): Micros(r.time) for r in connection.execute(query)}
