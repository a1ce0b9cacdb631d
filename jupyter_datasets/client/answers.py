"""Answers of a server that are no value of a service: both sides take them from here."""

from __future__ import annotations

from typing import Generic, Self, TypeVar

from pydantic import BaseModel, ConfigDict

from jupyter_datasets.services.versions.models import Commit
from jupyter_datasets.services.versions.provenance import Provenance
from jupyter_datasets.values import CommitId, Page

T = TypeVar("T")


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True)


class Listing(_Answer, Generic[T]):
    """One page of a list; ``cursor`` asks for the next one and is null at the end."""

    items: tuple[T, ...]
    cursor: str | None = None

    @classmethod
    def of(cls, page: Page[T]) -> Self:
        """The page as it travels."""
        return cls(items=tuple(page.items), cursor=page.cursor)

    @property
    def page(self) -> Page[T]:
        """The page as it arrived."""
        return Page(items=self.items, cursor=self.cursor)


class StorePlace(_Answer):
    """Where the store is: its folder on the server's machine, and what tells whether that is this machine."""

    path: str
    fingerprint: str | None


class VersionInfo(_Answer):
    """The program, its interface, and its store; the store is null while it is not open."""

    version: str
    api: str = "v1"
    store: StorePlace | None = None


class Snapshot(_Answer):
    """What the references name, in their order."""

    commits: tuple[CommitId, ...]


class Repairs(_Answer):
    """What was changed in the rows so that they could be kept, in sentences."""

    warnings: tuple[str, ...]


class Committed(_Answer):
    """The commit; null when the changes change nothing."""

    commit: Commit | None


class MadeBy(_Answer):
    """What made a commit; null where nobody told."""

    provenance: Provenance | None


class RowDigest(_Answer):
    """What the rows of a table add up to, whatever their order: 48 hex digits."""

    digest: str


class Upload(_Answer):
    """A file on its way.

    Attributes
    ----------
    name
        What the file is called where it comes from.
    bytes
        How long it is.
    received
        How much of it has arrived: the offset of the next part.
    """

    id: str
    name: str
    bytes: int
    received: int = 0


class Emptied(_Answer):
    """The names of datasets that were removed for good."""

    datasets: tuple[str, ...]
