"""The local disk: what is stored stays, durable and unaltered, or one hears of it."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from jupyter_datasets.errors import DamagedObjectError, ErrorKind, StorageError
from jupyter_datasets.store import backends
from jupyter_datasets.store.backends import LocalBackend, name_of, storage_error, sync_file
from jupyter_datasets.store.canonical import hash_bytes
from jupyter_datasets.values import ObjectHash
from tests.store.storage_program import CONTENT

NAME = hash_bytes(CONTENT)


@pytest.fixture
def backend(store: Path) -> LocalBackend:
    return LocalBackend(store)


@pytest.fixture
def stored(backend: LocalBackend) -> Path:
    backend.write("objects", NAME, CONTENT)
    return backend.path("objects", NAME)


def _run(store: Path, what: str, fault: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.store.storage_program", str(store), what],
        env={**os.environ, "JUPYTER_DATASETS_FAULT": fault},
        capture_output=True,
        text=True,
    )


def _stage(backend: LocalBackend, data: bytes = CONTENT) -> Path:
    file = backend.new_staging() / "file"
    file.write_bytes(data)
    sync_file(file)
    return file


# --------------------------------------------------------------------------------------------------------------------
# Storing


def test_an_object_lies_under_its_hash(backend: LocalBackend, stored: Path, store: Path) -> None:
    """Two digits name the folder, the rest the file, which is read-only; no staging folder is left."""
    assert stored == store / "objects" / NAME[:2] / NAME[2:]
    assert stored.read_bytes() == backend.read("objects", NAME) == CONTENT
    assert stored.stat().st_mode & 0o777 == 0o444
    assert backend.stagings() == []
    assert backend.has("objects", NAME)
    assert not backend.has("packs", NAME)


def test_parts_are_read(backend: LocalBackend, stored: Path) -> None:
    """An offset and a length give that part; behind the end there is nothing."""
    assert stored.exists()
    assert backend.read("objects", NAME, 8, 7) == b"content"
    assert backend.read("objects", NAME, 7999) == b" "
    assert backend.read("objects", NAME, 9000, 5) == b""


def test_an_object_that_exists_is_kept(backend: LocalBackend, stored: Path) -> None:
    """Storing it again removes the staged file and leaves the old one alone."""
    before = stored.stat()
    file = _stage(backend)
    backend.publish("objects", [(file, NAME)])
    assert not file.exists()
    assert (stored.stat().st_ino, stored.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_an_object_of_another_size_is_mended(backend: LocalBackend, stored: Path) -> None:
    """A file that is not what its name says gives way to the one that is."""
    stored.chmod(0o644)
    stored.write_bytes(b"cut off")
    backend.publish("objects", [(_stage(backend), NAME)])
    assert backend.check(NAME).read_bytes() == CONTENT


def test_publishing_again_after_half_a_try(backend: LocalBackend) -> None:
    """Files that an earlier try moved are fine; the others follow."""
    files = [_stage(backend, data) for data in (b"one", b"two")]
    names = [hash_bytes(b"one"), hash_bytes(b"two")]
    backend.publish("objects", [(files[0], names[0])])
    backend.publish("objects", list(zip(files, names, strict=True)))
    assert list(backend.names("objects")) == sorted(names)


def test_a_staged_file_that_is_gone(backend: LocalBackend, store: Path) -> None:
    """It is an error of the disk, and nothing is stored."""
    with pytest.raises(StorageError, match="storing an object"):
        backend.publish("objects", [(store / "nowhere", NAME)])
    assert list(backend.names("objects")) == []


def test_many_threads_store_the_same(backend: LocalBackend) -> None:
    """Everybody who stores an object finds it stored."""
    threads = [threading.Thread(target=backend.write, args=("objects", NAME, CONTENT)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert backend.check(NAME).read_bytes() == CONTENT
    assert backend.stagings() == []


# --------------------------------------------------------------------------------------------------------------------
# Durability


@pytest.mark.parametrize(
    ("fault", "exists"),
    [
        ("store.before-sync:kill", False),
        ("store.before-rename:kill", False),
        ("store.after-rename:kill", True),
        ("store.before-sync:kill:2", True),
        ("store.before-sync:kill:3", True),
    ],
)
def test_killed_anywhere_an_object_is_whole_or_absent(store: Path, fault: str, exists: bool) -> None:
    """A file appears under its name only when its content is synced, and a later try completes it."""
    ended = _run(store, "publish", fault)
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    backend = LocalBackend(store)
    assert list(backend.names("objects")) == ([NAME] if exists else [])
    if exists:
        backend.rehash("objects", NAME)
    assert len(backend.stagings()) == 1, "what the dead process left"
    assert _run(store, "publish").returncode == 0
    assert backend.check(NAME).read_bytes() == CONTENT


def test_the_order_of_syncs(backend: LocalBackend, monkeypatch: pytest.MonkeyPatch, store: Path) -> None:
    """The file before its rename, then its folder, then the folders above up to the store; later only what is new."""
    done: list[str] = []
    real_sync, real_replace = sync_file, Path.replace

    def sync(path: Path) -> None:
        done.append(str(path))
        real_sync(path)

    def replace(path: Path, target: Path) -> Path:
        done.append("rename")
        return real_replace(path, target)

    monkeypatch.setattr(backends, "sync_file", sync)
    monkeypatch.setattr(Path, "replace", replace)
    backend.write("objects", NAME, CONTENT)
    folder = store / "objects" / NAME[:2]
    assert done[0].endswith(NAME)
    assert done[1:] == ["rename", str(folder), str(folder.parent), str(store)]
    done.clear()
    backend.write("objects", NAME, CONTENT)
    assert done[1:] == [str(folder)], "its first writer may have died before it synced the folder"
    done.clear()
    other = ObjectHash("0" * 64 if NAME[:2] != "00" else "1" * 64)
    backend.write("objects", other, b"other")
    assert done[2:] == [str(store / "objects" / other[:2]), str(folder.parent)]


@pytest.mark.parametrize(("fault", "kind"), [("enospc", ErrorKind.STORAGE_FULL), ("eio", ErrorKind.STORAGE_IO)])
def test_a_failed_sync_stores_nothing(store: Path, fault: str, kind: ErrorKind) -> None:
    """A sync that fails is not tried again: the file is dropped, and the caller told."""
    ended = _run(store, "publish", f"store.before-sync:{fault}")
    assert ended.returncode == 1
    assert ended.stderr.startswith(f"{kind}: ")
    assert list(LocalBackend(store).names("objects")) == []
    assert LocalBackend(store).stagings() == []


@pytest.mark.parametrize("what", ["fill", "append", "attach"])
def test_a_full_disk(store: Path, what: str) -> None:
    """Object, segment or attached file: the error says that the disk is full, and no object is there."""
    ended = _run(store, what)
    assert ended.returncode == 1, ended.stderr
    assert ended.stderr.startswith(f"{ErrorKind.STORAGE_FULL}: The disk is full")
    assert "Nothing was changed" in ended.stderr
    assert list(LocalBackend(store).names("objects")) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="the administrator may write everywhere")
def test_a_read_only_folder(backend: LocalBackend, store: Path) -> None:
    """The error says that the disk refused, and what to look at."""
    store.mkdir()
    store.chmod(0o555)
    with pytest.raises(StorageError, match="permissions") as caught:
        backend.write("objects", NAME, CONTENT)
    assert caught.value.kind is ErrorKind.STORAGE_IO


def test_a_store_where_a_file_is_in_the_way(backend: LocalBackend, store: Path) -> None:
    """A folder that cannot be made is an error of the disk too."""
    store.write_text("not a folder")
    with pytest.raises(StorageError, match="making a staging folder"):
        backend.write("objects", NAME, CONTENT)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (errno.ENOSPC, ErrorKind.STORAGE_FULL),
        (errno.EDQUOT, ErrorKind.STORAGE_FULL),
        (errno.EFBIG, ErrorKind.STORAGE_FULL),
        (errno.EROFS, ErrorKind.STORAGE_IO),
        (errno.EACCES, ErrorKind.STORAGE_IO),
    ],
)
def test_refusals_of_the_system(code: int, kind: ErrorKind) -> None:
    """Full disks are told apart from others, and every error says what was done and what can be done."""
    error = storage_error(OSError(code, os.strerror(code)), "writing a segment")
    assert error.kind is kind
    assert os.strerror(code) in error.message
    assert "while writing a segment" in error.message
    assert error.next_step


# --------------------------------------------------------------------------------------------------------------------
# Checking


def test_an_unaltered_object_passes(backend: LocalBackend, stored: Path) -> None:
    """Its modification time belongs to its hash, so one look at it is enough."""
    assert backend.check(NAME) == stored
    backend.rehash("objects", NAME)


def test_an_altered_object_is_found(backend: LocalBackend, stored: Path) -> None:
    """One byte written to it changes its time, so it is hashed; the error names the object and its place."""
    stored.chmod(0o644)
    with stored.open("r+b") as file:
        file.write(b"C")
    with pytest.raises(DamagedObjectError, match=f"{NAME[:12]} is damaged") as caught:
        backend.check(NAME)
    assert caught.value.kind is ErrorKind.OBJECT_DAMAGED
    assert caught.value.details == {"object": NAME, "path": str(stored)}


def test_a_touched_object_that_is_equal_passes(backend: LocalBackend, stored: Path) -> None:
    """A copy of the store, or a backup that was put back, has other times and the same content."""
    os.utime(stored)
    assert backend.check(NAME) == stored


def test_a_change_behind_the_back_is_found_by_hashing(backend: LocalBackend, stored: Path) -> None:
    """A disk that rots leaves the time alone: only reading everything finds that."""
    before = stored.stat()
    stored.chmod(0o644)
    stored.write_bytes(CONTENT[:-1] + b"X")
    os.utime(stored, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert backend.check(NAME) == stored
    with pytest.raises(DamagedObjectError):
        backend.rehash("objects", NAME)


def test_a_missing_object(backend: LocalBackend, stored: Path) -> None:
    """Whoever asks for it is told its name and where it should be."""
    stored.unlink()
    for use in (
        lambda: backend.check(NAME),
        lambda: backend.read("objects", NAME),
        lambda: backend.rehash("objects", NAME),
    ):
        with pytest.raises(DamagedObjectError, match=f"{NAME[:12]} is missing") as caught:
            use()
        assert caught.value.kind is ErrorKind.OBJECT_MISSING
        assert caught.value.details == {"object": NAME, "path": str(stored)}


def test_names_of_files(backend: LocalBackend, stored: Path) -> None:
    """A file is called by its hash in its place as in a staging folder."""
    assert name_of(stored) == name_of(backend.new_staging() / NAME) == NAME


def test_objects_are_listed_in_order(backend: LocalBackend) -> None:
    """By name, each kind by itself; an empty store has none."""
    assert list(backend.names("objects")) == []
    names = [hash_bytes(bytes([n])) for n in range(20)]
    for number, name in enumerate(names):
        backend.write("objects", name, bytes([number]))
    assert list(backend.names("objects")) == sorted(names)
    assert list(backend.names("packs")) == []


# --------------------------------------------------------------------------------------------------------------------
# Staging


def test_staging_folders(backend: LocalBackend) -> None:
    """Each is new and private; one of a known name is emptied; discarding may be repeated."""
    assert backend.stagings() == []
    first, second = backend.new_staging(), backend.new_staging()
    assert backend.stagings() == sorted([first, second])
    named = backend.staging("job-1")
    (named / "left").write_text("over")
    assert list(backend.staging("job-1").iterdir()) == []
    backend.discard_staging("job-1")
    backend.discard_staging("job-1")
    backend.discard(first)
    backend.discard(first)
    assert backend.stagings() == [second]
