"""Health: check a store, and hash it again when asked to."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from jupyter_datasets.catalog.schema import revision_of
from jupyter_datasets.errors import DatasetsError
from jupyter_datasets.services.health import content, environment, records
from jupyter_datasets.services.health.models import Check, Report
from jupyter_datasets.services.versions.open_store import OpenStore
from jupyter_datasets.store import packs
from jupyter_datasets.values import Actor, DatasetId, ObjectHash, Role, short

EVERYTHING = "all"
OnProgress = Callable[[int, int], object]


class HealthService:
    """Looks at everything and changes nothing."""

    def __init__(self, store: OpenStore, *, embedded: bool) -> None:
        self._database = store.database
        self._permissions = store.permissions
        self._datasets = store.datasets
        self._objects = store.objects
        self._backend = store.backend
        self._embedded = embedded

    def check(self, actor: Actor, rehash: str | None = None, on_progress: OnProgress | None = None) -> Report:
        """Check programs, folder, catalog, packs, and that all that branches and tags need is there.

        Parameters
        ----------
        rehash
            A dataset, by id or name: also check all its versions, and read all their files again. ``"all"``: do so for
            every dataset, read every pack and file of the store again, and count the files that no version needs.
        on_progress
            Called while files are read again, with the bytes done and the bytes in all.
        """
        self._permissions.require(actor, None, Role.ADMIN)
        only = None if rehash in (None, EVERYTHING) else self._datasets.get(actor, str(rehash)).id
        with self._database.hold():
            checks = [*environment.look(self._backend.root, embedded=self._embedded), self._catalog(), self._packs()]
            checks += self._datasets_now()
            if rehash is not None:
                checks += self._rehashed(only, on_progress)
        return Report(checks=tuple(checks))

    def _catalog(self) -> Check:
        with self._database.read() as connection:
            revision = revision_of(connection)
        return Check(name="catalog", status="ok", message=f"{self._database.dialect}, schema {revision}")

    def _packs(self) -> Check:
        with self._database.read() as connection:
            ends = records.pack_ends(connection)
        there = set(self._backend.names("packs"))
        bad = [name for name, end in ends.items() if name not in there or self._backend.size("packs", name) < end]
        if bad:
            return _bad_packs(bad, [str(self._backend.path("packs", name)) for name in bad])
        spare = len(there - ends.keys())
        extra = f"; {spare:,} more, left by an interrupted write, belong to no version and do no harm" if spare else ""
        return Check(name="packs", status="ok", message=f"in the index, and all there: {len(ends):,}{extra}")

    def _datasets_now(self) -> Iterator[Check]:
        with self._database.read() as connection:
            known = {i: (name, records.heads(connection, i)) for i, name in records.names(connection).items()}
        for name, heads in known.values():
            needed = content.needs(name, heads, self._objects)
            content.check_files(needed, self._backend.check)
            yield from content.to_checks(needed)

    # ------------------------------------------------------------------------------------------------ reading it all

    def _rehashed(self, only: DatasetId | None, on_progress: OnProgress | None) -> Iterator[Check]:
        with self._database.read() as connection:
            known = {
                i: (name, records.commits(connection, i))
                for i, name in records.names(connection).items()
                if only in (None, i)
            }
        needed = [content.needs(name, commits, self._objects) for name, commits in known.values()]
        complete = not any(need.broken for need in needed)  # a version that cannot be read may need anything
        used = {file for need in needed for file in need.files}
        there = set(self._backend.names("objects")) if only is None else set()
        bad = self._reread(sorted(used | there), on_progress)
        for need in needed:
            content.check_files(need, lambda name: _raise(bad.get(name)))
            yield from (_renamed(check, "rehash") for check in content.to_checks(need))
        if only is None:
            yield self._reread_packs()
            if complete:
                yield self._unused(there, used)
            yield from (_unneeded(bad[name], certain=complete) for name in sorted(bad.keys() - used))

    def _reread(self, names: list[ObjectHash], on_progress: OnProgress | None) -> dict[ObjectHash, DatasetsError]:
        total, done = sum(self._backend.size("objects", name) for name in names), 0
        bad: dict[ObjectHash, DatasetsError] = {}
        for name in names:
            try:
                self._backend.rehash("objects", name)
            except content.WRONG as error:
                bad[name] = error
            done += self._backend.size("objects", name)
            if on_progress:
                on_progress(done, total)
        return bad

    def _unused(self, there: set[ObjectHash], used: set[ObjectHash]) -> Check:
        unused = there - used
        size = sum(self._backend.size("objects", name) for name in unused)
        extra = f"; no version needs {len(unused):,} of them, {size:,} bytes, which do no harm" if unused else ""
        return Check(
            name="rehash files",
            status="ok",
            message=f"segments and files: {len(there):,}{extra}",
            details={"unused": len(unused), "unused_bytes": size},
        )

    def _reread_packs(self) -> Check:
        with self._database.read() as connection:
            names = list(records.pack_ends(connection))
        bad = [name for name in names if not self._pack_is_whole(name)]
        if bad:
            return _renamed(_bad_packs(bad, [str(self._backend.path("packs", name)) for name in bad]), "rehash")
        return Check(name="rehash packs", status="ok", message=f"read again, and whole: {len(names):,}")

    def _pack_is_whole(self, name: ObjectHash) -> bool:
        with self._database.read() as connection:
            indexed = records.indexed(connection, name)
        try:
            places, _ = packs.read_end(self._backend.read("packs", name))
        except content.WRONG:
            return False
        return all(places.get(each) == place for each, place in indexed.items())


def _bad_packs(names: list[ObjectHash], paths: list[str]) -> Check:
    return Check(
        name="packs",
        status="fail",
        message=f"Missing or damaged: {len(names):,}, such as {short(names[0])} ({paths[0]}).",
        next_step="Restore them from a copy of the store; the versions in them cannot be read until then.",
        details={"packs": names, "paths": paths},
    )


def _renamed(check: Check, prefix: str) -> Check:
    return check.model_copy(update={"name": f"{prefix} {check.name}"})


def _raise(error: DatasetsError | None) -> None:
    if error is not None:
        raise error


def _unneeded(error: DatasetsError, *, certain: bool) -> Check:
    check = Check.failed("rehash", error)
    if not certain:
        return check
    step = "Remove the file: no version needs it, and a later write of the same content would trust it."
    return check.model_copy(update={"next_step": step})
