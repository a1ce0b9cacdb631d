"""Git for the data in your notebooks: branch, compare, merge and query every version of a dataset.

>>> import jupyter_datasets as jd
>>> repo = jd.connect()

In a notebook ``%load_ext jupyter_datasets`` adds ``%%sql`` and ``%datasets``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jupyter_datasets.errors import (
    AlreadyExistsError,
    ConflictError,
    DamagedObjectError,
    DatasetsError,
    ErrorKind,
    FileContentError,
    FormatError,
    InternalError,
    InvalidInputError,
    JobCancelledError,
    JobFailedError,
    NotFoundError,
    PermissionDeniedError,
    StatementError,
    StorageError,
    StoreBusyError,
)

if TYPE_CHECKING:
    from jupyter_datasets.client.connect import connect
    from jupyter_datasets.client.repository import Repository
    from jupyter_datasets.notebook.magics import load_ipython_extension

    __version__: str

__all__ = [
    "AlreadyExistsError",
    "ConflictError",
    "DamagedObjectError",
    "DatasetsError",
    "ErrorKind",
    "FileContentError",
    "FormatError",
    "InternalError",
    "InvalidInputError",
    "JobCancelledError",
    "JobFailedError",
    "NotFoundError",
    "PermissionDeniedError",
    "Repository",
    "StatementError",
    "StorageError",
    "StoreBusyError",
    "__version__",
    "connect",
    "load_ipython_extension",
]

# DuckDB, Arrow and SQLAlchemy take half a second to load: a name of this list brings its module when it is first used.
_LAZY = {
    "Repository": "jupyter_datasets.client.repository",
    "connect": "jupyter_datasets.client.connect",
    "load_ipython_extension": "jupyter_datasets.notebook.magics",
}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        value: Any = _version()
    elif name in _LAZY:
        value = _load(name)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    from jupyter_datasets.server.app import JupyterDatasets

    return [{"module": "jupyter_datasets.server.app", "app": JupyterDatasets}]


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    return [{"src": "labextension", "dest": "jupyter-datasets"}]


def _show_widgets() -> None:
    """In a kernel, have tables, logs and jobs show themselves as widgets; elsewhere nothing is imported."""
    if shell := _kernel_shell():
        from jupyter_datasets.notebook.formatters import register

        register(shell.display_formatter.mimebundle_formatter)


def _kernel_shell() -> Any:
    """IPython's shell in a kernel; None elsewhere."""
    import sys

    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return shell if hasattr(shell, "kernel") else None


def _load(name: str) -> Any:
    from importlib import import_module

    value = getattr(import_module(_LAZY[name]), name)
    if shell := _kernel_shell():  # not before the client is loaded: it takes half a second
        import_module("jupyter_datasets.notebook.progress").install()
        import_module("jupyter_datasets.notebook.provenance").install(shell)
    return value


def _version() -> str:
    from importlib.metadata import version

    return version("jupyter_datasets")


_show_widgets()
