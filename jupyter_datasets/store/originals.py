"""Files that are kept as they are."""

from __future__ import annotations

import mimetypes
import shutil
from pathlib import Path

from jupyter_datasets.errors import ErrorKind, NotFoundError
from jupyter_datasets.store.backends import sync_file, translated_io
from jupyter_datasets.store.canonical import hash_file
from jupyter_datasets.store.commits import AttachedFile


def stage_file(path: Path, staged: Path, media_type: str = "") -> AttachedFile:
    """Copy a file into a staging folder durably; its media type is guessed from its name unless told.

    Raises
    ------
    NotFoundError
        There is no such file; a folder is none.
    """
    if not path.is_file():
        raise NotFoundError(
            f"There is no file {str(path)!r}.",
            kind=ErrorKind.FILE_NOT_FOUND,
            next_step="Check the path; folders cannot be attached.",
            details={"file": str(path)},
        )
    kind = media_type or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    with translated_io(f"copying {path.name}"):
        shutil.copyfile(path, staged)
        sync_file(staged)
        return AttachedFile(hash=hash_file(staged), bytes=staged.stat().st_size, media_type=kind)
