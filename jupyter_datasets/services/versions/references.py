"""From a reference as a person writes it to a commit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection

from jupyter_datasets.errors import ErrorKind, InvalidInputError, NotFoundError
from jupyter_datasets.services.versions import records
from jupyter_datasets.services.versions.models import Commit, RefInfo, RefMove
from jupyter_datasets.values import MAIN, CommitId, DatasetId, Ref, moment_text, nearest, short, to_datetime

_STRIDE = 512
_ID_DIGITS = 64


def resolve(connection: Connection, dataset_id: DatasetId, text: str, refs: Sequence[RefInfo] | None = None) -> Commit:
    """The commit that a reference names in a dataset.

    Parameters
    ----------
    refs
        The dataset's branches and tags, where they are known already.

    Raises
    ------
    NotFoundError
        Nothing is called so (the nearest names are offered), the branch is unborn, or history ends before.
    InvalidInputError
        The text follows no form of the grammar, or the hex digits fit several commits.
    """
    ref = Ref.parse(text)
    found = _whole(connection, dataset_id, ref)
    if found is None:
        found = records.commit(connection, dataset_id, base(connection, dataset_id, ref, refs))
    assert found is not None, "a reference points at a commit of its dataset"
    for mark, count in ref.steps:
        found = (
            _back(connection, dataset_id, found, count, ref)
            if mark == "~"
            else _parent(connection, dataset_id, found, count, ref)
        )
    return found


def head(connection: Connection, dataset_id: DatasetId, text: str, refs: Sequence[RefInfo]) -> Commit | None:
    """The same; None for a branch that is unborn."""
    try:
        return resolve(connection, dataset_id, text, refs)
    except NotFoundError as error:
        if error.kind is not ErrorKind.UNBORN_BRANCH:
            raise
        return None


def with_main(refs: Sequence[RefInfo]) -> list[RefInfo]:
    """All branches and tags, with ``main`` among them from the start."""
    born = any(ref.name == MAIN for ref in refs)
    return list(refs) if born else [RefInfo(name=MAIN, kind="branch", commit=None), *refs]


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
    """The branch that a reference names by itself, for one who wants to commit to it: it is not protected."""
    found = find_branch(connection, dataset_id, text)
    check_open(found)
    return found


def check_open(ref: RefInfo) -> None:
    """Refuse a branch that is protected."""
    if ref.protected:
        raise closed(ref)


def closed(ref: RefInfo) -> InvalidInputError:
    """The error for what must not be done to a protected branch."""
    return InvalidInputError(
        f"Branch {ref.name!r} is protected: it takes no direct changes, and is not moved, renamed or deleted.",
        kind=ErrorKind.BRANCH_PROTECTED,
        next_step=f"Make a branch there, branch('fix', at={ref.name!r}), and merge it; or unprotect this one first.",
        details={"ref": ref.name},
    )


def find_branch(connection: Connection, dataset_id: DatasetId, text: str) -> RefInfo:
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


def base(connection: Connection, dataset_id: DatasetId, ref: Ref, refs: Sequence[RefInfo] | None = None) -> CommitId:
    """Where a reference starts from, before its steps."""
    if ref.number is not None:
        return _numbered(connection, dataset_id, ref.number)
    assert ref.name is not None, "a reference has a name or a number"
    if ref.at is not None:
        return check_there(connection, dataset_id, _at_moment(connection, dataset_id, ref), ref.text)
    if ref.maybe_commit:
        return _by_prefix(connection, dataset_id, ref.name)
    if refs is None:
        found = records.ref(connection, dataset_id, ref.name)
    else:
        found = next((info for info in refs if info.name == ref.name), None)
    if (found is None and ref.name == MAIN) or (found is not None and found.commit is None):
        raise unborn(ref.name)
    if found is None or ref.kind not in ("any", found.kind):
        raise _unknown(connection, dataset_id, ref.text)
    assert found.commit is not None, "an unborn branch was refused above"
    return found.commit


def check_there(connection: Connection, dataset_id: DatasetId, commit: CommitId, text: str) -> CommitId:
    """Refuse a commit that the log remembers and that was collected since; ``text`` is what stood for it."""
    if records.commit(connection, dataset_id, commit) is None:
        raise NotFoundError(
            f"{text!r} stands for commit {short(commit)}, which is gone: nothing needed it, so it was collected.",
            kind=ErrorKind.COMMIT_NOT_FOUND,
            next_step="The log lists the commits that there are.",
            details={"ref": text, "commit": commit},
        )
    return commit


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


def _whole(connection: Connection, dataset_id: DatasetId, ref: Ref) -> Commit | None:
    """The commit of a reference that is a whole id, as programs give it."""
    if not ref.maybe_commit or ref.at is not None or ref.name is None or len(ref.name) < _ID_DIGITS:
        return None
    return records.commit(connection, dataset_id, CommitId(ref.name.lower()))


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
    """Where the name pointed at a time. One that nobody used until then stands for what it was renamed from."""
    assert ref.name is not None, "called for name@{time} only"
    assert ref.at is not None, "called for name@{time} only"
    move = records.move_at(connection, dataset_id, ref.name, ref.at)
    if move is not None and ref.kind not in ("any", move.kind):
        raise _unknown(connection, dataset_id, ref.text)
    if move is not None and move.new is not None:
        return move.new
    moves = records.moves(connection, dataset_id, ref.name)
    if not moves:
        raise unborn(ref.name) if ref.name == MAIN else _unknown(connection, dataset_id, ref.name)
    if move is None and moves[0].other is not None:
        return _at_moment(connection, dataset_id, replace(ref, name=moves[0].other))
    raise _nowhere(ref, moves, move)


def _nowhere(ref: Ref, moves: Sequence[RefMove], last: RefMove | None) -> NotFoundError:
    """``last`` is the move up to the time, by which the name came to point nowhere."""
    assert ref.at is not None, "called for name@{time} only"
    step = f"Its first version is {ref.name}@{{{to_datetime(moves[0].time).isoformat(timespec='microseconds')}}}."
    if last is not None and last.other is not None:
        step = f"It had been renamed to {last.other!r}."
    return NotFoundError(
        f"{ref.name!r} pointed nowhere at {moment_text(ref.at)}.",
        kind=ErrorKind.NO_VERSION_AT_TIME,
        next_step=step,
        details={"earliest": moves[0].time},
    )


def _parent(connection: Connection, dataset_id: DatasetId, commit: Commit, number: int, ref: Ref) -> Commit:
    if number == 0:
        return commit
    if number > len(commit.parents):
        count = len(commit.parents)
        raise _history_ends(ref, f"{short(commit.id)} has {count} parent{'s' if count != 1 else ''}")
    found = records.commit(connection, dataset_id, commit.parents[number - 1])
    assert found is not None, "parents are in the dataset"
    return found


def _back(connection: Connection, dataset_id: DatasetId, commit: Commit, count: int, ref: Ref) -> Commit:
    """Along first parents. Numbers grow along parents, so one walk down the numbers meets them all in order."""
    start, left, seq, wanted = commit, count, commit.seq, commit.parents[:1]
    while left and wanted:
        first = max(1, seq - min(_STRIDE, max(left, 16)))
        for below in records.commits_between(connection, dataset_id, first, seq - 1):
            if left and wanted and below.id == wanted[0]:
                commit, wanted, left = below, below.parents[:1], left - 1
        seq = first
    if left:
        raise _history_ends(ref, _beginning(start, count - left))
    return commit


def _beginning(start: Commit, steps: int) -> str:
    if not steps:
        return f"history begins with {short(start.id)}"
    return f"history begins {steps:,} step{'s' if steps > 1 else ''} before {short(start.id)}"


def _history_ends(ref: Ref, why: str) -> NotFoundError:
    return NotFoundError(
        f"{ref.text!r} names no commit: {why}.",
        kind=ErrorKind.COMMIT_NOT_FOUND,
        next_step="The log shows how far back history goes.",
        details={"ref": ref.text},
    )


def unborn(name: str) -> NotFoundError:
    """The error for a branch that has no commit to work on."""
    return NotFoundError(
        f"Branch {name!r} has no commits yet.",
        kind=ErrorKind.UNBORN_BRANCH,
        next_step="Import a file or add a table first.",
        details={"ref": name},
    )


def _unknown(connection: Connection, dataset_id: DatasetId, name: str) -> NotFoundError:
    names = [info.name for info in records.all_refs(connection, dataset_id)] or [MAIN]
    moves = records.moves(connection, dataset_id, name)
    renamed = moves[-1].other if moves and moves[-1].new is None else None
    hints = [renamed] if renamed in names else nearest(name, names)
    if renamed in names:
        step = f"It was renamed to {renamed!r}."
    else:
        step = f"Did you mean {hints[0]!r}?" if hints else f"There are: {', '.join(names[:10])}."
    return NotFoundError(
        f"There is no branch, tag or commit {name!r}.",
        kind=ErrorKind.REF_NOT_FOUND,
        next_step=step,
        details={"ref": name, "suggestions": hints},
    )
