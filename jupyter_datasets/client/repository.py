"""The repository: what ``connect()`` gives, and where everything starts."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from jupyter_datasets.client import display
from jupyter_datasets.client.dataset import Dataset
from jupyter_datasets.client.edit import Changed
from jupyter_datasets.client.housekeeping import OnProgress
from jupyter_datasets.client.imports import ImportResult, file_request, table_for
from jupyter_datasets.client.jobs import Job
from jupyter_datasets.client.result import Result
from jupyter_datasets.client.sql import Queries
from jupyter_datasets.client.transport import Transport
from jupyter_datasets.engine.edit_statements import read_edit
from jupyter_datasets.engine.pool import Engine
from jupyter_datasets.engine.schema_statements import read_schema
from jupyter_datasets.engine.statements import parse
from jupyter_datasets.errors import InvalidInputError, NotFoundError
from jupyter_datasets.services.datasets.models import Dataset as DatasetModel
from jupyter_datasets.services.health.models import Report
from jupyter_datasets.services.housekeeping.models import BIN_DAYS, GRACE_HOURS, Backup, Collected
from jupyter_datasets.services.imports.models import Mode, SchemaMode
from jupyter_datasets.services.jobs.models import Job as JobModel
from jupyter_datasets.services.jobs.models import JobStatus
from jupyter_datasets.store import forms
from jupyter_datasets.values import MAIN, DatasetId, name_key

_LONGEST_MESSAGE = 200  # characters of a statement that stands for its commit's message


class Repository:
    """The datasets of one store.

    Examples
    --------
    >>> import jupyter_datasets as jd
    >>> repo = jd.connect("my-store")
    >>> flights = repo.create("flights", description="Departures of 2013")
    >>> repo["flights"]
    Dataset 'flights' at main: Departures of 2013
    """

    def __init__(self, transport: Transport, threads: int | None = None) -> None:
        self._transport = transport
        self._engine = Engine(threads or min(os.cpu_count() or 1, 8), forms.configure)
        self._checkouts: dict[DatasetId, str] = {}
        self._queries = Queries(transport, self._engine, self._checkouts)

    def create(self, name: str, *, description: str = "", labels: Iterable[str] = ()) -> Dataset:
        """A new, empty dataset.

        Raises
        ------
        AlreadyExistsError
            The name is taken.
        InvalidInputError
            The name breaks a rule; a repaired one is offered.
        """
        return self._dataset(self._transport.create_dataset(name, description, labels))

    def import_file(
        self,
        path: str | os.PathLike[str],
        dataset: str | None = None,
        table: str | None = None,
        *,
        mode: Mode = "replace",
        schema: SchemaMode | None = None,
        key: str | Iterable[str] = (),
        branch: str | None = None,
        message: str = "",
        keep_original: bool = False,
        **options: Any,
    ) -> Job[ImportResult]:
        """Import a CSV or Parquet file into a dataset, which is made if there is none of that name.

        A dataset that was made for it goes into the bin when the import fails, is cancelled or lost.

        Parameters
        ----------
        path
            The file.
        dataset
            Name of the dataset; by default that of the file without its endings.
        table, mode, schema, key, branch, message, keep_original, **options
            As for :meth:`Dataset.import_file`.

        Examples
        --------
        >>> repo.import_file("flights.csv").result()
        flights: 336,776 rows, commit 5b1d2b6c1f0a
        """
        name = table_for(Path(path), None)[0] if dataset is None else dataset
        request = file_request(
            path,
            table,
            branch=branch or self._current(name),
            mode=mode,
            schema_mode=schema,
            key=key,
            options=options,
            message=message,
            keep_original=keep_original,
        )
        return self.job(self._transport.start_import(name, request, create=True).id)

    def _current(self, dataset: str) -> str:
        """The branch that edits of a dataset go to, of which there may be none yet."""
        try:
            return self[dataset].current
        except NotFoundError:
            return MAIN

    def __getitem__(self, dataset: str) -> Dataset:
        if not isinstance(dataset, str):
            raise InvalidInputError(
                f"A dataset is named by text, and not by a value of type {type(dataset).__name__}.",
                next_step="Such as repo['flights']; list(repo) has all names.",
            )
        return self._dataset(self._transport.get_dataset(dataset))

    def datasets(self) -> Datasets:
        """All datasets by name."""
        return Datasets(self._dataset(model) for model in self._pages())

    def __iter__(self) -> Iterator[str]:
        return (model.name for model in self._pages())

    def sql(
        self,
        query: str,
        *,
        params: Mapping[str, Any] | None = None,
        at: str | None = None,
        limit: int | None = None,
        tables: Mapping[str, Any] | None = None,
    ) -> Result:
        """Query datasets at any version.

        Parameters
        ----------
        query
            One statement that reads, in DuckDB's SQL. ``flights`` is the dataset's default table at its current
            version, ``flights.airports`` another table, ``flights AT (VERSION => 'main~2')`` another version.
        params
            Values for ``$name`` in the statement.
        at
            Reference that holds for every dataset without an AT of its own.
        limit
            The most rows that the result may have.
        tables
            DataFrames and Arrow tables that the statement may name in FROM.

        Returns
        -------
        Result
            Its versions are fixed now; the query runs when its rows are first looked at, and only once.

        Raises
        ------
        StatementError
            The statement cannot run. The message points at the place; ``details`` hold line, column and suggestions.

        Examples
        --------
        >>> repo.sql("SELECT avg(dep_delay) FROM flights WHERE carrier = $c", params={"c": "UA"}).to_pandas()
        """
        return self._queries.run(query, params=params or {}, variables=tables or {}, at=at, limit=limit)

    def execute(
        self,
        statement: str,
        *,
        params: Mapping[str, Any] | None = None,
        tables: Mapping[str, Any] | None = None,
        branch: str | None = None,
        message: str = "",
    ) -> Changed:
        """Change a table by ``INSERT``, ``UPDATE``, ``DELETE``, ``MERGE`` or ``ALTER``, or make one, in its own commit.

        Parameters
        ----------
        statement
            One statement. The table is written ``dataset.table``, or as the dataset alone for its default table.
        params
            Values for ``$name`` in the statement.
        tables
            DataFrames and Arrow tables that it may name.
        branch
            Branch that takes the commit; by default the current one.
        message
            What the commit is to say; by default the statement.

        Raises
        ------
        StatementError
            The statement cannot run.
        InvalidInputError
            A row would be changed twice, or the result breaks the table's key.

        Examples
        --------
        >>> repo.execute("UPDATE flights SET dep_delay = 0 WHERE dep_delay < -60", branch="fix")
        """
        parsed = parse(statement)
        target = (read_schema(parsed) or read_edit(parsed)).target
        dataset = self[target[0].removeprefix("me/")]
        edit = dataset.edit(branch, message=message or " ".join(statement.split())[:_LONGEST_MESSAGE])
        with edit:
            rows = edit.sql(statement, params=params, tables=tables)
        return Changed(rows=rows, target=".".join(target), branch=branch or dataset.current, commit=edit.commit)

    def bin(self) -> Datasets:
        """Deleted datasets, the last deleted first."""
        return Datasets(self._dataset(model) for model in self._transport.bin())

    def restore(self, dataset: str, name: str | None = None) -> Dataset:
        """Take a dataset out of the bin, under another name if its own is taken."""
        return self._dataset(self._transport.restore_dataset(dataset, name))

    def jobs(self, *, status: str | None = None, dataset: str | None = None, limit: int = 100) -> Jobs:
        """Jobs, newest first."""
        dataset_id = None if dataset is None else self._transport.get_dataset(dataset).id
        found = self._transport.list_jobs(None if status is None else _job_status(status), dataset_id, limit)
        return Jobs(found)

    def job(self, job: str) -> Job[Any]:
        """A job by its id."""
        model = self._transport.get_job(job)
        dataset = model.dataset_id
        value = (lambda ended: self[dataset].import_result(ended)) if dataset else _plain_result
        return Job(model.id, self._transport, value)

    def doctor(self, rehash: str | None = None, *, on_progress: OnProgress | None = None) -> Report:
        """Check that the store is well and that all that branches and tags need is there.

        Parameters
        ----------
        rehash
            A dataset whose files are to be read again at all its versions, or ``"all"`` for every file of the store.
        on_progress
            Called with the bytes read again so far, and in all.
        """
        return self._transport.doctor(rehash, on_progress)

    def fsck(
        self, dataset: str | None = None, *, repair: bool = False, on_progress: OnProgress | None = None
    ) -> Report:
        """Read all that versions need again, and name what is damaged with every version that it touches.

        Parameters
        ----------
        dataset
            Only what this dataset's versions need; everything in the store when None.
        repair
            Move damaged files into ``quarantine``, so that importing the same rows again mends them, and set the index
            of packs right. Nothing is deleted.
        on_progress
            Called with the bytes read so far, and in all.
        """
        return self._transport.housekeeping.fsck(dataset, repair=repair, on_progress=on_progress)

    def gc(self, *, dry_run: bool = False, grace_hours: float = GRACE_HOURS) -> Collected:
        """Collect what no version needs: condemn it, and delete what an earlier call condemned.

        What branches and tags reach is kept, with their history, and what may be undone, what is in the bin, and what
        is being edited.

        Parameters
        ----------
        dry_run
            Change nothing, and tell who keeps what.
        grace_hours
            How long something must have been unneeded before either step.
        """
        return self._transport.housekeeping.gc(dry_run=dry_run, grace_hours=grace_hours)

    def empty_bin(self, older_than: timedelta | float = BIN_DAYS) -> tuple[str, ...]:
        """Remove datasets for good that were deleted long ago, and give their names; ``gc`` then frees their space.

        Parameters
        ----------
        older_than
            How long ago; a number counts days.
        """
        days = older_than / timedelta(days=1) if isinstance(older_than, timedelta) else older_than
        return self._transport.housekeeping.empty_bin(days)

    def backup(
        self, folder: str | os.PathLike[str], *, links: bool = True, on_progress: OnProgress | None = None
    ) -> Backup:
        """Copy the store to a folder while it is in use, or bring an earlier backup there up to date.

        Parameters
        ----------
        folder
            An earlier backup, or a folder that is empty or does not exist yet; on the machine where the store is.
        links
            Whether files may be further names of the store's own: no help against a broken disk, but there at once.
        on_progress
            Called with the bytes done, and in all.
        """
        target = Path(folder).expanduser().absolute()
        return self._transport.housekeeping.back_up(target, links=links, on_progress=on_progress)

    def close(self) -> None:
        """Wait for running jobs, showing their progress, and let go of the store."""
        try:
            for model in self._transport.own_jobs():
                Job(model.id, self._transport, _plain_result).wait()
        except KeyboardInterrupt:
            self._transport.close(wait=False)
            raise
        self._engine.close()
        self._transport.close(wait=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _dataset(self, model: DatasetModel) -> Dataset:
        return Dataset(self._transport, self._engine, model, self._checkouts)

    def _pages(self) -> Iterator[DatasetModel]:
        page = self._transport.list_datasets()
        yield from page.items
        while page.cursor:
            page = self._transport.list_datasets(page.cursor)
            yield from page.items

    def __repr__(self) -> str:
        return f"Repository at {self._transport.place}\n{self.datasets()!r}"

    def _repr_html_(self) -> str:
        return display.html_lines([f"Repository at {self._transport.place}"]) + self.datasets()._repr_html_()

    def _ipython_key_completions_(self) -> list[str]:
        return list(self)


def _job_status(text: str) -> JobStatus:
    try:
        return JobStatus(text)
    except ValueError as error:
        raise InvalidInputError(
            f"{text!r} is no status of a job.", next_step=f"Use one of: {', '.join(JobStatus)}."
        ) from error


def _remark(job: JobModel) -> str:
    if job.error is not None:
        return str(job.error.get("message", ""))
    return "" if job.status.ended else job.progress.stage


def _plain_result(job: JobModel) -> Mapping[str, Any]:
    return job.result or {}


class Datasets(tuple[Dataset, ...]):
    """Datasets as a list that shows itself; ``"flights" in datasets`` asks for a name."""

    __slots__ = ()

    def __contains__(self, item: object) -> bool:
        if isinstance(item, str):
            return any(name_key(dataset.name) == name_key(item) for dataset in self)
        return super().__contains__(item)

    def _rows(self) -> list[tuple[str, str, str]]:
        return [(d.name, ", ".join(d.labels), d.description) for d in self]

    def __repr__(self) -> str:
        if not self:
            return "No datasets. Make one: repo.create('flights')"
        return display.text_table(("name", "labels", "description"), self._rows(), whole=1)

    def _repr_html_(self) -> str:
        if not self:
            return display.html_lines([repr(self)])
        return display.html_table(("name", "labels", "description"), self._rows())


class Jobs(tuple[JobModel, ...]):
    """Jobs as a list that shows itself."""

    __slots__ = ()

    def _rows(self) -> list[tuple[str, str, str, str]]:
        return [(j.id, str(j.status), j.title, _remark(j)) for j in self]

    def __repr__(self) -> str:
        return display.text_table(("id", "status", "job", ""), self._rows()) if self else "No jobs."

    def _repr_html_(self) -> str:
        return display.html_table(("id", "status", "job", ""), self._rows()) if self else "<div>No jobs.</div>"
