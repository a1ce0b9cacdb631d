"""What can be seen of a store without opening it: programs, folder, holder, leftovers, space."""

from __future__ import annotations

import os
import platform
import re
import shutil
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from jupyter_datasets.catalog.holder import find_holder
from jupyter_datasets.catalog.layout import StoreFormat, is_store, program_version
from jupyter_datasets.errors import DatasetsError
from jupyter_datasets.services.health.models import Check
from jupyter_datasets.store.backends import LocalBackend

# The least that works, as pyproject.toml demands it.
MINIMA = {"duckdb": (2, 0, 0), "pyarrow": (21,), "sqlalchemy": (2, 1)}
_GB = 1_000_000_000
_LITTLE, _TOO_LITTLE = _GB, _GB // 20


def look(store: Path, *, embedded: bool = True) -> Iterator[Check]:
    """Check everything that needs no open store.

    Parameters
    ----------
    store
        The store's folder, which may be missing.
    embedded
        Whether its catalog lies in it, which means that one process at a time may hold it.
    """
    yield _programs()
    if embedded and not is_store(store):
        yield _no_store(store)
        return
    yield _folder(store, embedded)
    if embedded:
        yield _holder(store)
    yield _staging(store, embedded)
    yield _space(store)


def _programs() -> Check:
    found = {name: _version(name) for name in MINIMA}
    old = [name for name, least in MINIMA.items() if _numbers(found[name]) < least]
    listed = ", ".join(f"{name} {number}" for name, number in found.items())
    return Check(
        name="programs",
        status="fail" if old else "ok",
        message=f"{program_version()}, Python {platform.python_version()}, {listed}",
        next_step=f"pip install --upgrade {' '.join(old)}" if old else "",
    )


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "0 (missing)"


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", text)[:3])


def _no_store(store: Path) -> Check:
    return Check(
        name="store",
        status="fail",
        message=f"There is no store in {store}.",
        next_step="Make one: jupyter datasets import data.csv, or name another with --store.",
    )


def _folder(store: Path, embedded: bool) -> Check:
    try:
        made = StoreFormat.of(store) if embedded else None
    except DatasetsError as error:
        return Check.failed("store", error)
    if not store.exists():
        return Check(name="store", status="ok", message=f"{store}, to be made with the first import")
    if not os.access(store, os.R_OK | os.W_OK | os.X_OK):
        return Check(
            name="store",
            status="fail",
            message=f"{store} may not be written by you.",
            next_step="Open it as the user who made it, or mend the folder's permissions.",
        )
    return Check(
        name="store", status="ok", message=f"{store}, format {made.format}, by {made.program}" if made else str(store)
    )


def _holder(store: Path) -> Check:
    holder = find_holder(store)
    if holder is None:
        return Check(name="holder", status="ok", message="nobody holds the store")
    who = "this process" if holder.pid == os.getpid() else f"process {holder.pid} ({holder.program})"
    serving = f" and serves it at {holder.url}" if holder.url else ""
    details = {"pid": holder.pid, "program": holder.program}
    return Check(name="holder", status="ok", message=f"{who} holds the store{serving}", details=details)


def _staging(store: Path, embedded: bool) -> Check:
    count = len(LocalBackend(store).stagings())
    if not count:
        message = "nothing is left over"
    elif not embedded:
        message = f"{count} in use, or left by a process that died"
    elif find_holder(store):
        message = f"{count} in use"
    else:
        message = f"{count} left by a process that died; opening the store removes what it can"
    return Check(name="staging", status="ok", message=message)


def _space(store: Path) -> Check:
    place = next(folder for folder in (store, *store.absolute().parents) if folder.exists())
    free = shutil.disk_usage(place).free
    little = free < _LITTLE
    return Check(
        name="space",
        status="fail" if free < _TOO_LITTLE else "warn" if little else "ok",
        message=f"{free / _GB:,.1f} GB free",
        next_step="Free some space on the disk of the store." if little else "",
        details={"free": free},
    )
