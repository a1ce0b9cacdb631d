"""Wait for a query so that Ctrl-C stops it, and its progress shows when it takes long."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from datetime import UTC, datetime
from typing import TypeVar

import duckdb

from jupyter_datasets.client.jobs import shown
from jupyter_datasets.services.jobs.models import Job, JobStatus, Progress

T = TypeVar("T")

PATIENCE = 2.0  # seconds without a sign of progress
_TICK = 0.2

SHOW_PROGRESS = "SET enable_progress_bar = true; SET enable_progress_bar_print = false"
"""To be run once on a connection whose queries are waited for: DuckDB counts, and we show."""


def wait_for(connection: duckdb.DuckDBPyConnection, work: Callable[[], T], title: str = "Query") -> T:
    """What the work gives.

    It runs in a thread of its own, because DuckDB leaves no room for Python's signals while it works.

    Parameters
    ----------
    connection
        The one that the work uses.
    work
        Blocks until a query has got somewhere.
    title
        What the progress is that of.

    Raises
    ------
    KeyboardInterrupt
        Once the query has stopped; the connection can be used again.
    """
    outcome: Future[T] = Future()
    began = datetime.now(UTC)
    thread = threading.Thread(target=_fulfil, args=(outcome, work), name="query")
    thread.start()
    try:
        if not _ended(outcome, PATIENCE):
            _show_until_end(connection, outcome, title, began)
    except KeyboardInterrupt:
        _stop(connection, outcome)
        raise
    return outcome.result()


def _fulfil(outcome: Future[T], work: Callable[[], T]) -> None:
    try:
        outcome.set_result(work())
    except BaseException as error:
        outcome.set_exception(error)


def _ended(outcome: Future[T], seconds: float) -> bool:
    return bool(wait([outcome], seconds).done)


def _show_until_end(connection: duckdb.DuckDBPyConnection, outcome: Future[T], title: str, began: datetime) -> None:
    with shown(title) as show:
        while True:
            show(_as_job(connection.query_progress(), title, began))
            if _ended(outcome, _TICK):
                return


def _stop(connection: duckdb.DuckDBPyConnection, outcome: Future[T]) -> None:
    # Again and again: an interrupt that comes before the query has begun is forgotten by DuckDB.
    connection.interrupt()
    while not _ended(outcome, _TICK):
        connection.interrupt()


def _as_job(percent: float, title: str, began: datetime) -> Job:
    known = percent >= 0
    progress = Progress(stage="running", done=int(percent) if known else 0, total=100 if known else None)
    return Job(
        id="query",
        kind="query",
        title=title,
        status=JobStatus.RUNNING,
        params={},
        progress=progress,
        created_by="",
        created=began,
        started=began,
    )
