"""From a reference as a person writes it to a commit."""

from __future__ import annotations

from sqlalchemy import Connection

from jupyter_datasets.errors import ErrorKind, InvalidInputError, NotFoundError
from jupyter_datasets.services.versions import records
from jupyter_datasets.services.versions.models import Commit, RefInfo
from jupyter_datasets.values import MAIN, CommitId, DatasetId, Ref, nearest, short, to_datetime

_STRIDE = 512


def resolve(connection: Connection, dataset_id: DatasetId, text: str) -> Commit:
    """The commit that a reference names in a dataset.

    Raises
    ------
    NotFoundError
        Nothing is called so (the nearest names are offered), the branch is unborn, or history ends before.
    InvalidInputError
        The text follows no form of the grammar, or the hex digits fit several commits.
    """
    ref = Ref.parse(text)
    found = records.commit(connection, dataset_id, base(connection, dataset_id, ref))
    assert found is not None, "a reference points at a commit of its dataset"
    for mark, count in ref.steps:
        found = (
            _back(connection, dataset_id, found, count, ref)
            if mark == "~"
            else _parent(connection, dataset_id, found, count, ref)
        )
    return found


def get_ref(connection: Connection, dataset_id: DatasetId, name: str) -> RefInfo:
    """A branch or tag by name; ``main`` exists from the start, unborn."""
    found = records.ref(connection, dataset_id, name)
    if found is None and name == MAIN:
        return RefInfo(name=MAIN, kind="branch", commit=None)
    if found is None:
        raise _unknown(connection, dataset_id, name)
    return found


def plain_name(text: str) -> str:
    """The branch or tag that a reference names by itself, as what moves must be named."""
    ref = Ref.parse(text)
    if ref.name is None or ref.steps or ref.at is not None or ref.kind == "commit":
        raise InvalidInputError(
            f"{text!r} is a commit and not the name of a branch or tag.",
            kind=ErrorKind.INVALID_REF,
            next_step="Name a branch or tag, as in 'main'.",
            details={"ref": text},
        )
    return ref.name


def get_branch(connection: Connection, dataset_id: DatasetId, text: str) -> RefInfo:
    """The branch that a reference names by itself; a tag or commit is refused, for it cannot take commits."""
    ref = Ref.parse(text)
    plain = ref.name if not ref.steps and ref.at is None and ref.kind in ("any", "branch") else None
    found = None if plain is None else records.ref(connection, dataset_id, plain)
    if found is not None and found.kind == "branch":
        return found
    if found is None and plain == MAIN:
        return RefInfo(name=MAIN, kind="branch", commit=None)
    if found is None and plain is not None and not ref.maybe_commit:
        raise _unknown(connection, dataset_id, plain)
    raise InvalidInputError(
        f"{text!r} is not a branch: only branches take changes.",
        kind=ErrorKind.NOT_A_BRANCH,
        next_step=f"Make one there first: branch('fix', at={text!r}).",
        details={"ref": text},
    )


def resolve_id(connection: Connection, dataset_id: DatasetId, text: str) -> CommitId:
    """As :func:`resolve`, for those who need no more than the id."""
    ref = Ref.parse(text)
    return resolve(connection, dataset_id, text).id if ref.steps else base(connection, dataset_id, ref)


def base(connection: Connection, dataset_id: DatasetId, ref: Ref) -> CommitId:
    """Where a reference starts from, before its steps."""
    if ref.number is not None:
        return _numbered(connection, dataset_id, ref.number)
    assert ref.name is not None, "a reference has a name or a number"
    if ref.at is not None:
        return _at_moment(connection, dataset_id, ref)
    if ref.maybe_commit:
        return _by_prefix(connection, dataset_id, ref.name)
    found = records.ref(connection, dataset_id, ref.name)
    if (found is None and ref.name == MAIN) or (found is not None and found.commit is None):
        raise _unborn(ref.name)
    if found is None or ref.kind not in ("any", found.kind):
        raise _unknown(connection, dataset_id, ref.text)
    assert found.commit is not None, "an unborn branch was refused above"
    return found.commit


def _numbered(connection: Connection, dataset_id: DatasetId, number: int) -> CommitId:
    found = records.commit_id_by_seq(connection, dataset_id, number) if number <= records.MAX_SEQ else None
    if found is None:
        newest = records.newest_seq(connection, dataset_id)
        raise NotFoundError(
            f"There is no commit #{number}.",
            kind=ErrorKind.COMMIT_NOT_FOUND,
            next_step=f"The newest is #{newest}." if newest else "There are no commits yet.",
        )
    return found


def _by_prefix(connection: Connection, dataset_id: DatasetId, prefix: str) -> CommitId:
    found = records.commit_ids_by_prefix(connection, dataset_id, prefix.lower())
    if len(found) == 1:
        return found[0]
    if found:
        raise InvalidInputError(
            f"{prefix!r} fits several commits.",
            kind=ErrorKind.AMBIGUOUS_REF,
            next_step="Write more digits: " + ", ".join(short(c) for c in found),
            details={"candidates": found},
        )
    raise NotFoundError(
        f"There is no commit {prefix!r}.",
        kind=ErrorKind.COMMIT_NOT_FOUND,
        next_step="The log lists the commits there are.",
        details={"ref": prefix},
    )


def _at_moment(connection: Connection, dataset_id: DatasetId, ref: Ref) -> CommitId:
    assert ref.name is not None, "called for name@{time} only"
    assert ref.at is not None, "called for name@{time} only"
    move = records.move_at(connection, dataset_id, ref.name, ref.at)
    if move is not None and ref.kind not in ("any", move.kind):
        raise _unknown(connection, dataset_id, ref.text)
    if move is not None and move.new is not None:
        return move.new
    moves = records.moves(connection, dataset_id, ref.name)
    if not moves:
        raise _unborn(ref.name) if ref.name == MAIN else _unknown(connection, dataset_id, ref.name)
    raise NotFoundError(
        f"{ref.name!r} pointed nowhere at {to_datetime(ref.at):%Y-%m-%d %H:%M:%S} UTC.",
        kind=ErrorKind.NO_VERSION_AT_TIME,
        next_step=f"Its first version is of {to_datetime(moves[0].time).isoformat(timespec='microseconds')}.",
        details={"earliest": moves[0].time},
    )


def _parent(connection: Connection, dataset_id: DatasetId, commit: Commit, number: int, ref: Ref) -> Commit:
    if number == 0:
        return commit
    if number > len(commit.parents):
        raise _history_ends(ref, f"{short(commit.id)} has {len(commit.parents)} parents")
    found = records.commit(connection, dataset_id, commit.parents[number - 1])
    assert found is not None, "parents are in the dataset"
    return found


def _back(connection: Connection, dataset_id: DatasetId, commit: Commit, count: int, ref: Ref) -> Commit:
    """Along first parents. Numbers grow along parents, so one walk down the numbers meets them all in order."""
    left, seq, wanted = count, commit.seq, commit.parents[:1]
    while left and wanted:
        first = max(1, seq - min(_STRIDE, max(left, 16)))
        for below in records.commits_between(connection, dataset_id, first, seq - 1):
            if left and wanted and below.id == wanted[0]:
                commit, wanted, left = below, below.parents[:1], left - 1
        seq = first
    if left:
        raise _history_ends(ref, f"history ends {left} commits earlier")
    return commit


def _history_ends(ref: Ref, why: str) -> NotFoundError:
    return NotFoundError(
        f"{ref.text!r} names no commit: {why}.",
        kind=ErrorKind.COMMIT_NOT_FOUND,
        next_step="The log shows how far back history goes.",
        details={"ref": ref.text},
    )


def _unborn(name: str) -> NotFoundError:
    return NotFoundError(
        f"Branch {name!r} has no commits yet.",
        kind=ErrorKind.UNBORN_BRANCH,
        next_step="Import a file or add a table first.",
        details={"ref": name},
    )


def _unknown(connection: Connection, dataset_id: DatasetId, name: str) -> NotFoundError:
    names = [info.name for info in records.all_refs(connection, dataset_id)] or [MAIN]
    hints = nearest(name, names)
    step = f"Did you mean {hints[0]!r}?" if hints else f"There are: {', '.join(names[:10])}."
    return NotFoundError(
        f"There is no branch, tag or commit {name!r}.",
        kind=ErrorKind.REF_NOT_FOUND,
        next_step=step,
        details={"ref": name, "suggestions": hints},
    )
