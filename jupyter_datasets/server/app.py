"""The extension as jupyter_server loads it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from jupyter_server.extension.application import ExtensionApp
from jupyter_server.serverapp import ServerApp
from jupyter_server.utils import url_path_join
from traitlets import Integer, Unicode

from jupyter_datasets.server.events import Announcer, register
from jupyter_datasets.server.keeper import Keeper
from jupyter_datasets.server.routes import handlers
from jupyter_datasets.settings import Settings

if TYPE_CHECKING:
    from jupyter_datasets.container import Container

# What kernels, which get a copy of the environment, find this server by.
URL, TOKEN = "JUPYTER_DATASETS_URL", "JUPYTER_DATASETS_TOKEN"
_WILDCARDS = {"0.0.0.0": "127.0.0.1", "*": "127.0.0.1", "": "localhost", "::": "[::1]"}


class JupyterDatasets(ExtensionApp):
    """Datasets with versions, served from one store."""

    name = "jupyter_datasets"
    load_other_extensions = True

    store = Unicode(help="Folder of the store; by default 'datasets' in Jupyter's data folder.").tag(config=True)
    catalog_url = Unicode(None, allow_none=True, help="URL of a PostgreSQL catalog.").tag(config=True)
    memory_mib = Integer(None, allow_none=True, help="What a job may use, in MiB.").tag(config=True)
    threads = Integer(None, allow_none=True, help="Threads of DuckDB in each process.").tag(config=True)
    workers = Integer(None, allow_none=True, help="Jobs that may run at the same time.").tag(config=True)

    def initialize_handlers(self) -> None:
        self._logger = self.serverapp.event_logger if self.serverapp else None
        if self._logger is not None:
            register(self._logger)
        self.keeper = Keeper(self._settings, self._opened)
        self.handlers.extend(handlers(self.keeper))

    async def _start_jupyter_server_extension(self, serverapp: ServerApp) -> None:
        url = _reachable(serverapp)
        if url is not None:
            os.environ |= {URL: url, TOKEN: self.keeper.token}
        self.keeper.start(url)

    async def stop_extension(self) -> None:
        """Let go of the store; running jobs are cancelled."""
        if os.environ.get(TOKEN) == self.keeper.token:
            del os.environ[URL], os.environ[TOKEN]
        await self.keeper.close()

    def _opened(self, container: Container) -> None:
        if self._logger is not None:
            Announcer(self._logger).listen(container.database.events)

    def _settings(self) -> Settings:
        return Settings.load(
            self.store or None,
            catalog_url=self.catalog_url,
            memory_mib=self.memory_mib,
            threads=self.threads,
            workers=self.workers,
        )


def _reachable(serverapp: ServerApp) -> str | None:
    """The server's final address for programs on this machine; None where it listens on no port."""
    if serverapp.sock:
        return None
    host = _WILDCARDS.get(serverapp.ip, f"[{serverapp.ip}]" if ":" in serverapp.ip else serverapp.ip)
    scheme = "https" if serverapp.certfile else "http"
    return f"{scheme}://{url_path_join(f'{host}:{serverapp.port}', serverapp.base_url)}"
