"""Jobs as callers see them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

Unit = Literal["rows", "bytes", "steps"]


class JobStatus(StrEnum):
    """Where a job is in its life. ``lost`` means that its process died before the job ended."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    LOST = "lost"

    @property
    def ended(self) -> bool:
        """Whether the job will not change any more."""
        return self not in (JobStatus.QUEUED, JobStatus.RUNNING)


class Progress(BaseModel):
    """How far a job is.

    Attributes
    ----------
    stage
        What is being done now, in a word or two.
    done, total
        How much of the stage is done, in ``unit``; ``total`` is None when nobody knows it.
    rows, bytes
        Rows and bytes dealt with by the job so far.
    rate
        Units per second, smoothed over the last seconds.
    seconds_left
        Time left in this stage at that rate; None when it cannot be told.
    messages
        What the person should know: repairs, widened columns, counts of nulls.
    """

    model_config = ConfigDict(frozen=True)

    stage: str = ""
    done: int = 0
    total: int | None = None
    unit: Unit = "steps"
    rows: int = 0
    bytes: int = 0
    rate: float = 0.0
    seconds_left: float | None = None
    messages: tuple[str, ...] = ()


class Job(BaseModel):
    """One piece of long work.

    Attributes
    ----------
    params
        What the job was asked to do, as its kind defines it.
    result
        What came out, as its kind defines it; None until the job succeeded.
    error
        ``{"class", "kind", "message", "next_step", "details"}`` of a job that failed, was cancelled or lost.
    cancel_requested
        Whether a running job was asked to stop and has not done so yet.
    retry_of
        Id of the job whose request this one carries out again.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    kind: str
    dataset_id: str | None = None
    title: str
    status: JobStatus = JobStatus.QUEUED
    params: dict[str, Any]
    progress: Progress = Progress()
    result: dict[str, Any] | None = None
    error: dict[str, Any] | None = None
    cancel_requested: bool = False
    retry_of: str | None = None
    created_by: str
    created: datetime
    started: datetime | None = None
    finished: datetime | None = None

    def evolve(self, **changes: Any) -> Job:
        """A copy with some fields changed."""
        return self.model_copy(update=changes)
