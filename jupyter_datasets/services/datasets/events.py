"""What others may want to know about datasets, told after the commit."""

from __future__ import annotations

from dataclasses import dataclass

from jupyter_datasets.catalog.events import Event
from jupyter_datasets.values import DatasetId


@dataclass(frozen=True, kw_only=True, slots=True)
class DatasetChanged(Event):
    """A dataset was created, described, renamed, deleted or restored."""

    dataset_id: DatasetId
    action: str
