"""Datasets as users hold them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from jupyter_datasets.client import display, exporting, tables
from jupyter_datasets.client.edit import Edit
from jupyter_datasets.client.imports import ImportResult, file_request
from jupyter_datasets.client.jobs import Job
from jupyter_datasets.client.sql import Queries
from jupyter_datasets.client.version import Table, Version
from jupyter_datasets.client.versioned import Versioned, checked
from jupyter_datasets.errors import ErrorKind, NotFoundError
from jupyter_datasets.services.imports.models import Mode, SchemaMode
from jupyter_datasets.services.jobs.models import Job as JobModel
from jupyter_datasets.services.versions.models import Commit


class Dataset(Versioned):
    """A dataset: tables and files with a history. ``ds["main~2"]`` is a version of it, ``ds["v1"]["t"]`` a table.

    What the bare dataset means (``ds.tables``, ``ds.log()``) is what was checked out, else the branch ``main``.
    """

    @property
    def description(self) -> str:
        """What it is about."""
        return self._model.description

    @property
    def labels(self) -> tuple[str, ...]:
        """Its labels in order."""
        return self._model.labels

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
        return Version(self._transport, self._engine, self.name, self._transport.version(self.id, checked(ref)))

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
        schema: SchemaMode | None = None,
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
        schema
            ``"strict"``: the file must have exactly the table's columns, in types that fit; ``"evolve"``: rows that
            are appended may also bring new columns and wider types.
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
            schema_mode=schema,
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
