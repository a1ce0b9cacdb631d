"""What others may want to know about versions, told after the commit."""

from __future__ import annotations

from dataclasses import dataclass

from jupyter_datasets.catalog.events import Event
from jupyter_datasets.values import CommitId, DatasetId


@dataclass(frozen=True, kw_only=True, slots=True)
class RefMoved(Event):
    """A branch or tag was made, moved or deleted."""

    dataset_id: DatasetId
    ref: str
    action: str
    old: CommitId | None
    new: CommitId | None
