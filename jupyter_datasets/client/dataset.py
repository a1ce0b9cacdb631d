"""Datasets as users hold them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from jupyter_datasets.client import display, exporting, merging, tables
from jupyter_datasets.client.diff import Diff
from jupyter_datasets.client.edit import Edit
from jupyter_datasets.client.history import Graph, Log, Moves, Refs
from jupyter_datasets.client.imports import ImportResult, file_request
from jupyter_datasets.client.jobs import Job
from jupyter_datasets.client.merging import MergeConflicts
from jupyter_datasets.client.overview import Overview
from jupyter_datasets.client.sql import Queries
from jupyter_datasets.client.transport import Transport
from jupyter_datasets.client.version import Table, Version
from jupyter_datasets.engine.pool import Engine
from jupyter_datasets.errors import ErrorKind, InvalidInputError, NotFoundError
from jupyter_datasets.services.datasets.models import Dataset as DatasetModel
from jupyter_datasets.services.imports.models import Mode
from jupyter_datasets.services.jobs.models import Job as JobModel
from jupyter_datasets.services.merges.models import MergeOutcome, MergeRequest, Resolution, Take
from jupyter_datasets.services.versions.models import Commit, LogFilter, RefInfo
from jupyter_datasets.values import MAIN, DatasetId, Ref


class Dataset:
    """A dataset: tables and files with a history. ``ds["main~2"]`` is a version of it, ``ds["v1"]["t"]`` a table.

    What the bare dataset means (``ds.tables``, ``ds.log()``) is what was checked out, else the branch ``main``.
    """

    def __init__(
        self, transport: Transport, engine: Engine, model: DatasetModel, checkouts: dict[DatasetId, str]
    ) -> None:
        self._transport = transport
        self._engine = engine
        self._model = model
        self._checkouts = checkouts

    # ------------------------------------------------------------------------------------------------------- itself

    @property
    def id(self) -> DatasetId:
        """UUIDv7 text, for life."""
        return self._model.id

    @property
    def name(self) -> str:
        """What the dataset is called."""
        return self._model.name

    @property
    def description(self) -> str:
        """What it is about."""
        return self._model.description

    @property
    def labels(self) -> tuple[str, ...]:
        """Its labels in order."""
        return self._model.labels

    @property
    def current(self) -> str:
        """The reference that the bare dataset means."""
        return self._checkouts.get(self.id, MAIN)

    def describe(self, description: str) -> Dataset:
        """Say what the dataset is about."""
        self._model = self._transport.update_dataset(self.id, description=description)
        return self

    def label(self, *labels: str) -> Dataset:
        """Set the labels; none removes them all."""
        self._model = self._transport.update_dataset(self.id, labels=labels)
        return self

    def rename(self, name: str) -> Dataset:
        """Call the dataset otherwise."""
        self._model = self._transport.update_dataset(self.id, name=name)
        return self

    def delete(self) -> None:
        """Move the dataset into the bin: ``repo.restore(name)`` brings it back within 30 days."""
        self._transport.delete_dataset(self.id)

    # ------------------------------------------------------------------------------------------------------ content

    def __getitem__(self, ref: str) -> Version:
        return Version(self._transport, self._engine, self.name, self._transport.version(self.id, _checked(ref)))

    @property
    def tables(self) -> dict[str, Table]:
        """The tables of the current version by name; none while there are no commits."""
        version = self._current_version()
        return {} if version is None else version.tables

    @property
    def files(self) -> Mapping[str, Any]:
        """The attached files of the current version by name."""
        version = self._current_version()
        return {} if version is None else version.files

    def table(self, name: str | None = None, at: str | None = None) -> Table:
        """A table of a version; without a name the one called like the dataset, else the only one."""
        version = self[self._ref(at)]
        return version[name or self.default_table(version)]

    def default_table(self, version: Version) -> str:
        """The table that the bare dataset name means in a version.

        Raises
        ------
        InvalidInputError
            There are several and none is called like the dataset; they are listed.
        """
        return tables.default_table(self._model, list(version))

    def import_file(
        self,
        path: str | os.PathLike[str],
        table: str | None = None,
        *,
        mode: Mode = "replace",
        key: Iterable[str] = (),
        branch: str | None = None,
        message: str = "",
        keep_original: bool = False,
        **options: Any,
    ) -> Job[ImportResult]:
        """Import a CSV or Parquet file in the background.

        Parameters
        ----------
        path
            The file: ``.csv``, ``.tsv``, ``.txt``, plain or ``.gz``, ``.zst``, ``.zip``, or ``.parquet``.
        table
            Name of the table; by default the file's name without its endings.
        mode
            ``"replace"``: the file is the table's next content; ``"append"``: its rows come behind those there are.
        key
            Columns that tell rows apart.
        branch
            Branch that takes the commit; by default the current one.
        keep_original
            Keep the file itself, attached under its name.
        **options
            How to read the file: ``types``, ``nulls``, ``delimiter``, ``quote``, ``header``, ``encoding``, ``decimal``.

        Returns
        -------
        Job
            ``.result()`` waits with a progress bar and gives an :class:`ImportResult`.
        """
        request = file_request(
            path,
            table,
            branch=branch or self.current,
            mode=mode,
            key=key,
            options=options,
            message=message,
            keep_original=keep_original,
        )
        job = self._transport.start_import(self.id, request)
        return Job(job.id, self._transport, self.import_result)

    def import_result(self, job: JobModel) -> ImportResult:
        """What an import's job made."""
        assert job.result is not None, "the job succeeded"
        commit = job.result["commit"]
        return ImportResult(
            commit=self._transport.resolve(self.id, commit) if commit else None,
            table=job.result["table"],
            rows=job.result["rows"],
            warnings=tuple(job.result["warnings"]),
        )

    def edit(self, branch: str | None = None, *, message: str = "", retry: bool = False) -> Edit:
        """Changes to tables and files that become one commit, as ``with ds.edit("main") as edit:``.

        Parameters
        ----------
        retry
            Make the changes again on the branch as it is then, where somebody else moved it meanwhile: statements and
            keys are looked up anew, and a table that is replaced is replaced again, whatever came into it.
        """
        queries = Queries(self._transport, self._engine, self._checkouts)
        return Edit(self._transport, queries, self._model, branch or self.current, message, retry=retry)

    def compact(self, *tables: str, branch: str | None = None) -> Commit | None:
        """Work the small changes of tables, by default of all, into their segments: a commit that changes no row.

        Returns
        -------
        Commit or None
            None where nothing was left to be done.
        """
        names = tables or tuple(self[branch or self.current])
        with self.edit(branch, message=f"Compact {', '.join(names)}") as edit:
            for name in names:
                edit.compact(name)
        return edit.commit

    def attach(self, path: str | os.PathLike[str], name: str | None = None, *, message: str = "") -> Commit | None:
        """Keep a copy of a file, in a commit of its own."""
        with self.edit(message=message) as edit:
            edit.attach(path, name)
        return edit.commit

    def export(
        self,
        table: str | None,
        path: str | os.PathLike[str],
        *,
        at: str | None = None,
        format: exporting.Format | None = None,
    ) -> Path:
        """Write a table of a version as CSV or Parquet; a file that exists is replaced once the new one is whole."""
        return exporting.export(self.table(table, at).scan(), Path(path).expanduser().absolute(), format)

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
        branch = into or self.current
        request = MergeRequest(source=source, into=branch, message=message, squash=squash)

        def attempt(resolutions: Sequence[Resolution]) -> MergeOutcome:
            return self._transport.merge(self.id, request.model_copy(update={"resolutions": tuple(resolutions)}))

        return merging.finish(attempt, [Resolution(take=take)] if take else ())

    def revert(self, commit: str, *, branch: str | None = None, message: str = "") -> Commit | MergeConflicts | None:
        """Take back what a commit changed, in a new commit; what came later stays."""
        where = branch or self.current
        return merging.finish(lambda settled: self._transport.revert(self.id, commit, where, message, settled))

    def cherry_pick(self, commit: str, *, onto: str | None = None, message: str = "") -> Commit | MergeConflicts | None:
        """Do on a branch what a commit changed elsewhere, in a new commit."""
        where = onto or self.current
        return merging.finish(lambda settled: self._transport.cherry_pick(self.id, commit, where, message, settled))

    def checkout(self, ref: str) -> Commit:
        """Let the bare dataset mean this reference, here only; edits go to it if it is a branch."""
        commit = self._transport.resolve(self.id, _checked(ref))
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
        found = self._transport.diff(self.id, _checked(old), self._ref(new))
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
        return self.current if ref is None or ref == "" else _checked(ref)

    def _follow(self, ref: RefInfo) -> RefInfo:
        """Let what was checked out go by the new name of a branch or tag that was renamed."""
        if ref.formerly is not None and self.id in self._checkouts:
            self._checkouts[self.id] = Ref.parse(self.current).renamed(ref.formerly, ref.name)
        return ref

    def _current_version(self) -> Version | None:
        try:
            return self[self.current]
        except NotFoundError as error:
            if error.kind is ErrorKind.UNBORN_BRANCH:
                return None
            raise

    def _lines(self) -> list[str]:
        version = self._current_version()
        about = f": {display.plain(self.description)}" if self.description else ""
        lines = [f"Dataset {self.name!r} at {self.current}{about}"]
        if self.labels:
            lines.append("labels: " + ", ".join(self.labels))
        if version is None and self.has_history:
            lines.append("No commits now. What undo took back comes again by: ds.redo()")
        elif version is None:
            lines.append("No commits yet. Import a file: ds.import_file('data.csv').result()")
        return lines

    def __repr__(self) -> str:
        version = self._current_version()
        return "\n".join(self._lines() + ([] if version is None else [repr(version)]))

    def _repr_html_(self) -> str:
        version = self._current_version()
        return display.html_lines(self._lines()) + ("" if version is None else version._repr_html_())

    def _ipython_key_completions_(self) -> list[str]:
        return [r.name for r in self.refs()]


def _checked(ref: object) -> str:
    """The reference itself if it is text, else an error that shows how a version is named."""
    if isinstance(ref, str):
        return ref
    shown = f"'#{ref}'" if isinstance(ref, int) else "'#3'"
    raise InvalidInputError(
        f"A version is named by text, and not by a value of type {type(ref).__name__}.",
        kind=ErrorKind.INVALID_REF,
        next_step=f"Such as ds['main'], ds['v1.0'], ds['main~2'], a commit's first digits, or its number: ds[{shown}].",
    )
