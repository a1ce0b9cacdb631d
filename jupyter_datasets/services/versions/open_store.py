"""What services need in order to work on what a store holds."""

from __future__ import annotations

from dataclasses import dataclass

from jupyter_datasets.catalog.database import Database
from jupyter_datasets.services.datasets.service import DatasetService
from jupyter_datasets.services.permissions.service import PermissionService
from jupyter_datasets.store.backends import LocalBackend
from jupyter_datasets.store.objects import Objects


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenStore:
    """A store in use: what names its content, what holds it, and who may do what with it.

    Attributes
    ----------
    database
        The catalog: references, commits, and where each small object lies.
    permissions, datasets
        Who may do what; which dataset a name means.
    objects
        Commits, table roots and pages.
    backend
        Segments, attached files and packs.
    """

    database: Database
    permissions: PermissionService
    datasets: DatasetService
    objects: Objects
    backend: LocalBackend
