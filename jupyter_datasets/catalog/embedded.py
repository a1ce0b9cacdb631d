"""The embedded catalog: the store's lock, its format, and ``catalog.duckdb``, opened and closed together."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from jupyter_datasets.catalog.border import translated
from jupyter_datasets.catalog.duckdb_file import DuckDBFile
from jupyter_datasets.catalog.holder import StoreLock
from jupyter_datasets.catalog.layout import CATALOG, StoreFormat, sync_folder
from jupyter_datasets.catalog.schema import Schema
from jupyter_datasets.errors import DamagedObjectError, ErrorKind

_STAMP = """
    SELECT v.version_num, t.comment
    FROM alembic_version AS v, duckdb_tables() AS t WHERE t.table_name = 'alembic_version' AND NOT t.temporary
"""


class EmbeddedCatalog:
    """What a :class:`Lease` opens and closes for a store whose catalog is a DuckDB file.

    Parameters
    ----------
    store
        The store's folder.
    schema
        The migrations to bring the catalog up to date with.
    program
        What this process is called to others who want the store.
    on_wait
        Called with a sentence for people when another process has to be waited for.
    """

    def __init__(self, store: Path, schema: Schema, program: str, on_wait: Callable[[str], None] | None = None) -> None:
        self._store = store
        self._schema = schema
        self._file = DuckDBFile(store / CATALOG)
        self.lock = StoreLock(store, program, on_wait)
        self.engine = self._file.engine
        self.reader = self._file.engine
        self.place = self._file.place

    def open(self, deadline: float) -> None:
        """Take the store's lock, then open the catalog and bring it up to date."""
        with translated(f"the store {self._store}", also=OSError):
            self.lock.acquire(deadline)
            try:
                self._open_locked(deadline)
            except BaseException:
                self.lock.release()
                raise

    def restart(self) -> None:
        """Close and open the file, keeping the store."""
        try:
            self._file.close()
        finally:
            self._file.open(deadline=0)

    def close(self) -> None:
        """Close the catalog, then let go of the store."""
        try:
            self._file.close()
        finally:
            self.lock.release()

    def after_fork(self) -> bool:
        """Leave the parent's lock and file alone. DuckDB would find the copy of its instance, which has no threads."""
        untouched = not self.lock.held
        self.lock.drop_after_fork()
        return untouched

    def copy_to(self, target: Path) -> None:
        """Write a consistent copy of the catalog to a file that does not exist yet."""
        self._file.copy_to(target)

    def _open_locked(self, deadline: float) -> None:
        layout = StoreFormat.of(self._store)
        if layout.catalog is not None and not self._file.path.exists():
            raise _catalog_lost(self._file.path)
        if layout.catalog == self._schema.head and self._open_current(deadline):
            return
        self._back_up_if_older(layout)
        self._file.open(deadline)
        try:
            self._upgrade()
        except BaseException:
            self._file.close()
            raise
        layout.with_catalog(self._schema.head).save(self._store)

    def _open_current(self, deadline: float) -> bool:
        """Open the file if it has the revision that the store's format promises; a file put back by hand may not."""
        self._file.open(deadline)
        try:
            with translated(self.place), self.engine.connect() as connection:
                current = self._schema.is_current(connection)
        except BaseException:
            self._file.close()
            raise
        if not current:
            self._file.close()
        return current

    def _upgrade(self) -> None:
        with translated(self.place), self.engine.connect() as connection:
            self._schema.upgrade(connection, self.place)

    def _back_up_if_older(self, layout: StoreFormat) -> None:
        """Copy the file and its log before anything of this program can write to them.

        Reading and closing the file outside DuckDB would drop the POSIX lock of an instance that has it open in this
        process. None has: this runs before the open. Between the look, the copy and the open other processes are kept
        out by the store's lock alone, which is held all the time and does not depend on who opens the catalog's file.
        """
        if not self._file.path.exists():
            return
        revision, program = self._stamp(layout)
        if revision in (None, self._schema.head):
            return
        self._schema.check_known(str(revision), program, self.place)
        self._back_up(str(revision))

    def _stamp(self, layout: StoreFormat) -> tuple[str | None, str | None]:
        try:
            rows = self._file.peek(_STAMP)
        except duckdb.CatalogException:
            return None, None  # made, but killed before its first migration
        except duckdb.Error:
            return layout.catalog, None  # a log that only a writer may replay; the open says what else is wrong
        return next(((str(revision), str(program) if program else None) for revision, program in rows), (None, None))

    def _back_up(self, revision: str) -> None:
        folder = self._store / "backup"
        folder.mkdir(mode=0o700, exist_ok=True)
        stem = f"catalog-{revision}-{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}.duckdb"
        for source in sorted(self._store.glob(f"{CATALOG}*")):
            if source.is_file():
                _copy_durably(source, folder / source.name.replace(CATALOG, stem, 1))
        sync_folder(folder)


def _catalog_lost(path: Path) -> DamagedObjectError:
    return DamagedObjectError(
        f"The store's catalog is missing ({path}): it names the datasets and versions that the store holds.",
        kind=ErrorKind.OBJECT_MISSING,
        next_step="Nothing was changed. Put the file back from a copy of the store, or, without one, build it anew as"
        " far as that goes: 'jupyter datasets rebuild'.",
        details={"object": CATALOG, "path": str(path)},
    )


def _copy_durably(source: Path, target: Path) -> None:
    with open(source, "rb") as reader, open(target, "xb") as writer:
        shutil.copyfileobj(reader, writer, 1 << 20)
        writer.flush()
        os.fsync(writer.fileno())
