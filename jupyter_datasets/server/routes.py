"""The route table: from it Tornado gets its handlers, and clients the description of them."""

from __future__ import annotations

import asyncio
from functools import cache
from importlib.metadata import version
from typing import Any

from jupyter_server.utils import url_path_join
from tornado.web import HTTPError

from jupyter_datasets.server.base import ApiHandler
from jupyter_datasets.server.endpoint import endpoint
from jupyter_datasets.server.handlers import (
    data,
    datasets,
    edits,
    health,
    housekeeping,
    jobs,
    merges,
    uploads,
    versions,
)
from jupyter_datasets.server.keeper import Keeper
from jupyter_datasets.server.openapi import Document, document
from jupyter_datasets.server.route import Route

BASE = "/jupyter-datasets/api/v1"


class DocumentHandler(ApiHandler):
    forwarded = False

    @endpoint("read")
    async def get(self) -> Document:
        """This interface as OpenAPI 3.1."""
        return await asyncio.to_thread(_document, url_path_join(self.base_url, BASE))


@cache
def _document(base: str) -> Document:
    return document(ROUTES, base, version("jupyter_datasets"))


class NowhereHandler(ApiHandler):
    """Says in our words that there is no such route."""

    async def prepare(self) -> None:  # type: ignore[override]  # as APIHandler has it
        await super().prepare()
        raise HTTPError(404)


ROUTES = (
    *health.ROUTES,
    Route("/openapi.json", DocumentHandler),
    *datasets.ROUTES,
    *versions.ROUTES,
    *data.ROUTES,
    *edits.ROUTES,
    *merges.ROUTES,
    *uploads.ROUTES,
    *jobs.ROUTES,
    *housekeeping.ROUTES,
)


def handlers(keeper: Keeper) -> list[tuple[str, type[ApiHandler], dict[str, Any]]]:
    """The table for Tornado, without the server's base URL."""
    shared = {"keeper": keeper}
    rows = [(BASE + route.pattern, route.handler, shared) for route in ROUTES]
    return [*rows, (f"{BASE}/.*", NowhereHandler, shared)]
