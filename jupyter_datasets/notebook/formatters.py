"""Tables, logs, differences, conflicts and jobs at the end of a cell show themselves as widgets."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import Any, Protocol

from jupyter_datasets.client import viewers
from jupyter_datasets.errors import DatasetsError

Bundle = tuple[dict[str, Any], dict[str, Any]]
"""What to show by MIME type, and metadata of it."""

_WIDGETS = (
    ("jupyter_datasets.client.version", "Table", "grid", "DatasetGrid"),
    ("jupyter_datasets.client.history", "Log", "history", "History"),
    ("jupyter_datasets.client.diff", "Diff", "diff", "DiffView"),
    ("jupyter_datasets.client.diff", "TableChanges", "diff", "DiffView"),
    ("jupyter_datasets.client.merging", "MergeConflicts", "merge", "MergeReview"),
    ("jupyter_datasets.client.jobs", "Job", "progress", "JobProgress"),
)


class _Formatter(Protocol):
    def for_type_by_name(self, type_module: str, type_name: str, func: Callable[[Any], Bundle | None]) -> object: ...


def register(formatter: _Formatter) -> None:
    """Have a shell's MIME bundle formatter show our objects; nothing is imported before there is one to show."""
    for module, name, file, widget in _WIDGETS:
        formatter.for_type_by_name(module, name, partial(_show, file, widget))
    viewers.register("merge", partial(_make, "merge", "MergeReview"))


def _show(file: str, widget: str, value: Any) -> Bundle | None:
    """The widget and its fallback; None, so that the fallback alone is shown, where there can be no widget."""
    try:
        bundle: Bundle | None = _make(file, widget, value)._repr_mimebundle_()
    except (ImportError, DatasetsError):
        return None
    return bundle


def _make(file: str, widget: str, value: Any) -> Any:
    return getattr(import_module(f"jupyter_datasets.notebook.widgets.{file}"), widget)(value)
