"""Calls to a server: answers as models, refusals as our errors, tried again where that is safe."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from ipaddress import ip_address
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

import httpx
from pydantic import BaseModel, ValidationError

from jupyter_datasets import wire
from jupyter_datasets.client import tls
from jupyter_datasets.errors import DatasetsError, ErrorKind, InvalidInputError, NotFoundError, StorageError
from jupyter_datasets.values import check_text, new_id

BASE = "/jupyter-datasets/api/v1"
M = TypeVar("M", bound=BaseModel)
Query = Mapping[str, Any]
_TIMEOUT = httpx.Timeout(300.0, connect=5.0)
_PAUSES = (0.1, 0.3, 0.8, 1.5)  # seconds before each further try of a call that may be repeated
_KEY = "Idempotency-Key"  # by which the server gives the first answer again to a call that is sent again
_BUSY = 10.0  # seconds to wait for a server whose store is held by another process


class Rest:
    """One server. Safe to use from many threads. Only one that has answered before is tried again.

    Parameters
    ----------
    url
        Of the server, with its base URL.
    token
        Sent with each call, and only to this server.
    """

    def __init__(self, url: str, token: str | None = None) -> None:
        self.url = url.rstrip("/")
        headers = {"Authorization": f"token {token}"} if token else {}
        try:
            self._client = httpx.Client(
                base_url=self.url + BASE,
                headers=headers,
                timeout=_TIMEOUT,
                trust_env=not _is_loopback(self.url),
                verify=tls.trusted(),
            )
        except (httpx.InvalidURL, ValueError) as error:
            raise InvalidInputError(f"{url!r} is no address of a server: {error}.") from error
        self._closed = threading.Event()
        self._met = False

    def get(self, model: type[M], path: str, **query: Any) -> M:
        """Ask for something."""
        return self.call(model, "GET", path, query=query)

    def post(self, model: type[M], path: str, **body: Any) -> M:
        """Have something done."""
        return self.call(model, "POST", path, json=body)

    def call(self, model: type[M], method: str, path: str, **options: Any) -> M:
        """The answer to a call; options as for :meth:`send`."""
        return self._read(model, self.send(method, path, **options))

    def send(
        self, method: str, path: str, *, query: Query | None = None, safe: bool = False, **content: Any
    ) -> httpx.Response:
        """The whole response to a call.

        Parameters
        ----------
        safe
            Whether the call changes nothing, as a GET does not, and may be repeated when no answer came.
        content
            ``json``, or ``content`` (bytes, or an iterable of them, which is sent once only) with ``headers``.
        """
        request = self._client.build_request(method, path, params=_known(query), **_as_json(content))
        if method == "POST" and not safe:
            request.headers[_KEY] = new_id()
        repeats = not isinstance(content.get("content", b""), Iterator)
        response = self._insist(request, repeats=repeats, safe=safe or method == "GET")
        if not response.is_success:
            self._refuse(response)
        return response

    @contextmanager
    def stream(self, path: str, *, query: Query | None = None, accept: str) -> Iterator[Iterator[bytes]]:
        """An answer as it arrives."""
        self._check_open()
        headers = {"Accept": accept, "Accept-Encoding": "identity"}
        with self._translated(), self._client.stream(
            "GET", path, params=_known(query), headers=headers
        ) as response:  # fmt: skip
            if not response.is_success:
                response.read()
                self._refuse(response)
            yield response.iter_raw()

    def cut_off(self, why: object) -> StorageError:
        """The error for an answer that is not whole."""
        return StorageError(
            f"The answer of the server at {self.url} broke off: {why}.",
            kind=ErrorKind.SERVER_UNREACHABLE,
            next_step="Try again.",
            details={"url": self.url},
        )

    def close(self) -> None:
        """Every later call is refused."""
        self._closed.set()
        self._client.close()

    def _insist(self, request: httpx.Request, *, repeats: bool, safe: bool) -> httpx.Response:
        """The response: waited for while the store is busy, asked for again where nothing can be done twice by it."""
        busy_until = time.monotonic() + _BUSY
        pauses = iter(_PAUSES if repeats and self._met else ())
        lost: httpx.TransportError | None = None  # the answer to something that may have been done
        while True:
            self._check_open()
            try:
                response = self._client.send(request)
            except httpx.TransportError as error:
                lost = lost if safe or _never_arrived(error) else error
                pause = next(pauses, None)
                if pause is None or (lost and not _is_remembered(request, error)):
                    raise self._unreachable(error, unsure=lost is not None) from error
                time.sleep(pause)
                continue
            self._met = True
            if response.status_code != 503 or not repeats or time.monotonic() > busy_until:
                return response
            if lost:
                raise self._unreachable(lost, unsure=True) from lost
            time.sleep(0.2)

    def _check_open(self) -> None:
        if self._closed.is_set():
            raise InvalidInputError("The repository is closed.", next_step="Connect to it again.")

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except httpx.TransportError as error:
            raise self._unreachable(error, unsure=False) from error

    def _unreachable(self, error: httpx.TransportError, *, unsure: bool) -> StorageError:
        if distrusted := tls.distrusted(error):
            return tls.refusal(self.url, distrusted)
        step = "It may have done what it was asked; look, then try again." if unsure else "Is it running? Try again."
        return StorageError(
            f"The server at {self.url} does not answer: {error or type(error).__name__}.",
            kind=ErrorKind.SERVER_UNREACHABLE,
            next_step=step,
            details={"url": self.url},
        )

    def _refuse(self, response: httpx.Response) -> None:
        try:
            said = response.json()["error"]
            error = wire.error_from_json(said)
        except (ValueError, TypeError, KeyError):
            raise self._stranger(response) from None
        error.details.setdefault("request_id", said.get("request_id"))
        raise error

    def _stranger(self, response: httpx.Response) -> DatasetsError:
        if response.status_code >= 500:
            return StorageError(
                f"The server at {self.url} is not well: {response.status_code} {response.reason_phrase}.",
                kind=ErrorKind.SERVER_UNREACHABLE,
                next_step="Try again in a while.",
                details={"url": self.url},
            )
        return NotFoundError(
            f"What answers at {self.url} does not serve datasets ({response.status_code}).",
            kind=ErrorKind.STORE_NOT_FOUND,
            next_step="Check the address, and that jupyter_datasets is installed where the server runs.",
            details={"url": self.url},
        )

    def _read(self, model: type[M], response: httpx.Response) -> M:
        try:
            return model.model_validate_json(response.content)
        except ValidationError as error:
            raise StorageError(
                f"The server at {self.url} gave an answer that this version cannot read.",
                kind=ErrorKind.SERVER_UNREACHABLE,
                next_step="Install the same version of jupyter_datasets on both sides.",
                details={"url": self.url},
            ) from error


def part(text: str) -> str:
    """A name as one part of a path, whatever is in it."""
    quoted = quote(check_text(text, "The name"), safe="")
    return quoted.replace(".", "%2E") if set(quoted) == {"."} else quoted


def pieces(items: Iterable[bytes]) -> Iterator[bytes]:
    """Something to send once, piece by piece."""
    yield from items


def _as_json(content: Mapping[str, Any]) -> dict[str, Any]:
    """``json`` as bytes of ASCII, so that half a character is the server's to refuse."""
    if "json" not in content:
        return dict(content)
    return {"content": json.dumps(content["json"]).encode(), "headers": {"Content-Type": "application/json"}}


def _known(query: Query | None) -> dict[str, Any]:
    """What is set; httpx writes a list as one parameter for each item."""
    return {
        name: check_text(v, "The text") if isinstance(v, str) else v
        for name, v in (query or {}).items()
        if v is not None
    }


def _never_arrived(error: httpx.TransportError) -> bool:
    return isinstance(error, httpx.ConnectError | httpx.ConnectTimeout)


def _is_remembered(request: httpx.Request, error: httpx.TransportError) -> bool:
    """Whether the server that lost its answer gives it again. One that is not there is another when it comes back."""
    lost_on_the_way = not (_never_arrived(error) or isinstance(error, httpx.TimeoutException))
    return _KEY in request.headers and lost_on_the_way


def _is_loopback(url: str) -> bool:
    try:
        host = urlsplit(url).hostname or ""
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
