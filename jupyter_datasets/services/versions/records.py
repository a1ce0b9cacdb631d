"""Commits, references, their log and the index of small objects, as rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import attrgetter, itemgetter
from typing import Any, NamedTuple

from pydantic import TypeAdapter
from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    String,
    and_,
    delete,
    func,
    insert,
    or_,
    select,
    update,
    values,
)
from sqlalchemy import column as named

from jupyter_datasets.catalog.tables import commits, lineage, merges, objects, ref_log, refs
from jupyter_datasets.services.versions import touched
from jupyter_datasets.services.versions.models import Commit, LogFilter, RefInfo, RefMove
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
_MOST_ROWS = 5000  # of a statement that brings them along; PostgreSQL takes 65,535 parameters
Line = Sequence[Any]
"""A commit as a row that begins with its id, its parents as one text, and its number."""
_COMMIT = [getattr(commits.c, name) for name in ("id", "parents", "seq", "author", "time_us", "message")]


def add_commit(connection: Connection, dataset_id: DatasetId, commit: Commit, touches: str | None = None) -> None:
    """Insert a commit into a dataset; a taken number shows as the database's uniqueness error.

    Parameters
    ----------
    touches
        What it touches, by :func:`touched.text_of`; left out, it is found out when somebody asks.
    """
    connection.execute(
        insert(commits).values(
            dataset_id=dataset_id,
            id=commit.id,
            seq=commit.seq,
            parents=" ".join(commit.parents),
            author=commit.author,
            time_us=commit.time,
            message=commit.message,
            touched=touches,
        )
    )


def commit(connection: Connection, dataset_id: DatasetId, commit_id: CommitId) -> Commit | None:
    """A commit of the dataset by its full id."""
    # Its few rows in all datasets: DuckDB uses no index where a second column is asked about.
    query = select(commits.c.dataset_id, *_COMMIT).where(commits.c.id == commit_id)
    rows = [row[1:] for row in connection.execute(query).all() if row[0] == dataset_id]
    return next(iter(to_commits(rows)), None)


def commits_of(connection: Connection, dataset_id: DatasetId, ids: Sequence[CommitId]) -> list[Commit]:
    """Those commits of the dataset by their full ids, newest first."""
    query = select(*_COMMIT).where(commits.c.dataset_id == dataset_id, commits.c.id.in_(ids))
    return to_commits(connection.execute(query.order_by(commits.c.seq.desc())).all())


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
    return to_commits(whole_lines(connection, dataset_id, first, last))


def whole_lines(connection: Connection, dataset_id: DatasetId, first: int, last: int) -> Sequence[Line]:
    """The same, as lines that :func:`to_commits` takes."""
    return _lines(connection, _COMMIT, _between(dataset_id, first, last))


def lines(connection: Connection, dataset_id: DatasetId, first: int, last: int) -> Sequence[Line]:
    """The same, without what does not tell how they hang together."""
    return _lines(connection, _COMMIT[:3], _between(dataset_id, first, last))


def candidates(
    connection: Connection, dataset_id: DatasetId, first: int, last: int, where: LogFilter
) -> Sequence[Line]:
    """Those of the same that a filter wants, or may want: behind the rest their lines hold what they touch, or None."""
    return _lines(connection, [*_COMMIT, commits.c.touched], and_(_between(dataset_id, first, last), *_wanted(where)))


def set_touched(connection: Connection, found: Mapping[CommitId, str]) -> None:
    """Write down what commits touch, in whatever datasets they sit."""
    rows = list(found.items())
    for start in range(0, len(rows), _MOST_ROWS):
        part = values(named("id", String), named("touched", String), name="part").data(rows[start : start + _MOST_ROWS])
        connection.execute(update(commits).where(commits.c.id == part.c.id).values(touched=part.c.touched))


def _lines(connection: Connection, columns: Sequence[Any], which: ColumnElement[bool]) -> Sequence[Line]:
    found = connection.execute(select(*columns).where(which)).all()
    return sorted(found, key=itemgetter(2), reverse=True)  # DuckDB takes longer to put a few thousand rows in order


def _between(dataset_id: DatasetId, first: int, last: int) -> ColumnElement[bool]:
    return and_(commits.c.seq.between(first, last), commits.c.dataset_id == dataset_id)


def _wanted(where: LogFilter) -> Iterator[ColumnElement[bool]]:
    if where.since is not None:
        yield commits.c.time_us >= where.since
    if where.until is not None:
        yield commits.c.time_us <= where.until
    if where.author is not None:
        # Both sides by the database, whose idea of small letters need not be Python's.
        yield func.strpos(func.lower(commits.c.author), func.lower(where.author)) > 0
    for text in touched.wanted(where):
        yield or_(commits.c.touched.is_(None), func.strpos(commits.c.touched, text) > 0)


def newest_seq(connection: Connection, dataset_id: DatasetId) -> int:
    """The highest sequence number of the dataset; 0 without commits."""
    query = select(func.max(commits.c.seq)).where(commits.c.dataset_id == dataset_id)
    return connection.scalar(query) or 0


def count_commits(connection: Connection, dataset_id: DatasetId) -> int:
    """How many commits there ever were in the dataset."""
    query = select(func.count()).select_from(commits).where(commits.c.dataset_id == dataset_id)
    return connection.scalar(query) or 0


def all_commit_ids(connection: Connection, dataset_id: DatasetId | None = None) -> list[CommitId]:
    """Every commit of a dataset, or of the store."""
    query = select(commits.c.id).distinct()
    if dataset_id is not None:
        query = query.where(commits.c.dataset_id == dataset_id)
    return [CommitId(c) for c in connection.scalars(query)]


def to_commits(lines: Iterable[Line]) -> list[Commit]:
    """The commits of lines, all at once and by position, for a page of the log has a thousand."""
    rows = [
        {
            "id": commit_id,
            "parents": tuple(parents.split()),
            "seq": seq,
            "author": author,
            "time": time,
            "message": text,
        }
        for commit_id, parents, seq, author, time, text, *_ in lines
    ]
    return _COMMITS.validate_python(rows)


_COMMITS = TypeAdapter(list[Commit])


# ------------------------------------------------------------------------------------------------------- references


def ref(connection: Connection, dataset_id: DatasetId, name: str) -> RefInfo | None:
    """A branch or tag by name."""
    query = select(refs).where(refs.c.dataset_id == dataset_id, refs.c.name == name)
    row = connection.execute(query).one_or_none()
    return None if row is None else _to_ref(row)


def all_refs(connection: Connection, dataset_id: DatasetId) -> list[RefInfo]:
    """All branches and tags of a dataset by name."""
    rows = connection.execute(select(refs).where(refs.c.dataset_id == dataset_id)).all()
    return sorted(map(_to_ref, rows), key=attrgetter("name"))


def add_ref(connection: Connection, dataset_id: DatasetId, info: RefInfo) -> bool:
    """Insert a branch or tag; False when the name is taken."""
    if ref(connection, dataset_id, info.name) is not None:
        return False
    connection.execute(
        insert(refs).values(dataset_id=dataset_id, name=info.name, kind=info.kind, commit_id=info.commit)
    )
    return True


def move_ref(
    connection: Connection,
    dataset_id: DatasetId,
    name: str,
    old: CommitId | None,
    new: CommitId | None,
    *,
    merging: bool = False,
) -> bool:
    """Compare and set; False when the reference is not at ``old``, or is protected, which a merge passes over."""
    query = update(refs).where(*(_at if merging else _open)(dataset_id, name, old))
    moved = connection.execute(query.values(commit_id=new).returning(refs.c.name))
    return moved.one_or_none() is not None


def remove_ref(connection: Connection, dataset_id: DatasetId, name: str, old: CommitId | None) -> bool:
    """Delete a reference that is at ``old``; False when it is not, or is protected."""
    query = delete(refs).where(*_open(dataset_id, name, old))
    return connection.execute(query.returning(refs.c.name)).one_or_none() is not None


def rename_in_merges(connection: Connection, dataset_id: DatasetId, branch: str, to: str) -> None:
    """Let the merges in progress on a branch go by its new name; who would write over one with the old is refused."""
    ours = and_(merges.c.dataset_id == dataset_id, merges.c.branch == branch)
    connection.execute(update(merges).where(ours).values(branch=to, updated_us=merges.c.updated_us + 1))


def protect_ref(connection: Connection, dataset_id: DatasetId, name: str, protected: bool) -> bool:
    """Protect a reference or lift that; False when there is none."""
    query = update(refs).where(refs.c.dataset_id == dataset_id, refs.c.name == name)
    changed = connection.execute(query.values(protected=protected).returning(refs.c.name))
    return changed.one_or_none() is not None


def _open(dataset_id: DatasetId, name: str, commit_id: CommitId | None) -> Iterator[ColumnElement[bool]]:
    """The row of a reference that is there and may be moved or go."""
    yield from _at(dataset_id, name, commit_id)
    yield refs.c.protected.is_not(True)


def _at(dataset_id: DatasetId, name: str, commit_id: CommitId | None) -> Iterator[ColumnElement[bool]]:
    yield refs.c.dataset_id == dataset_id
    yield refs.c.name == name
    yield refs.c.commit_id.is_(None) if commit_id is None else refs.c.commit_id == commit_id


def _to_ref(row: Row[Any]) -> RefInfo:
    return RefInfo(name=row.name, kind=row.kind, commit=row.commit_id, protected=bool(row.protected))


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
            other=move.other,
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
        other=row.other,
        actor=row.actor,
        time=Micros(row.time_us),
    )


def newest_moves(connection: Connection, dataset_id: DatasetId, limit: int) -> list[RefMove]:
    """The last moves of all references of a dataset, newest first."""
    query = select(ref_log).where(ref_log.c.dataset_id == dataset_id).order_by(ref_log.c.id.desc()).limit(limit)
    return [_to_move(row) for row in connection.execute(query).all()]


# ---------------------------------------------------------------------------------------------------------- lineage


class Link(NamedTuple):
    """One version was made from another, of another dataset; ``seq`` is the number of the commit that was made."""

    dataset_id: DatasetId
    commit_id: CommitId
    seq: int
    input_dataset_id: DatasetId
    input_commit_id: CommitId


def add_links(connection: Connection, links: Iterable[Link]) -> None:
    """Note what a commit was made from."""
    if rows := [link._asdict() for link in links]:
        connection.execute(insert(lineage), rows)


def links_up(connection: Connection, dataset_id: DatasetId, seq: int, limit: int) -> list[Link]:
    """What the commits of a dataset up to a number were made from, those of the newest first."""
    query = select(lineage).where(lineage.c.dataset_id == dataset_id, lineage.c.seq <= seq)
    rows = connection.execute(query.order_by(lineage.c.seq.desc(), lineage.c.input_commit_id).limit(limit))
    return [Link._make(row) for row in rows]


def links_down(connection: Connection, dataset_id: DatasetId, limit: int) -> list[Link]:
    """What was made from any version of a dataset: of each other dataset, what its newest such commit read."""
    newest = (
        select(lineage.c.dataset_id, func.max(lineage.c.seq).label("seq"))
        .where(lineage.c.input_dataset_id == dataset_id)
        .group_by(lineage.c.dataset_id)
        .subquery()
    )
    query = select(lineage).join(
        newest, and_(lineage.c.dataset_id == newest.c.dataset_id, lineage.c.seq == newest.c.seq)
    )
    rows = connection.execute(query.where(lineage.c.input_dataset_id == dataset_id).order_by(*lineage.c).limit(limit))
    return [Link._make(row) for row in rows]


def owned(connection: Connection, ids: Iterable[CommitId]) -> set[tuple[DatasetId, CommitId]]:
    """The datasets in which these commits sit, each with the commit."""
    found = connection.execute(select(commits.c.dataset_id, commits.c.id).where(commits.c.id.in_(list(ids))))
    return {(DatasetId(row.dataset_id), CommitId(row.id)) for row in found}
