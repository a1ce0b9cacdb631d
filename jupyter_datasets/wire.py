"""Values as JSON, and back; Arrow as bytes. Knows no feature."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from jupyter_datasets.errors import DatasetsError, ErrorKind, JobFailedError, error_classes

if TYPE_CHECKING:
    import pyarrow as pa

ARROW_STREAM = "application/vnd.apache.arrow.stream"


def arrow_to_bytes(schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> Iterator[bytes]:
    """An Arrow IPC stream, compressed by lz4, in a piece for each batch."""
    import pyarrow as pa

    sink = _Pieces()
    options = pa.ipc.IpcWriteOptions(compression="lz4")
    with pa.ipc.new_stream(pa.PythonFile(sink, "w"), schema, options=options) as writer:
        for batch in batches:
            writer.write_batch(batch)
            yield sink.take()
    yield sink.take()


class _Pieces(io.RawIOBase):
    """A file to write to, whose content is taken away as it comes."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._pieces.append(bytes(data))
        return len(self._pieces[-1])

    def take(self) -> bytes:
        taken, self._pieces = b"".join(self._pieces), []
        return taken


def error_to_json(error: DatasetsError) -> dict[str, Any]:
    """The error as ``{"class", "kind", "message", "next_step", "details"}``."""
    return {
        "class": type(error).__name__,
        "kind": error.kind.value,
        "message": error.message,
        "next_step": error.next_step,
        "details": error.details,
    }


def error_from_json(value: Mapping[str, Any]) -> DatasetsError:
    """The error that :func:`error_to_json` wrote; a class or kind of a newer program becomes the nearest known one."""
    cls = error_classes().get(value.get("class", ""), JobFailedError)
    return cls(
        value.get("message") or "The reason was not recorded.",
        kind=_known_kind(value.get("kind")),
        next_step=value.get("next_step") or "",
        details=value.get("details"),
    )


def _known_kind(code: str | None) -> ErrorKind | None:
    try:
        return ErrorKind(code) if code else None
    except ValueError:
        return None
