"""What all handlers share: who asks, the body with its limit, threads, answers and errors."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

from jupyter_server.auth import AllowAllAuthorizer, Authorizer, IdentityProvider
from jupyter_server.base.handlers import APIHandler
from tornado.escape import json_encode
from tornado.web import HTTPError, stream_request_body

from jupyter_datasets.errors import DatasetsError
from jupyter_datasets.server import errors
from jupyter_datasets.server.identity import carries, scoped
from jupyter_datasets.server.keeper import Keeper
from jupyter_datasets.values import Actor, new_id

if TYPE_CHECKING:
    from httpx import Response

    from jupyter_datasets.container import Container
    from jupyter_datasets.server.forwarding import Peer

T = TypeVar("T")
JSON = "application/json"
RESOURCE = "datasets"  # what the server's authorizer is asked about
MAX_JSON = 1 << 20  # bytes of a JSON body

# Jupyter's own: a token, XSRF's, whether somebody is at work, and the moment that JupyterLab adds against caches.
_NOT_OURS = re.compile(r"token|_xsrf|no_track_activity|\d+")


@stream_request_body
class ApiHandler(APIHandler):
    """Base of our handlers. Who asks is known before the first byte of a body is read."""

    max_body = MAX_JSON
    forwarded = True  # whether the server that holds the store answers, where this one does not

    def initialize(self, keeper: Keeper) -> None:
        self.keeper = keeper
        self.request_id = new_id()
        self.received = bytearray()

    @property
    def identity_provider(self) -> IdentityProvider:
        """The server's, and our own token before it."""
        return scoped(super().identity_provider, self.keeper.token)

    @property
    def authorizer(self) -> Authorizer:
        """The server's; our own token is its bearer's right to all our routes."""
        if not carries(self, self.keeper.token):
            return super().authorizer
        return AllowAllAuthorizer(identity_provider=super().identity_provider)

    @property
    def parameters(self) -> dict[str, list[bytes]]:
        """Those of the query that are meant for us."""
        return {n: values for n, values in self.request.query_arguments.items() if not _NOT_OURS.fullmatch(n)}

    @property
    def actor(self) -> Actor:
        """Who asks."""
        return self.keeper.actor

    async def call(self, work: Callable[[Container], T]) -> T:
        """What a service's method gives, called in a thread."""
        return await self.keeper.call(work)

    async def holder(self) -> Peer | None:
        """The server that is to answer this request, where it is not this one."""
        peer = await self.keeper.holder() if self.forwarded else None
        if peer is not None:
            peer.expect_first(self.request)
        return peer

    async def forward(self, peer: Peer) -> Response:
        """The beginning of the answer of the server that holds the store."""
        return await peer.send(self, bytes(self.received))

    async def prepare(self) -> None:  # type: ignore[override]  # as APIHandler has it
        await super().prepare()
        if self.request.method != "OPTIONS":
            if not self.current_user:
                raise HTTPError(403)
            self._limit_body()

    def _limit_body(self) -> None:
        if int(self.request.headers.get("Content-Length") or 0) > self.max_body:
            raise HTTPError(413, f"The body is larger than {self.max_body:,} bytes.")
        self.request.connection.set_max_body_size(self.max_body)  # type: ignore[union-attr]  # HTTP/1, as all of Jupyter

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        self.received += chunk
        return None

    def reply(self, text: str, status: int = 200) -> None:
        """Answer with JSON."""
        self.set_status(status)
        self.set_header("Content-Type", JSON)
        self.finish(text)

    def fail(self, error: DatasetsError) -> None:
        """Answer with an error; where an answer has begun, break it off."""
        if self._headers_written:
            self.abort()
            return
        self._refuse(errors.status_of(error), error)

    def abort(self) -> None:
        """Break the connection off: the only way to say that an answer which has begun will not be whole."""
        self.detach().close()

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        error = kwargs.get("exc_info", (None, None, None))[1]
        refused = errors.from_http(error) if isinstance(error, HTTPError) else errors.unexpected(self.request_id)
        self._refuse(status_code, refused)

    def _refuse(self, status: int, error: DatasetsError) -> None:
        self.set_status(status)
        self.set_header("Content-Type", JSON)
        self.set_header("X-Request-ID", self.request_id)
        if status == 503:
            self.set_header("Retry-After", "1")
        self.finish(json_encode(errors.body_of(error, self.request_id)))

    def log_exception(
        self, typ: type[BaseException] | None, value: BaseException | None, tb: TracebackType | None
    ) -> None:
        if not isinstance(value, HTTPError):
            self.log.error("Request %s failed: %s", self.request_id, self._request_summary())
        super().log_exception(typ, value, tb)
