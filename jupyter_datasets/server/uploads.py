"""Files on their way to the server, in parts that may be sent again."""

from __future__ import annotations

import hashlib
import os
import threading
from pathlib import Path

from jupyter_datasets.client.answers import Upload
from jupyter_datasets.errors import ConflictError, ErrorKind, InvalidInputError, NotFoundError
from jupyter_datasets.store.backends import LocalBackend, translated_io
from jupyter_datasets.values import check_file_name, new_id


class Uploads:
    """Uploads of this run of the server, in the store's staging. Safe to use from many threads."""

    def __init__(self, backend: LocalBackend) -> None:
        self._backend = backend
        self._lock = threading.Lock()
        self._known: dict[str, tuple[Upload, Path]] = {}
        self._used_by: dict[str, str] = {}

    def begin(self, name: str, size: int) -> Upload:
        """Expect a file."""
        upload = Upload(id=new_id(), name=check_file_name(name), bytes=size)
        path = self._backend.new_staging() / upload.name
        with translated_io("making a file for an upload"):
            path.touch()
        self._known[upload.id] = upload, path
        return upload

    def keep(self, name: str, data: bytes) -> tuple[Path, str]:
        """Make an upload of a file that is here already; its path and id."""
        upload = self.begin(name, len(data))
        self.put(upload.id, 0, hashlib.sha256(data).hexdigest(), data)
        return self.path(upload.id), upload.id

    def get(self, upload: str) -> Upload:
        """How far it is."""
        return self._find(upload)[0]

    def put(self, upload: str, offset: int, sha256: str, data: bytes) -> Upload:
        """Take the next part.

        Raises
        ------
        ConflictError
            The part does not begin where the last one ended; ``details["received"]`` says where that is.
        InvalidInputError
            The part is not what its checksum says, or longer than the file has left.
        """
        if hashlib.sha256(data).hexdigest() != sha256.lower():
            raise InvalidInputError("The part is not what its checksum says.", next_step="Send it again.")
        with self._lock:
            known, path = self._find(upload)
            _check_place(known, offset, len(data))
            with translated_io("keeping an upload"), path.open("r+b") as file:
                os.pwrite(file.fileno(), data, offset)
            known = known.model_copy(update={"received": offset + len(data)})
            self._known[upload] = known, path
        return known

    def path(self, upload: str) -> Path:
        """The file, once it is whole."""
        known, path = self._find(upload)
        if known.received < known.bytes:
            raise ConflictError(
                f"Of {known.name!r} {known.received:,} of {known.bytes:,} bytes have arrived.",
                kind=ErrorKind.WRITE_CONFLICT,
                next_step="Send the rest first.",
                details={"upload": upload, "received": known.received},
            )
        return path

    def discard(self, upload: str) -> None:
        """Forget a file; it need not be whole."""
        _, path = self._find(upload)
        del self._known[upload]
        self._backend.discard(path.parent)

    def discard_after(self, job: str, upload: str) -> None:
        """Forget a file when the job that reads it has ended; :meth:`job_ended` says so."""
        self._used_by[job] = upload

    def job_ended(self, job: str) -> None:
        """Forget what the job read."""
        upload = self._used_by.pop(job, None)
        if upload in self._known:
            self.discard(upload)

    def _find(self, upload: str) -> tuple[Upload, Path]:
        found = self._known.get(upload)
        if found is None:
            raise NotFoundError(
                "There is no such upload; it was used, given up or lost when the server started anew.",
                kind=ErrorKind.FILE_NOT_FOUND,
                next_step="Begin another one.",
                details={"upload": upload},
            )
        return found


def _check_place(upload: Upload, offset: int, length: int) -> None:
    if offset != upload.received:
        raise ConflictError(
            f"The next part of {upload.name!r} begins at {upload.received:,}, not at {offset:,}.",
            kind=ErrorKind.WRITE_CONFLICT,
            next_step="Go on from there.",
            details={"upload": upload.id, "received": upload.received},
        )
    if offset + length > upload.bytes:
        raise InvalidInputError(f"{upload.name!r} was said to have {upload.bytes:,} bytes; this part goes beyond them.")
