"""Compressed and foreign text files become plain UTF-8 in a private folder, within limits."""

from __future__ import annotations

import codecs
import gzip
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

import pyarrow as pa

from jupyter_datasets.engine.failures import encoding_error, file_error
from jupyter_datasets.engine.recognition import Content
from jupyter_datasets.errors import ErrorKind, FileContentError

_CHUNK = 1 << 20
# Beyond both, a file is taken for a bomb. Tables compress 3 to 30 times; gzip can reach 1,000 times, zstd any.
MOST_RATIO = 200
FREE_BYTES = 1 << 30

_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_UTF8 = frozenset({"utf-8", "utf-8-sig", "ascii"})


class Readable(Protocol):
    """An open file of bytes."""

    def read(self, size: int, /) -> bytes: ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None: ...


def unpack(path: Path, content: Content, scratch: Path) -> Path:
    """The one file inside a compressed file, written into ``scratch``.

    Raises
    ------
    FileContentError
        The archive is damaged, cut short, encrypted, holds more than one file, or unpacks to far more than it should.
    """
    with _unpacking(path), _OPENERS[content](path) as source:
        return _copy(path, _chunks(source), scratch / "unpacked")


def to_utf8(path: Path, encoding: str | None, scratch: Path, shown: Path) -> Path:
    """The file itself if it is UTF-8, else a copy that is, in ``scratch``; errors name the file ``shown``."""
    with path.open("rb") as file:
        marked = file.read(2) in _UTF16_MARKS
    if encoding is None and marked:
        encoding = "utf-16"
    if encoding is None or encoding in _UTF8:
        return path
    with path.open("rb") as source:
        return _copy(shown, _recoded(shown, source, encoding), scratch / "utf8", limited=False)


def _chunks(source: Readable) -> Iterator[bytes]:
    while chunk := source.read(_CHUNK):
        yield chunk


def _recoded(shown: Path, source: Readable, encoding: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)()
    line = 1
    for chunk in _with_end(source):
        try:
            text = decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError as error:
            line += error.object[: error.start].count(b"\n")
            raise encoding_error(shown, line, f"is not encoded as {encoding}") from error
        line += text.count("\n")
        yield text.encode()


def _with_end(source: Readable) -> Iterator[bytes]:
    yield from _chunks(source)
    yield b""


def _copy(path: Path, chunks: Iterator[bytes], target: Path, *, limited: bool = True) -> Path:
    size = path.stat().st_size
    written = 0
    with target.open("wb") as file:
        for chunk in chunks:
            written += len(chunk)
            if limited:
                check_ratio(path, size, written)
            file.write(chunk)
    return target


def check_ratio(path: Path, packed: int, unpacked: int) -> None:
    """Refuse a file that unpacks to more than :data:`MOST_RATIO` times its size and :data:`FREE_BYTES`."""
    if unpacked > FREE_BYTES and unpacked > MOST_RATIO * packed:
        raise file_error(
            path,
            f"unpacks to more than {MOST_RATIO} times its size",
            ErrorKind.FILE_FORMAT,
            "If it is no bomb, unpack it first and import the result.",
        )


def _open_member(path: Path) -> Readable:
    archive = zipfile.ZipFile(path)
    members = [m for m in archive.infolist() if not m.is_dir() and not m.filename.startswith("__MACOSX/")]
    if any(m.filename == "[Content_Types].xml" for m in members):
        raise file_error(path, "is an Office document", ErrorKind.FILE_FORMAT, "Save the sheet as CSV, then import it.")
    if len(members) != 1:
        raise file_error(
            path,
            f"holds {len(members)} files, where one is expected",
            ErrorKind.FILE_FORMAT,
            "Unpack it and import the files one by one.",
        )
    if members[0].flag_bits & 1:
        raise file_error(path, "is encrypted", ErrorKind.FILE_FORMAT, "Unpack it first and import the result.")
    check_ratio(path, path.stat().st_size, members[0].file_size)
    return archive.open(members[0])


def _open_gzip(path: Path) -> Readable:
    return gzip.GzipFile(path, "rb")


def _open_zstd(path: Path) -> Readable:
    stream: Readable = pa.CompressedInputStream(pa.OSFile(str(path)), "zstd")
    return stream


_OPENERS = {Content.GZIP: _open_gzip, Content.ZSTD: _open_zstd, Content.ZIP: _open_member}


@contextmanager
def _unpacking(path: Path) -> Iterator[None]:
    try:
        yield
    except FileContentError:
        raise
    except (
        EOFError,
        zlib.error,
        zipfile.BadZipFile,
        gzip.BadGzipFile,
        NotImplementedError,
        pa.ArrowException,
    ) as error:
        raise _damaged(path, error) from error
    except OSError as error:
        # PyArrow reports a damaged stream so, without the number that an error of the system has.
        if error.errno is not None:
            raise
        raise _damaged(path, error) from error


def _damaged(path: Path, error: BaseException) -> FileContentError:
    return file_error(
        path, f"is damaged or cut short as an archive: {error}", ErrorKind.FILE_FORMAT, "Get the file again."
    )
