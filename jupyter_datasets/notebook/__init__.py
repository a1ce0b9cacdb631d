"""Magics and widgets for IPython: ``%load_ext jupyter_datasets`` adds ``%%sql``, ``%%dsql`` and ``%datasets``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jupyter_datasets.notebook.session import use

__all__ = ["use"]


def __getattr__(name: str) -> Any:
    # Not before it is used: every kernel that imports our package comes here, and the client takes half a second.
    if name == "use":
        from jupyter_datasets.notebook import session

        return session.use
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
