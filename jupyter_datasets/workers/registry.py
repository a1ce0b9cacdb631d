"""What to do for each kind of job."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from jupyter_datasets.errors import InternalError
from jupyter_datasets.services.jobs.models import Job
from jupyter_datasets.values import Actor

Plan = dict[str, Any]
Result = dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class JobKind:
    """One kind of job.

    Attributes
    ----------
    name
        The kind as jobs carry it, such as ``"import"``.
    task
        ``"module:function"`` of ``task(plan, reporter) -> result``, pure computing in a child process. Plan and result
        are JSON.
    prepare
        Makes the plan, in this process and with its services, before the task runs.
    finish
        Commits what the task made; its return value is the job's result.
    discard
        Removes what a job left behind that failed, was cancelled or was lost. May be called more than once.
    """

    name: str
    task: str
    prepare: Callable[[Actor, Job], Plan]
    finish: Callable[[Actor, Job, Result], Result]
    discard: Callable[[Job], None]


class Registry:
    """The kinds of jobs that this program knows; filled when the program is put together."""

    def __init__(self) -> None:
        self._kinds: dict[str, JobKind] = {}

    def add(self, kind: JobKind) -> None:
        """Make a kind known."""
        self._kinds[kind.name] = kind

    def get(self, name: str) -> JobKind | None:
        """The kind of that name, if it is known."""
        return self._kinds.get(name)

    def __getitem__(self, name: str) -> JobKind:
        if kind := self._kinds.get(name):
            return kind
        raise InternalError(f"No kind of job is called {name!r}.", details={"kind": name})

    def modules(self) -> tuple[str, ...]:
        """The modules of all tasks, for children to import ahead of time."""
        return tuple(sorted({kind.task.partition(":")[0] for kind in self._kinds.values()}))
