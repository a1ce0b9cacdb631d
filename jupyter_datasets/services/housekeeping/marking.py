"""What is needed, and who needs it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import islice

from jupyter_datasets.catalog.database import Database
from jupyter_datasets.errors import DamagedObjectError, DatasetsError
from jupyter_datasets.services.housekeeping import records
from jupyter_datasets.services.housekeeping.models import Keeper, Kept, Thing
from jupyter_datasets.services.housekeeping.walking import Walk
from jupyter_datasets.store.backends import LocalBackend
from jupyter_datasets.values import CommitId, Micros, ObjectHash, short

Bases = Callable[[], Iterable[CommitId]]


class Marking:
    """Goes from all that keeps commits down to files and packs, and later again from what came since.

    Parameters
    ----------
    bases
        Gives the commits from which open edits of this process began.
    since
        From when on moves of references can be undone.

    Attributes
    ----------
    commits
        Those that something keeps.
    kept
        What each keeper needs that none before it does.
    why
        Who keeps each file and pack.
    """

    def __init__(self, database: Database, backend: LocalBackend, walk: Walk, bases: Bases, since: Micros) -> None:
        self._database = database
        self._backend = backend
        self._walk = walk
        self._bases = bases
        self._since = since
        self.commits: set[CommitId] = set()
        self.kept: list[Kept] = []
        self.why: dict[Thing, Keeper] = {}

    def catch_up(self) -> None:
        """Mark what keepers need that came since, or all of it the first time.

        Raises
        ------
        DamagedObjectError
            Something cannot be read, and what is below it may be needed.
        """
        with self._database.read() as connection:
            keepers = records.keepers(connection, self._since)
            keepers[Keeper(reason="edit")] = set(self._bases())
            if all(commits <= self.commits for commits in keepers.values()):
                return
            parents = records.parents(connection)
        for keeper in sorted(keepers, key=lambda each: each.rank):
            heads = _in_catalog(keeper, keepers[keeper], parents)
            if new := _with_ancestors(heads - self.commits, parents, self.commits):
                self._mark(keeper, new)

    def needs(self, thing: Thing) -> bool:
        """Whether something keeps it."""
        return thing in self.why or (thing.kind == "commits" and thing.name in self.commits)

    def idle(self) -> set[Thing]:
        """What nothing keeps: commits of the catalog, files and packs on the disk."""
        with self._database.read() as connection:
            found = {Thing(kind="commits", name=name) for name in records.parents(connection)}
        found |= {Thing(kind="packs", name=name) for name in self._backend.names("packs")}
        found |= {Thing(kind="objects", name=name) for name in self._backend.names("objects")}
        return {thing for thing in found if not self.needs(thing)}

    def _mark(self, keeper: Keeper, commits: set[CommitId]) -> None:
        files, packs = len(self._walk.files), len(self._walk.packs)
        self._walk.visit(commits)
        for name, error in self._walk.broken.items():
            raise _cannot_tell(name, error) from error
        new = [Thing(kind="objects", name=name) for name in islice(self._walk.files, files, None)]
        new += [Thing(kind="packs", name=name) for name in islice(self._walk.packs, packs, None)]
        self.why |= dict.fromkeys(new, keeper)
        self.commits |= commits
        size = sum(self._backend.size(thing.kind, thing.name) for thing in new if thing.kind != "commits")
        self.kept.append(Kept(keeper=keeper, commits=len(commits), files=len(new), bytes=size))


def _in_catalog(keeper: Keeper, heads: set[CommitId], parents: Mapping[CommitId, object]) -> set[CommitId]:
    """Without what an old move names that is gone. Any other head must be there, or its history would be lost."""
    lost = heads - parents.keys()
    if lost and keeper.reason != "undo":
        raise _cannot_tell(ObjectHash(min(lost)), None)
    return heads - lost


def _with_ancestors(
    heads: set[CommitId], parents: Mapping[CommitId, tuple[CommitId, ...]], known: set[CommitId]
) -> set[CommitId]:
    found, waiting = set(heads), list(heads)
    while waiting:
        for parent in parents.get(waiting.pop(), ()):
            if parent not in found and parent not in known:
                found.add(parent)
                waiting.append(parent)
    return found


def _cannot_tell(name: ObjectHash, error: DatasetsError | None) -> DamagedObjectError:
    return DamagedObjectError(
        f"Object {short(name)} cannot be read, so nobody can tell what it needs.",
        kind=None if error is None else error.kind,
        next_step="Nothing was changed. Run 'jupyter datasets fsck' first.",
        details={"object": name},
    )
