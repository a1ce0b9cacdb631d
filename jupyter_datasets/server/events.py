"""What happened, told through Jupyter's own events after the commit: ids only, for everybody who listens hears them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from jupyter_events import EventLogger

if TYPE_CHECKING:
    from jupyter_datasets.catalog.events import EventBus

_BASE = "https://events.jupyter.org/jupyter_datasets"
DATASET, REFERENCE, JOB = (f"{_BASE}/{subject}/v1" for subject in ("dataset", "reference", "job"))

_ID = {"type": "string", "minLength": 1}
_COMMIT = {"type": ["string", "null"], "pattern": "^[0-9a-f]{64}$"}
_ENDS = ["succeeded", "failed", "cancelled", "lost"]


def _schema(name: str, title: str, **properties: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "$id": name,
        "version": "1",
        "title": title,
        "personal-data": False,
        "type": "object",
        "required": sorted(properties),
        "additionalProperties": False,
        "properties": properties,
    }


SCHEMAS = (
    _schema(
        DATASET,
        "A dataset changed",
        dataset_id=_ID,
        action={"enum": ["created", "updated", "deleted", "restored"]},
    ),
    _schema(
        REFERENCE,
        "A branch or tag was made, moved, renamed, protected or deleted",
        dataset_id=_ID,
        action={
            "enum": [
                "commit",
                "create",
                "delete",
                "undo",
                "redo",
                "rename",
                "protect",
                "unprotect",
                "merge",
                "revert",
                "cherry-pick",
            ]
        },
        commit=_COMMIT,
    ),
    _schema(
        JOB,
        "A job was queued, was asked to stop, or ended",
        job_id=_ID,
        status={"enum": ["queued", "cancelling", *_ENDS]},
    ),
)


def register(logger: EventLogger) -> None:
    """Make our events known: before anybody listens, for a listener hears of the schemas that there are then."""
    for schema in SCHEMAS:
        logger.register_event_schema(schema)


class Announcer:
    """Passes events of a store on to Jupyter's logger. Made in the event loop's thread.

    Parameters
    ----------
    logger
        Jupyter's, with our schemas; it is used in that thread only.
    """

    def __init__(self, logger: EventLogger) -> None:
        self._logger = logger
        self._loop = asyncio.get_running_loop()

    def listen(self, bus: EventBus) -> None:
        """Pass on what is published from now on, by any thread."""
        from jupyter_datasets.services.datasets.events import DatasetChanged
        from jupyter_datasets.services.jobs.events import JobCancelRequested, JobEnded, JobSubmitted
        from jupyter_datasets.services.versions.events import RefMoved

        tell = self._tell
        bus.subscribe(DatasetChanged, lambda e: tell(DATASET, dataset_id=e.dataset_id, action=e.action))
        bus.subscribe(RefMoved, lambda e: tell(REFERENCE, dataset_id=e.dataset_id, action=e.action, commit=e.new))
        bus.subscribe(JobSubmitted, lambda e: tell(JOB, job_id=e.job_id, status="queued"))
        bus.subscribe(JobCancelRequested, lambda e: tell(JOB, job_id=e.job_id, status="cancelling"))
        bus.subscribe(JobEnded, lambda e: tell(JOB, job_id=e.job_id, status=e.status))

    def _tell(self, schema: str, **data: Any) -> None:
        emit: Callable[..., object] = self._logger.emit
        self._loop.call_soon_threadsafe(lambda: emit(schema_id=schema, data=data))
