"""What tests of the disk do in a process of their own: ``python -m tests.store.storage_program <store> <what>``."""

from __future__ import annotations

import resource
import sys
from pathlib import Path

import pyarrow as pa

from jupyter_datasets.errors import StorageError
from jupyter_datasets.store.backends import LocalBackend
from jupyter_datasets.store.canonical import hash_bytes
from jupyter_datasets.store.originals import stage_file
from tests.store.worlds import Store

CONTENT = b"content " * 1000


def _publish(folder: Path) -> None:
    """Store one object."""
    LocalBackend(folder).write("objects", hash_bytes(CONTENT), CONTENT)


def _attach(folder: Path) -> None:
    """Copy a file, with room for a part of it."""
    source = folder.parent / "source.bin"
    source.write_bytes(CONTENT)
    _limit(len(CONTENT) // 2)
    stage_file(source, LocalBackend(folder).new_staging() / "copy")


def _fill(folder: Path) -> None:
    """Store an object, with room for a part of it."""
    _limit(len(CONTENT) // 2)
    _publish(folder)


def _append(folder: Path) -> None:
    """Store a table, with room for a part of its segments."""
    store = Store(folder)
    draft = store.draft()
    _limit(100_000)
    draft.append("t", store.rows(draft, pa.table({"n": [hash_bytes(str(n).encode()) for n in range(20_000)]})))


def _limit(size: int) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


if __name__ == "__main__":
    try:
        {"publish": _publish, "fill": _fill, "append": _append, "attach": _attach}[sys.argv[2]](Path(sys.argv[1]))
    except StorageError as error:
        sys.exit(f"{error.kind}: {error}")
