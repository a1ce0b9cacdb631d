"""Where objects lie: a folder on a local disk, written so that nothing acknowledged is lost.

The order is: fsync of the file, rename, fsync of the folder. A file is named by its hash and never altered. Its
modification time is a moment derived from the hash, so that one ``stat`` tells whether anything wrote to it since.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal

from jupyter_datasets import faults
from jupyter_datasets.errors import DamagedObjectError, ErrorKind, StorageError
from jupyter_datasets.store.canonical import hash_file
from jupyter_datasets.store.gate import Gate
from jupyter_datasets.values import ObjectHash, new_id, short

Kind = Literal["objects", "packs"]
_STAMP_BASE = 978_307_200  # 2001-01-01, so that no tool takes the time for an unset one
_READ_ONLY = 0o444
_HASH_LENGTH = 64
_RESTORE = (
    "Restore the file from a copy of the store; until then nothing that needs it can be read. "
    "'jupyter datasets doctor --rehash all' lists what that is."
)


@contextmanager
def translated_io(doing: str) -> Iterator[None]:
    """Turn the operating system's refusals into :class:`StorageError`; ``doing`` completes "... failed while"."""
    try:
        yield
    except OSError as error:
        raise storage_error(error, doing) from error


def storage_error(error: OSError, doing: str) -> StorageError:
    """What an ``OSError`` means to the person whose data it was."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return StorageError(
            f"The disk is full: {error.strerror} while {doing}.",
            kind=ErrorKind.STORAGE_FULL,
            next_step="Nothing was changed. Free some space and try again.",
        )
    return StorageError(
        f"The disk refused: {error.strerror or error} while {doing}.",
        next_step="Nothing was changed. Check the folder's permissions and the disk, then try again.",
    )


class LocalBackend:
    """Objects, packs and staging folders of one store on a local disk.

    Parameters
    ----------
    root
        The store's folder; its sub-folders are made when first needed.

    Attributes
    ----------
    gate
        To be passed by who writes versions, and by who deletes objects.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._staging = root / "staging"
        self.gate = Gate(self._staging)
        # Folders whose own names are known to be durable. One that exists may be so new that nobody synced its parent.
        self._durable: set[Path] = set()

    def path(self, kind: Kind, name: str) -> Path:
        """Where the object lies, whether it exists or not."""
        return self.root / kind / name[:2] / name[2:]

    def has(self, kind: Kind, name: str) -> bool:
        """Whether the object is there; its content is not looked at."""
        return self.path(kind, name).exists()

    def size(self, kind: Kind, name: str) -> int:
        """Bytes of the object's file; 0 when it is missing."""
        try:
            return self.path(kind, name).stat().st_size
        except FileNotFoundError:
            return 0

    def is_sound(self, kind: Kind, name: str, size: int) -> bool:
        """Whether the object is there with that size, and nothing wrote to it since."""
        return _is_sound(self.path(kind, name), name, size)

    def new_staging(self) -> Path:
        """A new private folder on the store's own file system."""
        return self.staging(new_id())

    def staging(self, name: str) -> Path:
        """The private folder of that name on the store's own file system, empty."""
        folder = self._staging / name
        self.discard(folder)
        with translated_io("making a staging folder"):
            folder.mkdir(parents=True)
        return folder

    def discard_staging(self, name: str) -> None:
        """Remove the staging folder of that name, if it is there."""
        self.discard(self._staging / name)

    def discard(self, folder: Path) -> None:
        """Remove a staging folder with all that is in it; one that is gone already is fine."""
        shutil.rmtree(folder, ignore_errors=True)

    def stagings(self) -> list[Path]:
        """The staging folders that exist, in use or left by a process that died."""
        return sorted(self._staging.iterdir()) if self._staging.exists() else []

    def publish(self, kind: Kind, staged: Iterable[tuple[Path, ObjectHash]]) -> None:
        """Move files whose content is synced into place under their hashes, and make the moves durable.

        A file that is present already, with the same size and its own time stamp, is kept and the staged one removed;
        one that an earlier try moved is fine. So what was damaged or lost is mended by whoever brings it again.
        """
        folders: set[Path] = set()
        with translated_io("storing an object"):
            for file, name in staged:
                folders.add(self._move(kind, file, name))
            self._sync_names(folders)

    def _sync_names(self, folders: set[Path]) -> None:
        """Make the names in these folders durable, and the folders' own names where that was not done yet."""
        for folder in sorted(folders):
            sync_folder(folder)
        above = {folder.parent for folder in folders - self._durable} - {self.root.parent}
        if above:
            self._sync_names(above)
        self._durable |= folders

    def _move(self, kind: Kind, file: Path, name: ObjectHash) -> Path:
        target = self.path(kind, name)
        if not file.exists() or _is_sound(target, name, file.stat().st_size):
            file.unlink(missing_ok=True)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            stamp(file, name)
            file.chmod(_READ_ONLY)
            faults.reach("store.before-rename")
            file.replace(target)
            faults.reach("store.after-rename")
        return target.parent

    def write(self, kind: Kind, name: ObjectHash, data: bytes) -> None:
        """Store a small object durably; does nothing but sync when it is present."""
        folder = self.new_staging()
        try:
            file = folder / name
            with translated_io("storing an object"):
                file.write_bytes(data)
                sync_file(file)
            self.publish(kind, [(file, name)])
        finally:
            self.discard(folder)

    def remove(self, kind: Kind, name: str) -> None:
        """Remove an object that nothing needs, if the system lets it: one that stays is garbage for collection."""
        with suppress(OSError):
            self.path(kind, name).unlink()

    def quarantine(self, kind: Kind, name: str) -> Path:
        """Move an object out of the way, into ``quarantine``, where nothing looks for it."""
        folder = self.root / "quarantine"
        target = folder / f"{kind}-{name}-{new_id()}"
        with translated_io("moving a damaged object away"):
            folder.mkdir(exist_ok=True)
            self.path(kind, name).replace(target)
            sync_folder(folder)
        return target

    def read(self, kind: Kind, name: str, offset: int = 0, length: int = -1) -> bytes:
        """Bytes of an object; a missing one is a :class:`DamagedObjectError`."""
        path = self.path(kind, name)
        try:
            with path.open("rb", buffering=0) as file:
                file.seek(offset)
                return file.read(length)
        except FileNotFoundError as error:
            raise missing(name, path) from error
        except OSError as error:
            raise storage_error(error, f"reading {path}") from error

    def check(self, name: ObjectHash) -> Path:
        """The path of a file in ``objects`` whose content is what its name says.

        Trusts the time stamp; a file that anything wrote to since is hashed.

        Raises
        ------
        DamagedObjectError
            The file is missing, or its content has another hash.
        """
        path = self.path("objects", name)
        check_file(path, name)
        return path

    def rehash(self, kind: Kind, name: str) -> None:
        """Read the whole object and compare its hash with its name."""
        verify(self.path(kind, name), name)

    def names(self, kind: Kind) -> Iterator[ObjectHash]:
        """Every object of the kind, in the order of names."""
        base = self.root / kind
        for folder in sorted(base.iterdir()) if base.exists() else ():
            yield from (ObjectHash(folder.name + file.name) for file in sorted(folder.iterdir()))


def name_of(path: Path) -> str:
    """The hash by which a file is called, in its place or in a staging folder."""
    return path.name if len(path.name) == _HASH_LENGTH else path.parent.name + path.name


def missing(name: str, path: Path) -> DamagedObjectError:
    """The error for an object that should be there and is not."""
    return DamagedObjectError(
        f"Object {short(name)} is missing ({path}).",
        kind=ErrorKind.OBJECT_MISSING,
        next_step=_RESTORE,
        details={"object": name, "path": str(path)},
    )


def check_file(path: Path, name: str) -> None:
    """Read a file and compare its hash with its name, unless its time stamp tells that nothing wrote to it.

    Raises
    ------
    DamagedObjectError
        The file is missing, or its content has another hash.
    """
    try:
        untouched = path.stat().st_mtime_ns == _stamp_ns(name)
    except FileNotFoundError as error:
        raise missing(name, path) from error
    if not untouched:
        verify(path, name)


def verify(path: Path, name: str) -> None:
    """Read a whole file and compare its hash with its name.

    Raises
    ------
    DamagedObjectError
        The file is missing, or its content has another hash.
    """
    try:
        actual = hash_file(path)
    except FileNotFoundError as error:
        raise missing(name, path) from error
    except OSError as error:
        raise storage_error(error, f"reading {path}") from error
    if actual != name:
        raise DamagedObjectError(
            f"Object {short(name)} is damaged: its content has another hash ({path}).",
            next_step=_RESTORE,
            details={"object": name, "path": str(path)},
        )


def sync_file(path: Path) -> None:
    """Make a file's content durable. A failed sync is never tried again: the caller drops the file."""
    faults.reach("store.before-sync")
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(path: Path) -> None:
    """Make the names in a folder durable."""
    sync_file(path)


def stamp(path: Path, name: str) -> None:
    """Give the file the modification time that belongs to its hash."""
    moment = _stamp_ns(name)
    os.utime(path, ns=(moment, moment))


def _stamp_ns(name: str) -> int:
    return (_STAMP_BASE + 2 * int(name[:7], 16)) * 1_000_000_000


def _is_sound(path: Path, name: str, size: int) -> bool:
    try:
        found = path.stat()
    except FileNotFoundError:
        return False
    return found.st_size == size and found.st_mtime_ns == _stamp_ns(name)
