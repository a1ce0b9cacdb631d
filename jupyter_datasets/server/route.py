"""One row of the route table."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, zip_longest

from jupyter_datasets.server.base import ApiHandler
from jupyter_datasets.server.endpoint import Operation, operation_of

_VERBS = ("get", "post", "put", "delete")
_PART = re.compile(r"\{(\w+)(\.\.\.)?\}")


@dataclass(frozen=True)
class Route:
    """A path and who handles it.

    Attributes
    ----------
    path
        With its parts in braces: ``/datasets/{dataset}``; ``{name...}`` takes slashes as well.
    handler
        Its verbs are made by :func:`~jupyter_datasets.server.endpoint.endpoint`.
    """

    path: str
    handler: type[ApiHandler]

    @property
    def pattern(self) -> str:
        """The path for Tornado."""
        fixed = _PART.split(self.path)[::3]
        parts = ["(.*)" if part[2] else "([^/]*)" for part in _PART.finditer(self.path)]
        return "".join(chain.from_iterable(zip_longest(map(re.escape, fixed), parts, fillvalue="")))

    @property
    def template(self) -> str:
        """The path for OpenAPI."""
        return _PART.sub(r"{\1}", self.path)

    @property
    def parts(self) -> list[str]:
        """The names of its variable parts."""
        return [part[1] for part in _PART.finditer(self.path)]

    def operations(self) -> Iterator[tuple[str, Operation]]:
        """The verbs that there are."""
        for verb in _VERBS:
            if operation := operation_of(self.handler, verb):
                yield verb, operation
