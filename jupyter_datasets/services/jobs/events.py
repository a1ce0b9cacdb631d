"""What others may want to know about jobs, told after the commit. Ids only: listeners ask for the rest."""

from __future__ import annotations

from dataclasses import dataclass

from jupyter_datasets.catalog.events import Event


@dataclass(frozen=True, kw_only=True, slots=True)
class JobSubmitted(Event):
    """A job waits to be run."""

    job_id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class JobCancelRequested(Event):
    """Somebody asked a job to stop."""

    job_id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class JobEnded(Event):
    """A job succeeded, failed, was cancelled or was found lost."""

    job_id: str
    status: str
