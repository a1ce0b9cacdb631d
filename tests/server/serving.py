"""A server in a thread of the test's process: quick to start, and the test may wait for it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from jupyter_server.auth import AllowAllAuthorizer, IdentityProvider
from jupyter_server.services.contents.largefilemanager import AsyncLargeFileManager
from jupyter_server.utils import url_path_join
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application

from jupyter_datasets.server.keeper import Keeper
from jupyter_datasets.server.routes import handlers
from jupyter_datasets.settings import Settings

TOKEN = "secret"


@dataclass(frozen=True, kw_only=True)
class Served:
    """Where a store is served, and by what."""

    url: str
    keeper: Keeper


@contextmanager
def serving(
    store: Path, base_url: str = "/base/", port: int = 0, certificate: Path | None = None, catalog_url: str = ""
) -> Iterator[Served]:
    """Our routes as a Jupyter server has them, on a port of their own; over TLS with a certificate and its key."""
    started, loop = threading.Event(), asyncio.new_event_loop()
    found: list[Served] = []
    stop = asyncio.Event()

    async def run() -> None:
        keeper = Keeper(lambda: Settings.load(store, catalog_url=catalog_url or None))
        sockets = bind_sockets(port, "127.0.0.1")
        options = None if certificate is None else {"certfile": certificate}
        server = HTTPServer(_application(keeper, base_url, store.parent), ssl_options=options)
        server.add_sockets(sockets)
        url = f"{'https' if certificate else 'http'}://127.0.0.1:{sockets[0].getsockname()[1]}{base_url}"
        keeper.start(url)
        found.append(Served(url=url, keeper=keeper))
        started.set()
        await stop.wait()
        server.stop()
        await keeper.close()
        await server.close_all_connections()

    thread = threading.Thread(target=lambda: loop.run_until_complete(run()))
    thread.start()
    started.wait()
    try:
        yield found[0]
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()


def _application(keeper: Keeper, base_url: str, files: Path) -> Application:
    provider = IdentityProvider(token=TOKEN)
    rows = [(url_path_join(base_url, path), handler, options) for path, handler, options in handlers(keeper)]
    return Application(
        rows,
        base_url=base_url,
        contents_manager=AsyncLargeFileManager(root_dir=str(files)),
        identity_provider=provider,
        authorizer=AllowAllAuthorizer(identity_provider=provider),
        cookie_secret="x",
        xsrf_cookies=True,
        allow_unauthenticated_access=False,
        serverapp=None,
    )
