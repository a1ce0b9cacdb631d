"""Answers in pieces: made in threads, sent as fast as the client takes them and no faster."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

from tornado.iostream import StreamClosedError

from jupyter_datasets.server.base import ApiHandler

_PIECE = 1 << 20


async def stream(handler: ApiHandler, pieces: Iterator[bytes], media: str) -> None:
    """Send pieces, each made while the one before it is sent.

    An error before the first piece is an answer like any other. Later the connection is broken off, so that nobody
    takes a part for the whole.
    """
    loop, threads = asyncio.get_running_loop(), handler.keeper.threads
    piece = await loop.run_in_executor(threads, next, pieces, b"")
    handler.set_header("Content-Type", media)
    while piece:
        following = loop.run_in_executor(threads, next, pieces, b"")
        try:
            handler.write(piece)
            await handler.flush()
        except StreamClosedError:
            await asyncio.wait([following])
            return
        try:
            piece = await following
        except Exception:
            handler.log.exception("Request %s ended in the middle of its answer.", handler.request_id)
            handler.abort()
            return
    handler.finish(set_content_type=media)


def file_pieces(path: Path) -> Iterator[bytes]:
    """The content of a file."""
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            yield piece
