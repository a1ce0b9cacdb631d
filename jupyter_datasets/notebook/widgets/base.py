"""What our widgets have in common: a script, and a fallback for where no widget can be."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

import anywidget

from jupyter_datasets.errors import ErrorKind, InvalidInputError

_OURS = "application/vnd.jupyter-datasets.widget+json"  # by which our extension of JupyterLab knows these outputs
_STATIC = Path(__file__).with_name("static")


class Shown(Protocol):
    """What shows itself as text and as HTML."""

    def _repr_html_(self) -> str: ...


class StaticFallback(anywidget.AnyWidget):
    """A widget whose output also holds what the object shows without it, for saved notebooks and other readers."""

    def __init__(self, shown: Shown, **traits: Any) -> None:
        self._shown = shown
        super().__init__(**traits)

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        data, metadata = super()._repr_mimebundle_(**kwargs) or ({}, {})
        static = {"text/plain": repr(self._shown), "text/html": self._shown._repr_html_()}
        return {**data, _OURS: {}, **static}, metadata


def script(name: str) -> Path:
    """The built JavaScript of a widget.

    Raises
    ------
    InvalidInputError
        It was not built, as in a source folder without Node.
    """
    path = _STATIC / name
    if not path.is_file():
        raise InvalidInputError(
            f"The JavaScript of the widgets, {name}, was not built.",
            kind=ErrorKind.MISSING_PACKAGE,
            next_step="Install the package from its wheel, or run 'jlpm build:widgets' in the folder labextension.",
        )
    return path
