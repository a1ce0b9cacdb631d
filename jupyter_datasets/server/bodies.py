"""Bodies that may be large: kept in memory while they are small, else in the store's staging."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_core.utils import ensure_async
from tornado.web import HTTPError

from jupyter_datasets.errors import DatasetsError, ErrorKind, InvalidInputError
from jupyter_datasets.server.base import RESOURCE, ApiHandler
from jupyter_datasets.store.backends import LocalBackend, translated_io
from jupyter_datasets.wire import ARROW_STREAM

if TYPE_CHECKING:
    import pyarrow as pa
    from httpx import Response

    from jupyter_datasets.server.forwarding import Passing, Peer

BYTES = "application/octet-stream"
_IN_MEMORY = 8 << 20
_MOST = 1 << 42  # bytes; the disk is full before
_END = b"\xff\xff\xff\xff\0\0\0\0"  # by which an Arrow stream ends


class Spool:
    """Bytes that arrive in order."""

    def __init__(self, backend: LocalBackend) -> None:
        self._backend = backend
        self._folder: Path | None = None
        self._file: Path | None = None
        self.head = bytearray()

    def add(self, data: bytes) -> None:
        """Put bytes behind those there are."""
        self.head += data
        if len(self.head) > _IN_MEMORY:
            self.path()

    def path(self) -> Path:
        """The file that holds all bytes so far."""
        if self._file is None:
            self._folder = self._backend.new_staging()
            self._file = self._folder / "body"
        with translated_io("keeping what was sent"), self._file.open("ab") as file:
            file.write(self.head)
        self.head.clear()
        return self._file

    def source(self) -> pa.NativeFile:
        """All bytes, to be read by Arrow."""
        import pyarrow as pa

        return pa.BufferReader(bytes(self.head)) if self._file is None else pa.memory_map(str(self.path()))

    def discard(self) -> None:
        """Forget the bytes."""
        if self._folder is not None:
            self._backend.discard(self._folder)


class SpoolHandler(ApiHandler):
    """Base of handlers whose body is not JSON."""

    max_body = _MOST
    _spool: Spool | None = None
    _passing: Passing | None = None

    async def prepare(self) -> None:  # type: ignore[override]  # as APIHandler has it
        await super().prepare()
        if self.request.method == "PUT":
            try:
                await self._expect_body()
            except DatasetsError as error:  # said before the body is sent
                self.fail(error)

    async def _expect_body(self) -> None:
        if peer := await self.holder():
            await self._check_right()
            self._passing = peer.take_body(self)
        else:
            self._spool = Spool((await self.keeper.ready()).backend)

    async def _check_right(self) -> None:
        """Ask the authorizer before the other server gets the first byte; the verb itself asks behind the last one."""
        if not await ensure_async(self.authorizer.is_authorized(self, self.current_user, "write", RESOURCE)):
            raise HTTPError(403, "You may not write datasets.")

    async def forward(self, peer: Peer) -> Response:
        return await (self._passing.end() if self._passing else super().forward(peer))

    @property
    def spooled(self) -> Spool:
        """The body of a PUT."""
        assert self._spool is not None
        return self._spool

    async def data_received(self, chunk: bytes) -> None:
        if self._passing is not None:
            await self._passing.add(chunk)
        elif self._spool is None:
            self.received += chunk
        elif len(self._spool.head) + len(chunk) <= _IN_MEMORY:
            self._spool.add(chunk)
        else:
            await asyncio.get_running_loop().run_in_executor(self.keeper.threads, self._spool.add, chunk)

    def on_finish(self) -> None:
        self._discard()

    def on_connection_close(self) -> None:
        super().on_connection_close()
        self._discard()

    def _discard(self) -> None:
        if self._passing is not None:
            self._passing.stop()
        spool, self._spool = self._spool, None
        if spool is not None:
            self.keeper.threads.submit(spool.discard)


def arrow_batches(spool: Spool) -> tuple[pa.Schema, Iterator[pa.RecordBatch]]:
    """The rows of a body that is an Arrow IPC stream.

    Raises
    ------
    InvalidInputError
        It is none, or not whole; raised by the iterator as well.
    """
    import pyarrow as pa

    source = spool.source()
    size = source.size()
    if size < len(_END) or source.read_at(len(_END), size - len(_END)) != _END:
        raise _no_stream("it does not end as one does")
    try:
        reader = pa.ipc.open_stream(source)
    except (pa.ArrowException, OSError) as error:
        raise _no_stream(error) from error
    return reader.schema, _translated(reader)


def _translated(reader: Any) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa

    try:
        for batch in reader:
            batch.validate(full=True)
            yield batch
    except (pa.ArrowException, OSError) as error:
        raise _no_stream(error) from error


def _no_stream(why: object) -> InvalidInputError:
    return InvalidInputError(
        f"The body is no whole Arrow stream: {why}.",
        kind=ErrorKind.FILE_FORMAT,
        next_step=f"Send the rows as {ARROW_STREAM}.",
    )
