"""What the datasets feature takes and gives."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from jupyter_datasets.values import DatasetId, Micros


class Dataset(BaseModel):
    """A dataset: what it is called and about, not what is in it.

    Attributes
    ----------
    id
        UUIDv7 text, for life.
    owner
        Id of the actor whose name space it is in.
    name
        Unique in the owner's name space without regard to case.
    description, labels
        For people; labels are sorted and unique.
    default_table
        The table that the bare dataset name means, if a table is called so.
    created, updated, deleted
        Microseconds UTC; ``deleted`` is None unless the dataset is in the bin.
    """

    model_config = ConfigDict(frozen=True)

    id: DatasetId
    owner: str
    name: str
    description: str = ""
    labels: tuple[str, ...] = ()
    default_table: str
    created: Micros
    updated: Micros
    deleted: Micros | None = None
