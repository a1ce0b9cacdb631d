"""Servers that may hold the store of this process: by the environment, by Jupyter's notes, by the store's own."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from jupyter_core.paths import jupyter_runtime_dir

from jupyter_datasets.errors import DatasetsError, ErrorKind, InvalidInputError

if TYPE_CHECKING:
    from jupyter_datasets.client.http import HttpTransport

_ANY = (None, "*", "0.0.0.0", "::")  # a server that listens everywhere listens here as well
URL, TOKEN = "JUPYTER_DATASETS_URL", "JUPYTER_DATASETS_TOKEN"


def reach(url: str, token: str | None) -> HttpTransport:
    """The transport to a server that answers, serves datasets and lets this client in; else an error."""
    from jupyter_datasets.client.http import HttpTransport  # here, for most scripts need no server

    return HttpTransport.reach(url, token)


@dataclass(kw_only=True, slots=True)
class Search:
    """Where a server was looked for, in sentences, for whom it was not found."""

    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    tried: list[str] = field(default_factory=list)

    def find(self) -> HttpTransport | None:
        """The server that the environment names, else JupyterHub's, else the one whose kernel this is, else None.

        Raises
        ------
        DatasetsError
            The server that the environment names does not answer, or does not let this process in.
        """
        return self._from_environment() or self._from_hub() or self._from_parent() or self._from_session()

    def ask(self, what: str, url: str, token: str | None) -> HttpTransport | None:
        """A server, if it answers and serves datasets."""
        try:
            return reach(url, token)
        except DatasetsError as error:
            self.tried.append(f"{what}: {error.message}")
            return None

    def _from_environment(self) -> HttpTransport | None:
        if not (url := self.environ.get(URL)):
            self.tried.append(f"{URL} is not set.")
            return None
        try:
            return reach(url, self._token())
        except DatasetsError as error:
            error.next_step = f"{error.next_step} The address is from {URL}; unset it to look elsewhere.".strip()
            raise

    def _token(self) -> str | None:
        if file := self.environ.get(f"{TOKEN}_FILE"):
            try:
                return Path(file).read_text("utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                raise InvalidInputError(
                    f"The file {file!r}, which {TOKEN}_FILE names, cannot be read.",
                    kind=ErrorKind.INVALID_SETTING,
                ) from error
        return self.environ.get(TOKEN)

    def _from_hub(self) -> HttpTransport | None:
        """The person's own server under JupyterHub, if this process is one that it started."""
        token = self.environ.get("JUPYTERHUB_API_TOKEN")
        if not token:
            return None
        for url in dict.fromkeys(_hub_addresses(self.environ)):
            if found := self.ask(f"JupyterHub's server at {url}", url, token):
                return found
        return None

    def _from_parent(self) -> HttpTransport | None:
        pid = self.environ.get("JPY_PARENT_PID", "")
        note = _read(Path(jupyter_runtime_dir()) / f"jpserver-{pid}.json") if pid.isdecimal() else None
        if note is None:
            self.tried.append(f"No Jupyter server left a note as process {pid}." if pid else "This is no kernel.")
            return None
        return self.ask("The server that started this kernel", note["url"], note["token"])

    def _from_session(self) -> HttpTransport | None:
        session = self.environ.get("JPY_SESSION_NAME")
        if not session:
            return None
        notes = [note for note in _notes() if Path(session).is_relative_to(note["root_dir"])]
        found = [t for note in notes if (t := self.ask("A running server", note["url"], note["token"]))]
        if len(found) == 1:
            return found[0]
        for transport in found:
            transport.close(wait=False)
        self.tried.append(f"Running servers that hold {session}: {len(found)}.")
        return None


def server_roots(path: Path) -> list[Path]:
    """The folders that running Jupyter servers serve and that hold a path: that of this kernel's server first."""
    parent = os.environ.get("JPY_PARENT_PID", "")
    own = _read(Path(jupyter_runtime_dir()) / f"jpserver-{parent}.json") if parent.isdecimal() else None
    roots = [Path(note["root_dir"]) for note in ([own] if own else _notes())]
    return [root for root in roots if path.is_relative_to(root)]


def _hub_addresses(environ: Mapping[str, str]) -> Iterator[str]:
    """Where a single-user server may be: where it listens, then where people reach it."""
    prefix = environ.get("JUPYTERHUB_SERVICE_PREFIX", "")
    try:
        listens = urlsplit(environ.get("JUPYTERHUB_SERVICE_URL", ""))
        host = "127.0.0.1" if listens.hostname in _ANY else listens.netloc.rpartition(":")[0]
        if listens.port:
            yield f"{listens.scheme}://{host}:{listens.port}{prefix or listens.path}"
    except ValueError:  # no address
        pass
    if public := environ.get("JUPYTERHUB_PUBLIC_URL"):
        yield public
    if prefix and (hub := environ.get("JUPYTERHUB_HOST")):
        yield hub.rstrip("/") + prefix


def _notes() -> Iterator[dict[str, Any]]:
    """What running Jupyter servers say of themselves."""
    for file in sorted(Path(jupyter_runtime_dir()).glob("jpserver-*.json")):
        if (note := _read(file)) is not None:
            yield note


def _read(file: Path) -> dict[str, Any] | None:
    try:
        note = json.loads(file.read_bytes())
        return {name: str(note[name]) for name in ("url", "token", "root_dir")}
    except (OSError, ValueError, TypeError, KeyError):
        return None
