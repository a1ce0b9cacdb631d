"""What a dataset has by its history: branches, tags, commits, and what is done to them."""

from __future__ import annotations

from datetime import date

from jupyter_datasets.client import merging
from jupyter_datasets.client.diff import Diff
from jupyter_datasets.client.history import Graph, Log, Moves, Refs
from jupyter_datasets.client.lineage import Lineage
from jupyter_datasets.client.merging import MergeConflicts, MergesInProgress
from jupyter_datasets.client.overview import Overview
from jupyter_datasets.client.transport import Transport
from jupyter_datasets.engine.pool import Engine
from jupyter_datasets.errors import ErrorKind, InvalidInputError, NotFoundError
from jupyter_datasets.services.datasets.models import Dataset as DatasetModel
from jupyter_datasets.services.merges.models import MergeRequest, Resolution, Take
from jupyter_datasets.services.versions.models import Commit, LogFilter, RefInfo
from jupyter_datasets.services.versions.provenance import Direction, Provenance
from jupyter_datasets.values import MAIN, DatasetId, Ref


class Versioned:
    """A dataset's history; :class:`~jupyter_datasets.client.dataset.Dataset` adds its content."""

    def __init__(
        self, transport: Transport, engine: Engine, model: DatasetModel, checkouts: dict[DatasetId, str]
    ) -> None:
        self._transport = transport
        self._engine = engine
        self._model = model
        self._checkouts = checkouts

    @property
    def id(self) -> DatasetId:
        """UUIDv7 text, for life."""
        return self._model.id

    @property
    def name(self) -> str:
        """What the dataset is called."""
        return self._model.name

    @property
    def current(self) -> str:
        """The reference that the bare dataset means."""
        return self._checkouts.get(self.id, MAIN)

    # ------------------------------------------------------------------------------------------------------ history

    def overview(self, at: str | None = None) -> Overview:
        """The dataset at a glance: branches and tags with their last commits, sizes of a version, the last changes."""
        return Overview(self._transport.overview(self.id, self._ref(at)), self._ref(at))

    def log(
        self,
        ref: str | None = None,
        limit: int = 100,
        *,
        table: str | None = None,
        author: str | None = None,
        since: str | date | None = None,
        until: str | date | None = None,
        path: str | None = None,
    ) -> Log:
        """Commits that led to a reference, newest first.

        Parameters
        ----------
        ref
            By default what was checked out, else ``main``.
        limit
            How many commits at most, up to 10,000.
        table
            Only those that changed this table, or added, dropped or renamed it; a rename counts under both names.
        author
            Only those whose author's name holds this text, in whatever case.
        since, until
            Only those made from then, and until then; a day alone counts whole. UTC where no zone is given.
        path
            Only those that attached, replaced or detached the file of this name.
        """
        where = LogFilter.of(table=table, author=author, since=since, until=until, path=path)
        found = self._transport.log(self.id, self._ref(ref), limit, where=where).items
        return Log(self.name, found, filtered=bool(where))

    def graph(self, limit: int = 1000) -> Graph:
        """The commits of all branches and tags."""
        return Graph(self.name, self._transport.graph(self.id, limit).items)

    @property
    def has_history(self) -> bool:
        """Whether there ever was a commit, even if nothing leads to it now."""
        try:
            self._transport.resolve(self.id, "#1")
        except NotFoundError:
            return False
        return True

    def provenance(self, ref: str | None = None) -> Provenance | None:
        """What made the commit that a reference names: notebook and cell, or script, packages, and what it read.

        Returns
        -------
        Provenance or None
            None where nobody told, as of commits from before, or made by other programs.
        """
        return self._transport.provenance(self.id, self._ref(ref))

    def lineage(self, at: str | None = None, direction: Direction = "both", depth: int = 5) -> Lineage:
        """The versions of other datasets that a version was made from, and those that were made from this dataset.

        What counts is what was read when commits were made: by the version's commit or one before it, of each dataset
        the newest. Downwards, of each dataset, the newest commit that read any version of this one.

        Parameters
        ----------
        at
            The version; by default what was checked out, else ``main``.
        direction
            ``"up"`` to what it was made from, ``"down"`` to what was made from it, or ``"both"``.
        depth
            How many steps to go each way, 1 to 20.

        Examples
        --------
        >>> flights.lineage()
        """
        return Lineage(self._transport.lineage(self.id, self._ref(at), direction, depth), direction)

    def refs(self) -> Refs:
        """Branches and tags."""
        return Refs(self._transport.refs(self.id))

    def branch(self, name: str, at: str | None = None) -> RefInfo:
        """A new branch at a version."""
        return self._transport.create_ref(self.id, name, "branch", self._ref(at))

    def tag(self, name: str, at: str | None = None) -> RefInfo:
        """A new tag at a version; tags never move."""
        return self._transport.create_ref(self.id, name, "tag", self._ref(at))

    def delete_ref(self, name: str) -> RefInfo:
        """Delete a branch or tag; ``undo(name)`` brings it back."""
        return self._transport.delete_ref(self.id, name)

    def rename_ref(self, name: str, to: str) -> RefInfo:
        """Call a branch or tag otherwise, here also what was checked out; ``undo(to)`` takes that back.

        ``name@{time}`` goes on to mean what it meant then, and so does ``to@{time}`` for a time before.
        """
        return self._follow(self._transport.rename_ref(self.id, name, to))

    def protect(self, branch: str | None = None) -> RefInfo:
        """Let a branch take no direct changes: no edit, import, undo or redo, and it is not renamed or deleted."""
        return self._transport.protect(self.id, self._ref(branch), True)

    def unprotect(self, branch: str | None = None) -> RefInfo:
        """Let a branch take changes again."""
        return self._transport.protect(self.id, self._ref(branch), False)

    def merge(
        self, source: str, into: str | None = None, *, take: Take | None = None, message: str = "", squash: bool = False
    ) -> Commit | MergeConflicts | None:
        """Bring what led to a version into a branch: three-way, per row and cell where a table has a key.

        Parameters
        ----------
        source
            A branch, or any other version.
        into
            The branch; by default the current one.
        take
            What settles every conflict at once: ``"ours"`` is the branch's own value, ``"theirs"`` the other one.
        squash
            Make one commit of it, without the other side's history.

        Returns
        -------
        Commit, MergeConflicts or None
            Where the branch is now; what has to be settled first, while nothing was changed; or None where the branch
            has all of it already.

        Examples
        --------
        >>> flights.merge("fix", into="main")
        """
        settled = () if take is None else (Resolution(take=merging.check_take(take)),)
        source, branch = checked(source), self._ref(into)
        values = {"message": message, "squash": squash, "resolutions": settled}
        request = merging.checked(MergeRequest, source=source, into=branch, **values)
        merges = self._transport.merges
        return merging.finish(merges, merges.merge(self.id, request))

    def revert(self, commit: str, *, branch: str | None = None, message: str = "") -> Commit | MergeConflicts | None:
        """Take back what a commit changed, in a new commit; what came later stays."""
        merges = self._transport.merges
        return merging.finish(merges, merges.revert(self.id, *self._change(commit, branch, message)))

    def cherry_pick(self, commit: str, *, onto: str | None = None, message: str = "") -> Commit | MergeConflicts | None:
        """Do on a branch what a commit changed elsewhere, in a new commit."""
        merges = self._transport.merges
        return merging.finish(merges, merges.cherry_pick(self.id, *self._change(commit, onto, message)))

    def merges(self) -> MergesInProgress:
        """Merges, reverts and cherry-picks that wait for answers to their conflicts, whoever began them, oldest first.

        Examples
        --------
        >>> flights.merges()[0].resolve("theirs").commit()
        """
        merges = self._transport.merges
        return MergesInProgress([MergeConflicts(merges, each) for each in merges.in_progress(self.id)])

    def checkout(self, ref: str) -> Commit:
        """Let the bare dataset mean this reference, here only; edits go to it if it is a branch."""
        commit = self._transport.resolve(self.id, checked(ref))
        self._checkouts[self.id] = ref
        return commit

    def moves(self, ref: str | None = None) -> Moves:
        """What moved a branch or tag, newest first; :meth:`undo` takes back the first that was not undone."""
        name = self._ref(ref)
        found = self._transport.moves(self.id, name)
        if not found and self.refs().kind(name) is None:
            self._transport.resolve(self.id, name)  # which offers the nearest
        return Moves(found)

    def undo(self, ref: str | None = None) -> RefInfo:
        """Take back the last move of a branch or tag; again, the one before."""
        return self._follow(self._transport.undo(self.id, self._ref(ref)))

    def redo(self, ref: str | None = None) -> RefInfo:
        """Play again what the last undo took back."""
        return self._follow(self._transport.redo(self.id, self._ref(ref)))

    def diff(self, old: str, new: str | None = None) -> Diff:
        """What differs between two versions, from ``old`` to ``new``.

        Parameters
        ----------
        old
            A version.
        new
            Another one; by default what is checked out. Where that is ``old`` itself, its last commit is looked at: its
            first parent is compared with it.

        Examples
        --------
        >>> flights.diff("v1.0", "fix")  # from the tag to the branch
        >>> flights.diff("v1.0")  # from the tag to what is checked out
        >>> flights.diff("main")  # what the last commit on main changed, while main is checked out
        """
        if new is None and old == self.current:
            old, new = self._parent(old), old
        found = self._transport.diff(self.id, checked(old), self._ref(new))
        return Diff(self._transport, self._engine, self.name, found)

    # ------------------------------------------------------------------------------------------------------ helpers

    def _parent(self, ref: str) -> str:
        commit = self._transport.resolve(self.id, ref)
        if not commit.parents:
            raise NotFoundError(
                f"There is no version before {ref!r}: commit {commit.short} is the first.",
                kind=ErrorKind.COMMIT_NOT_FOUND,
                next_step="Name two versions to compare.",
                details={"ref": ref},
            )
        return commit.parents[0]

    def _ref(self, ref: str | None) -> str:
        return self.current if ref is None or ref == "" else checked(ref)

    def _change(self, commit: str, branch: str | None, message: str) -> tuple[str, str, str]:
        if not isinstance(message, str):
            raise InvalidInputError(f"A message is text, and not a value of type {type(message).__name__}.")
        return checked(commit), self._ref(branch), message

    def _follow(self, ref: RefInfo) -> RefInfo:
        """Let what was checked out go by the new name of a branch or tag that was renamed."""
        if ref.formerly is not None and self.id in self._checkouts:
            self._checkouts[self.id] = Ref.parse(self.current).renamed(ref.formerly, ref.name)
        return ref


def checked(ref: object) -> str:
    """The reference itself if it is text, else an error that shows how a version is named."""
    if isinstance(ref, str):
        return ref
    shown = f"'#{ref}'" if isinstance(ref, int) else "'#3'"
    raise InvalidInputError(
        f"A version is named by text, and not by a value of type {type(ref).__name__}.",
        kind=ErrorKind.INVALID_REF,
        next_step=f"Such as ds['main'], ds['v1.0'], ds['main~2'], a commit's first digits, or its number: ds[{shown}].",
    )
