"""Lists, a page at a time."""

from __future__ import annotations

from pydantic import Field

from jupyter_datasets.server.endpoint import Input


class Paging(Input):
    """Which page: behind the cursor that the page before gave, or from an offset on."""

    limit: int = Field(default=100, ge=1, le=10_000)
    offset: int = Field(default=0, ge=0, lt=1 << 62)
    cursor: str | None = None
