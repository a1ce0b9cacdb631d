"""Looking after a store as a whole, wherever it is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from jupyter_datasets.client.answers import Emptied
from jupyter_datasets.client.rest import Rest
from jupyter_datasets.services.health.models import Report
from jupyter_datasets.services.housekeeping.models import Backup, Collected

OnProgress = Callable[[int, int], object]


class Housekeeping(Protocol):
    """One method per intention."""

    def fsck(self, dataset: str | None, *, repair: bool, on_progress: OnProgress | None) -> Report:
        """Read all that versions need again."""

    def gc(self, *, dry_run: bool, grace_hours: float) -> Collected:
        """Collect what nothing needs."""

    def empty_bin(self, older_than_days: float) -> tuple[str, ...]:
        """Remove datasets for good."""

    def back_up(self, folder: Path, *, links: bool, on_progress: OnProgress | None) -> Backup:
        """Copy the store."""


class RemoteHousekeeping:
    """Has the server do it; see :class:`Housekeeping`. Folders are those of its machine, and there is no progress."""

    def __init__(self, rest: Rest) -> None:
        self._rest = rest

    def fsck(self, dataset: str | None, *, repair: bool, on_progress: OnProgress | None) -> Report:  # noqa: ARG002  # an answer has no progress
        return self._rest.post(Report, "/housekeeping/fsck", dataset=dataset, repair=repair)

    def gc(self, *, dry_run: bool, grace_hours: float) -> Collected:
        return self._rest.post(Collected, "/housekeeping/gc", dry_run=dry_run, grace_hours=grace_hours)

    def empty_bin(self, older_than_days: float) -> tuple[str, ...]:
        return self._rest.post(Emptied, "/housekeeping/empty-bin", older_than_days=older_than_days).datasets

    def back_up(self, folder: Path, *, links: bool, on_progress: OnProgress | None) -> Backup:  # noqa: ARG002  # likewise
        return self._rest.post(Backup, "/housekeeping/backup", folder=str(folder), links=links)
