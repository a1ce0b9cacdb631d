"""Where the file of an import is on this machine."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_core.utils import ensure_async
from tornado.web import HTTPError

from jupyter_datasets.errors import ErrorKind, InvalidInputError, NotFoundError

if TYPE_CHECKING:
    from jupyter_datasets.server.base import ApiHandler
    from jupyter_datasets.server.forwarding import Peer
    from jupyter_datasets.server.handlers.jobs import Source


async def find(handler: ApiHandler, source: Source) -> tuple[Path, str | None]:
    """The file, and the upload that is to be discarded after its import, if it is one.

    Raises
    ------
    NotFoundError
        There is none.
    InvalidInputError, ConflictError
        The path is not absolute, or the upload not whole.
    """
    if source.upload is not None:
        upload = source.upload
        return await handler.call(lambda _: handler.keeper.uploads.path(upload)), upload
    if source.contents is not None:
        content = await from_contents(handler, source.contents)
        if isinstance(content, Path):
            return content, None
        name = Path(source.contents).name
        return await handler.call(lambda _: handler.keeper.uploads.keep(name, content))
    path = Path(source.path or "")
    if not path.is_absolute():
        raise InvalidInputError(
            f"{source.path!r} is not the whole path of a file.",
            next_step="Give it from the root on, or as 'contents' as the file browser shows it.",
        )
    return path, None


async def from_contents(handler: ApiHandler, path: str) -> Path | bytes:
    """A file of Jupyter's file browser: its place where it lies on this machine, else its content."""
    manager: Any = handler.contents_manager
    try:
        hidden = await ensure_async(manager.is_hidden(path)) and not manager.allow_hidden
        if hidden or not await ensure_async(manager.file_exists(path)):
            raise _not_found(path)
        if hasattr(manager, "_get_os_path"):
            return Path(manager._get_os_path(path))
        model = await ensure_async(manager.get(path, content=True, type="file", format="base64"))
    except (HTTPError, ValueError) as error:
        raise _not_found(path) from error
    return base64.b64decode(model["content"])


async def elsewhere(handler: ApiHandler, source: Source, peer: Peer) -> Source:
    """The same source for the server that holds the store: it has another file browser."""
    if source.contents is None:
        return source
    found = await from_contents(handler, source.contents)
    if isinstance(found, Path):
        return type(source)(path=str(found))
    return type(source)(upload=await peer.upload(Path(source.contents).name, found))


def _not_found(path: str) -> NotFoundError:
    return NotFoundError(
        f"The file browser has no file {path!r}.",
        kind=ErrorKind.FILE_NOT_FOUND,
        next_step="Give the path as the file browser shows it.",
        details={"file": path},
    )
