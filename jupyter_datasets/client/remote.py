"""Files and rows of a store on another machine."""

from __future__ import annotations

import hashlib
import io
import shutil
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa

from jupyter_datasets.client.answers import Upload
from jupyter_datasets.client.rest import Rest, part
from jupyter_datasets.errors import ConflictError, ErrorKind, NotFoundError
from jupyter_datasets.services.versions.models import ScanPlan, SegmentInfo
from jupyter_datasets.store.backends import name_of, stamp, translated_io, verify
from jupyter_datasets.values import new_id

BYTES = "application/octet-stream"
_PART = 8 << 20
_IN_MEMORY = 8 << 20
_READ = 1 << 18


class Downloads:
    """Segments that were fetched, each once; they go with the client."""

    def __init__(self, rest: Rest) -> None:
        self._rest = rest
        self._lock = threading.Lock()
        self._folder: Path | None = None

    def fetch(self, plan: ScanPlan) -> ScanPlan:
        """The plan with segments that lie here."""
        found = tuple(
            s.model_copy(update={"path": str(self._segment(plan, s))}) if s.path else s for s in plan.segments
        )
        return plan.model_copy(update={"segments": found})

    def close(self) -> None:
        """Remove what was fetched."""
        with self._lock:
            if self._folder is not None:
                shutil.rmtree(self._folder, ignore_errors=True)

    def _segment(self, plan: ScanPlan, segment: SegmentInfo) -> Path:
        name = name_of(Path(segment.path))
        file = self._home() / name
        if not file.exists():
            coming = file.with_name(new_id())
            path, query = _place(plan, name)
            with (
                self._rest.stream(path, query=query, accept=BYTES) as arriving,
                translated_io("keeping a segment"),
                coming.open("wb") as target,
            ):
                target.writelines(arriving)
            verify(coming, name)
            stamp(coming, name)
            coming.replace(file)
        return file

    def _home(self) -> Path:
        with self._lock:
            if self._folder is None:
                self._folder = Path(tempfile.mkdtemp(prefix="jupyter-datasets-"))
        return self._folder


def _place(plan: ScanPlan, name: str) -> tuple[str, dict[str, Any]]:
    """Path and query of a segment."""
    dataset = f"/datasets/{part(plan.dataset_id)}"
    if plan.edit is not None:
        return f"{dataset}/edits/{part(plan.edit)}/tables/{part(plan.table)}/segments/{part(name)}", {}
    return f"{dataset}/segments/{part(name)}", {"ref": plan.commit, "table": plan.table}


def rows(rest: Rest, path: str, query: dict[str, Any], accept: str) -> Iterator[pa.RecordBatch]:
    """The batches of an Arrow stream as they arrive."""
    with rest.stream(path, query=query, accept=accept) as arriving:
        # Buffered, because Arrow takes a short read for the end.
        source = pa.PythonFile(io.BufferedReader(_Arriving(arriving), _READ), "r")
        try:
            with pa.ipc.open_stream(source) as reader:
                yield from reader
        except (pa.ArrowException, OSError) as error:
            raise rest.cut_off(error) from error
        for _ in arriving:  # so that an answer which breaks off behind the last row is noticed
            pass


def file(rest: Rest, path: str, query: dict[str, Any]) -> BinaryIO:
    """A file, fetched whole."""
    target = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115  # the caller closes it
    with rest.stream(path, query=query, accept=BYTES) as arriving:
        target.writelines(arriving)
    target.seek(0)
    return target  # type: ignore[return-value]  # it has a file's methods


def send_file(rest: Rest, source: Path) -> str:
    """Upload a file in parts; the id of the upload.

    Raises
    ------
    NotFoundError
        There is no such file.
    """
    check_file(source)
    upload = rest.post(Upload, "/uploads", name=source.name, bytes=source.stat().st_size)
    with source.open("rb") as reader:
        while upload.received < upload.bytes:
            reader.seek(upload.received)
            upload = _send_part(rest, upload, reader.read(_PART))
    return upload.id


def _send_part(rest: Rest, upload: Upload, data: bytes) -> Upload:
    query = {"offset": upload.received, "sha256": hashlib.sha256(data).hexdigest()}
    path = f"/uploads/{part(upload.id)}"
    try:
        return rest.call(Upload, "PUT", path, query=query, content=data, headers={"Content-Type": BYTES})
    except ConflictError:  # an answer was lost: the server says where it is
        return rest.get(Upload, path)


def check_file(source: Path) -> None:
    """Refuse what is no file."""
    if not source.is_file():
        raise NotFoundError(
            f"There is no file {str(source)!r}.",
            kind=ErrorKind.FILE_NOT_FOUND,
            next_step="Check the path; it is taken from the folder in which the program runs.",
            details={"file": str(source)},
        )


class _Arriving(io.RawIOBase):
    """Pieces as a file to read from."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, target: Any) -> int:
        if not self._rest:
            self._rest = memoryview(next(self._pieces, b""))
        taken = min(len(target), len(self._rest))
        target[:taken] = self._rest[:taken]
        self._rest = self._rest[taken:]
        return taken
