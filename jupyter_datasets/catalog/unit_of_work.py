"""One write transaction and the events that go out when it is committed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from jupyter_datasets import faults
from jupyter_datasets.catalog.border import is_outcome_unknown, translated
from jupyter_datasets.catalog.events import Event, EventBus
from jupyter_datasets.errors import DatasetsError, ErrorKind, InternalError, StorageError

Evidence: TypeAlias = Callable[[Connection], bool]
Look: TypeAlias = Callable[[Evidence], bool]


class UnitOfWork:
    """Statements that become visible together, or not at all.

    Made by :meth:`Database.begin`; when its block ends without :meth:`commit`, nothing happened.

    Parameters
    ----------
    connection
        The connection whose open transaction this is.
    place
        The catalog's name for messages.
    events
        Where recorded events go after the commit.
    look
        Runs a question on a fresh connection, for a commit whose answer was lost.
    """

    def __init__(self, connection: Connection, *, place: str, events: EventBus, look: Look) -> None:
        self._connection = connection
        self._place = place
        self._events = events
        self._look = look
        self._recorded: list[Event] = []
        self._committed = False

    @property
    def connection(self) -> Connection:
        """The connection to run statements on, until the commit."""
        if self._committed:
            raise InternalError("A unit of work was used after its commit.")
        return self._connection

    def record(self, event: Event) -> None:
        """Announce the event once the commit has succeeded."""
        self._recorded.append(event)

    def commit(self, *, evidence: Evidence | None = None) -> None:
        """Make everything durable, then publish the recorded events.

        Parameters
        ----------
        evidence
            Tells, on another connection, whether an id written in this transaction is there. It is asked when the
            connection broke after COMMIT was sent: if it says yes, the commit counts as made.

        Raises
        ------
        ConflictError
            Another transaction wrote the same rows first. Nothing was changed; the caller may try again.
        StorageError
            The disk or the server refused, and nothing was changed. With ``kind`` COMMIT_UNKNOWN nobody can tell
            whether it was: read the ids that this transaction wrote before doing it again.
        """
        connection = self.connection
        with translated(self._place, also=OSError):
            faults.reach("catalog.before-commit")
            self._send(connection, evidence)
            self._committed = True
            faults.reach("catalog.after-commit")
        self._events.publish(self._recorded)

    def _send(self, connection: Connection, evidence: Evidence | None) -> None:
        try:
            connection.commit()
        except SQLAlchemyError as error:
            if not is_outcome_unknown(error):
                raise
            if evidence is None or not self._is_kept(evidence):
                raise _unknown(self._place) from error

    def _is_kept(self, evidence: Evidence) -> bool:
        try:
            return self._look(evidence)
        except DatasetsError:
            return False


def _unknown(place: str) -> StorageError:
    return StorageError(
        f"The connection to {place} broke while a commit was under way, and it is not known whether it was kept.",
        kind=ErrorKind.COMMIT_UNKNOWN,
        next_step="Look whether the change is there before making it again.",
        details={"catalog": place},
    )
