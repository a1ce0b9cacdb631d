"""Requests for a store that another Jupyter server of this machine holds: that server answers them."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import httpx
from tornado.iostream import StreamClosedError

from jupyter_datasets import wire
from jupyter_datasets.client import tls
from jupyter_datasets.client.answers import Upload
from jupyter_datasets.client.rest import BASE
from jupyter_datasets.errors import DatasetsError, ErrorKind, InvalidInputError, StorageError, StoreBusyError

if TYPE_CHECKING:
    from tornado.httputil import HTTPServerRequest

    from jupyter_datasets.catalog.holder import Holder
    from jupyter_datasets.server.base import ApiHandler

Content = bytes | AsyncIterator[bytes]
_ASKED = ("Accept", "Content-Type", "Content-Length", "Idempotency-Key", "If-None-Match")
_ANSWERED = (
    "Content-Type", "Content-Length", "Content-Disposition", "Cache-Control", "Etag", "Retry-After",
    "X-Request-ID", "X-Rows",
)  # fmt: skip
_VIA = "1.1 jupyter-datasets"
_DOTS = re.compile(r"(?<=/)\.{1,2}(?=/|$)")
_TIMEOUT = httpx.Timeout(300.0, connect=5.0, pool=None)
_PART = 8 << 20


class Peer:
    """The server that holds the store.

    Parameters
    ----------
    holder
        What the store's note says of it.
    """

    def __init__(self, holder: Holder) -> None:
        assert holder.url is not None
        self.note = holder
        self._base = holder.url.rstrip("/") + BASE
        self._client = httpx.AsyncClient(
            headers={"Authorization": f"token {holder.token}", "Via": _VIA, "Accept-Encoding": "identity"},
            timeout=_TIMEOUT,
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=20),
            trust_env=False,  # it is on this machine, behind no proxy
            verify=tls.trusted(),
        )

    def expect_first(self, request: HTTPServerRequest) -> None:
        """Refuse with StoreBusyError what a server of ours sent on already: it would go round in circles."""
        if _VIA in request.headers.get("Via", ""):
            raise self.busy("holds the store is another one than the one that asked believes")

    async def answer(self, handler: ApiHandler) -> None:
        """Have the server answer a handler's request.

        Raises
        ------
        DatasetsError
            It does not answer; nothing was sent to the client.
        """
        await _relay(handler, await handler.forward(self))

    def take_body(self, handler: ApiHandler) -> Passing:
        """Begin to send a handler's request, whose body is still to come."""
        return Passing(handler, self)

    async def send(self, handler: ApiHandler, content: Content) -> httpx.Response:
        """The beginning of the answer to a handler's request with this body."""
        asked = handler.request.headers
        headers = {name: asked[name].encode("latin1") for name in _ASKED if name in asked}
        if isinstance(content, bytes):
            headers["Content-Length"] = b"%d" % len(content)
        url = self._base + _address(handler)
        return await self._send(str(handler.request.method), url, headers=headers, content=content)

    async def upload(self, name: str, data: bytes) -> str:
        """Send a file; the id of the upload."""
        begun = await self._told("POST", "/uploads", json={"name": name, "bytes": len(data)})
        for offset in range(0, len(data), _PART):
            part = data[offset : offset + _PART]
            query = {"offset": offset, "sha256": hashlib.sha256(part).hexdigest()}
            headers = {"Content-Type": "application/octet-stream"}
            await self._told("PUT", f"/uploads/{begun.id}", params=query, content=part, headers=headers)
        return begun.id

    def busy(self, what: str) -> StoreBusyError:
        """The error that says what is wrong with the server that holds the store."""
        note = self.note
        return StoreBusyError(
            f"The server that {what}: process {note.pid} ({note.program}) at {note.url}.",
            next_step="Wait until it answers, or end that process; then this server opens the store itself.",
            details={"pid": note.pid, "program": note.program},
        )

    async def close(self) -> None:
        """Break off what is under way."""
        await self._client.aclose()

    async def _told(self, method: str, path: str, **content: Any) -> Upload:
        response = await self._send(method, self._base + path, **content)
        text = await response.aread()
        if not response.is_success:
            raise wire.error_from_json(response.json()["error"])
        return Upload.model_validate_json(text)

    async def _send(self, method: str, url: str, **content: Any) -> httpx.Response:
        try:
            request = self._client.build_request(method, url, **content)
            return await self._client.send(request, stream=True)
        except httpx.InvalidURL as error:
            raise InvalidInputError(f"The address is none that can be forwarded: {error}.") from error
        except (httpx.TransportError, RuntimeError) as error:  # a client that was closed raises the latter
            raise self._silent(method, error) from error

    def _silent(self, method: str, error: Exception) -> DatasetsError:
        if refused := tls.distrusted(error):
            return self.busy(f"holds the store has a certificate that is not trusted ({refused.verify_message})")
        if method == "GET" or isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
            return self.busy("holds the store does not answer")
        return StorageError(
            f"The answer of the server that holds the store was lost: {error or type(error).__name__}.",
            kind=ErrorKind.SERVER_UNREACHABLE,
            next_step="It may have done what it was asked; look, then try again.",
            details={"url": self.note.url},
        )


class Passing:
    """A body on its way: a piece is taken when the one before it was sent.

    Parameters
    ----------
    handler
        Whose request it belongs to.
    peer
        Who gets it.
    """

    def __init__(self, handler: ApiHandler, peer: Peer) -> None:
        self._pieces: asyncio.Queue[bytes] = asyncio.Queue(maxsize=1)
        self._response = asyncio.ensure_future(peer.send(handler, self._content()))

    async def add(self, piece: bytes) -> None:
        """Wait until there is room; without effect once the answer is there."""
        room = asyncio.ensure_future(self._pieces.put(piece))
        await asyncio.wait((room, self._response), return_when=asyncio.FIRST_COMPLETED)
        room.cancel()

    async def end(self) -> httpx.Response:
        """All of it was added: the beginning of the answer."""
        await self.add(b"")
        return await self._response

    def stop(self) -> None:
        """Break off what is not over: the client has gone."""
        self._response.cancel()
        self._stopping = asyncio.ensure_future(self._let_go())

    async def _let_go(self) -> None:
        with suppress(asyncio.CancelledError, DatasetsError):
            await (await self._response).aclose()

    async def _content(self) -> AsyncIterator[bytes]:
        while piece := await self._pieces.get():
            yield piece


async def _relay(handler: ApiHandler, response: httpx.Response) -> None:
    """Answer as the other server does, as fast as the client takes it and no faster."""
    handler.set_status(response.status_code, response.reason_phrase)
    for name in _ANSWERED:
        if name in response.headers:
            handler.set_header(name, response.headers[name])
    try:
        async for piece in response.aiter_raw():
            handler.write(piece)
            await handler.flush()
    except StreamClosedError:
        return
    except httpx.TransportError:
        handler.log.exception("Request %s ended in the middle of a forwarded answer.", handler.request_id)
        handler.abort()
        return
    finally:
        await response.aclose()
    handler.finish(set_content_type=response.headers.get("Content-Type", "application/json"))


def _address(handler: ApiHandler) -> str:
    """Path and query behind the interface's address. No part of the path may lead out of it."""
    path = _DOTS.sub(lambda dots: dots[0].replace(".", "%2E"), handler.request.path.partition(BASE)[2])
    query = urlencode(handler.parameters, doseq=True)
    return f"{path}?{query}" if query else path
