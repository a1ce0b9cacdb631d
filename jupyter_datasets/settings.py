"""Settings: where the store is, what a job may use. Read once, then frozen."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from jupyter_core.paths import jupyter_data_dir

from jupyter_datasets.errors import ErrorKind, InvalidInputError

MIB = 1 << 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """What a process needs to know to open a store.

    Attributes
    ----------
    store
        Folder of the embedded store: objects, packs, staging, catalog.
    catalog_url
        SQLAlchemy URL of a PostgreSQL catalog; empty for the DuckDB file inside the store.
    memory_mib
        What one job's child process may use, in MiB.
    threads
        Threads of DuckDB in this process and in each child.
    workers
        Children that may run at the same time.
    busy_timeout
        Seconds to wait for a store that another process holds.
    idle_close
        Seconds without a call after which a process that does not serve lets go of the store.
    """

    store: Path
    catalog_url: str = ""
    memory_mib: int = 896
    threads: int = 2
    workers: int = 1
    busy_timeout: float = 10.0
    idle_close: float = 2.0

    @classmethod
    def load(cls, store: str | os.PathLike[str] | None = None, **overrides: Any) -> Self:
        """Arguments, then ``JUPYTER_DATASETS_*`` of the environment, then defaults."""
        environ = os.environ
        values: dict[str, Any] = {"threads": min(os.cpu_count() or 1, 8)}
        values |= _from_environment(environ)
        values |= {name: value for name, value in overrides.items() if value is not None}
        folder = store or environ.get("JUPYTER_DATASETS_STORE") or Path(jupyter_data_dir()) / "datasets"
        settings = cls(store=Path(folder).expanduser().absolute(), **values)
        settings._check()
        return settings

    def _check(self) -> None:
        floors = {"memory_mib": 256, "threads": 1, "workers": 1, "busy_timeout": 0, "idle_close": 0}
        for name, floor in floors.items():
            if getattr(self, name) < floor:
                raise _bad(name, getattr(self, name), f"at least {floor}")


_READERS = {
    "catalog_url": str,
    "memory_mib": int,
    "threads": int,
    "workers": int,
    "busy_timeout": float,
    "idle_close": float,
}


def _from_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, read in _READERS.items():
        variable = f"JUPYTER_DATASETS_{name.upper()}"
        if text := environ.get(variable):
            try:
                found[name] = read(text)
            except ValueError as error:
                raise _bad(variable, text, f"a value of type {read.__name__}") from error
    return found


def _bad(name: str, value: object, wants: str) -> InvalidInputError:
    return InvalidInputError(f"The setting {name} is {value!r}; it must be {wants}.", kind=ErrorKind.INVALID_SETTING)
