"""Files that are kept as they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_datasets.errors import ErrorKind, NotFoundError
from jupyter_datasets.store.canonical import hash_bytes
from jupyter_datasets.store.originals import stage_file


@pytest.mark.parametrize(
    ("name", "told", "kind"),
    [
        ("map.png", "", "image/png"),
        ("notes.txt", "", "text/plain"),
        ("unknown", "", "application/octet-stream"),
        ("map.png", "image/x-own", "image/x-own"),
    ],
)
def test_a_copy_is_staged(tmp_path: Path, name: str, told: str, kind: str) -> None:
    """It has the bytes and hash of the file; its media type is what was told, else guessed from the name."""
    source, staged = tmp_path / name, tmp_path / "staged"
    source.write_bytes(b"\x00\x01")
    file = stage_file(source, staged, told)
    assert (file.hash, file.bytes, file.media_type) == (hash_bytes(b"\x00\x01"), 2, kind)
    assert staged.read_bytes() == source.read_bytes() == b"\x00\x01"


@pytest.mark.parametrize("name", ["nothing", "folder"])
def test_only_files_can_be_attached(tmp_path: Path, name: str) -> None:
    """A path without a file, or with a folder, is not found."""
    (tmp_path / "folder").mkdir()
    with pytest.raises(NotFoundError, match="no file") as caught:
        stage_file(tmp_path / name, tmp_path / "staged")
    assert caught.value.kind is ErrorKind.FILE_NOT_FOUND
    assert caught.value.details == {"file": str(tmp_path / name)}
