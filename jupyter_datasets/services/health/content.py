"""What datasets need of the store: which versions hold which objects, and whether those are there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from jupyter_datasets.errors import DamagedObjectError, DatasetsError, StorageError
from jupyter_datasets.services.health.models import Check
from jupyter_datasets.store import trees
from jupyter_datasets.store.objects import Objects
from jupyter_datasets.store.trees import Pages
from jupyter_datasets.values import CommitId, ObjectHash

WRONG = (DamagedObjectError, StorageError)
_SHOWN = 5


@dataclass(kw_only=True, slots=True)
class Needs:
    """What some versions of a dataset are made of.

    Attributes
    ----------
    dataset
        The dataset's name.
    versions
        How many versions were looked at.
    files
        Segments and attached files, each with the versions that need it.
    broken
        Errors met on the way there, each with the versions that it touches: they cannot be read at all.
    """

    dataset: str
    versions: int
    files: dict[ObjectHash, list[str]] = field(default_factory=dict)
    broken: dict[str, tuple[DatasetsError, list[str]]] = field(default_factory=dict)

    def add_error(self, error: DatasetsError, versions: Iterable[str]) -> None:
        """Note an error, once for all versions that it touches."""
        self.broken.setdefault(error.message, (error, []))[1].extend(versions)


def needs(dataset: str, versions: Mapping[str, CommitId], objects: Objects) -> Needs:
    """Walk versions, given by what people call them, down to segments and files."""
    found, pages, roots = Needs(dataset=dataset, versions=len(versions)), Pages(objects.load), _Roots(objects)
    for name, commit in versions.items():
        try:
            content = objects.commit(commit).content
            files = [f.hash for f in content.files.values()]
            for root in content.tables.values():
                files += roots.segments(root, pages)
        except WRONG as error:
            found.add_error(error, [name])
            continue
        for file in dict.fromkeys(files):
            found.files.setdefault(file, []).append(name)
    return found


class _Roots:
    """The segments of table roots, each walked once however many versions share it."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self._known: dict[ObjectHash, tuple[ObjectHash, ...]] = {}

    def segments(self, root: ObjectHash, pages: Pages) -> tuple[ObjectHash, ...]:
        if root not in self._known:
            items = list(trees.segments(self._objects.root(root).tree, pages))
            self._objects.patches([item.patch for item in items if item.patch])
            self._known[root] = tuple(item.hash for item in items if not item.is_inline)
        return self._known[root]


def check_files(needed: Needs, check: Callable[[ObjectHash], object]) -> None:
    """Look at each segment and file; what is wrong is noted with the versions that need it."""
    for name, versions in needed.files.items():
        try:
            check(name)
        except WRONG as error:
            needed.add_error(error, versions)


def to_checks(needed: Needs) -> list[Check]:
    """The lines of a report: one when all is there, none without versions, else one for each thing that is wrong."""
    if not needed.broken:
        found = f"versions looked at: {needed.versions:,}; segments and files, all there: {len(needed.files):,}"
        return [Check(name=f"dataset {needed.dataset}", status="ok", message=found)] if needed.versions else []
    return [_broken(needed.dataset, error, versions) for error, versions in needed.broken.values()]


def _broken(dataset: str, error: DatasetsError, versions: list[str]) -> Check:
    touched = list(dict.fromkeys(versions))
    more = f" and {len(touched) - _SHOWN} more" if len(touched) > _SHOWN else ""
    return Check(
        name=f"dataset {dataset}",
        status="fail",
        message=f"{error.message} Needed by {', '.join(touched[:_SHOWN])}{more}.",
        next_step=error.next_step,
        details={**error.details, "versions": touched},
    )
