"""A store's folder: is it one, may this program open it, and the files of it that are replaced in one step."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Self

from jupyter_datasets.errors import DamagedObjectError, ErrorKind, FormatError, InvalidInputError
from jupyter_datasets.values import evolve, new_id, now

FORMAT = 1
CATALOG = "catalog.duckdb"
FORMAT_FILE = "format.json"
_ALWAYS: Mapping[str, type] = {"format": int, "created_us": int, "program": str}
# What a store may hold before its format.json is there: the lock comes first, and objects may be written early.
_BEFORE_FORMAT = frozenset({"lock", "server.json", "staging", "objects", "packs"})


def program_version() -> str:
    """This program and its version, as it signs stores and catalogs."""
    try:
        return f"jupyter_datasets {version('jupyter_datasets')}"
    except PackageNotFoundError:
        return "jupyter_datasets (not installed)"


@dataclass(frozen=True, kw_only=True, slots=True)
class StoreFormat:
    """The content of ``format.json``.

    Attributes
    ----------
    format
        Version of the folder's layout.
    created_us
        When the store was made, in microseconds UTC.
    program
        Program and version that made it, or last raised its format.
    catalog
        Schema revision of the embedded catalog when this file was last written. It only spares a look into the
        catalog, which knows better; None before the catalog exists.
    others
        Keys that other parts of the program keep here.
    """

    format: int
    created_us: int
    program: str
    catalog: str | None = None
    others: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, store: Path) -> Self:
        """Read the store's format, or make a new store of an empty folder. The caller holds the store's lock.

        Raises
        ------
        FormatError
            A newer program made the store.
        InvalidInputError
            The folder is not a store and not empty.
        DamagedObjectError
            ``format.json`` is missing or cannot be read.
        """
        file = store / FORMAT_FILE
        if file.exists():
            return cls._parse(file)
        if is_store(store):
            raise _damaged(file, ErrorKind.OBJECT_MISSING, f"is missing ({file})")
        _check_empty(store)
        made = cls(format=FORMAT, created_us=now(), program=program_version())
        made.save(store)
        return made

    @classmethod
    def _parse(cls, file: Path) -> Self:
        values = _read_values(file)
        number, program = values.get("format"), values.get("program")
        if type(number) is int and number > FORMAT:  # before the rest, of which a later format may have made another
            raise _too_new(file, number, program if isinstance(program, str) else None)
        if wrong := [name for name, kind in _ALWAYS.items() if type(values.get(name)) is not kind]:
            raise _unreadable(file, f"it does not tell its {wrong[0]!r}")
        known = {name: values.pop(name) for name in _ALWAYS}
        return cls(**known, catalog=values.pop("catalog", None), others=values)

    def with_catalog(self, revision: str) -> Self:
        """The same, with another schema revision of the catalog."""
        return evolve(self, catalog=revision)

    def save(self, store: Path) -> None:
        """Replace ``format.json`` durably."""
        values = {"format": self.format, "created_us": self.created_us, "program": self.program}
        values |= {"catalog": self.catalog, **self.others}
        replace_file(store / FORMAT_FILE, json.dumps(values, indent=2).encode(), mode=0o644, durable=True)


def _read_values(file: Path) -> dict[str, Any]:
    try:
        values = json.loads(file.read_bytes())
    except ValueError as error:
        raise _unreadable(file, str(error)) from error
    if not isinstance(values, dict):
        raise _unreadable(file, "it holds no JSON object")
    return values


def is_store(folder: Path) -> bool:
    """Whether the folder is a store, whole or damaged, rather than missing or something else."""
    return (folder / FORMAT_FILE).exists() or all((folder / name).exists() for name in (CATALOG, "lock"))


def check_folder(store: Path) -> None:
    """Refuse a folder that is not a store and not empty, before anything is put into it."""
    if store.is_dir() and not is_store(store):
        _check_empty(store)


def _check_empty(store: Path) -> None:
    strangers = sorted(name for name in os.listdir(store) if name not in _BEFORE_FORMAT and not name.startswith("."))
    # Looked for again, because another process may have made a store of the folder meanwhile.
    if strangers and not (store / FORMAT_FILE).exists():
        raise InvalidInputError(
            f"{store} is not a store of datasets, and it is not empty: it holds {strangers[0]!r}.",
            kind=ErrorKind.INVALID_SETTING,
            next_step="Name a store, or a folder that is empty or does not exist yet.",
            details={"path": str(store), "holds": strangers[:10]},
        )


def _too_new(file: Path, number: int, program: str | None) -> FormatError:
    needs = program or f"a jupyter_datasets that knows format {number}"
    return FormatError(
        f"The store's {file.name} tells format {number} ({file}); {program_version()} knows them up to {FORMAT}.",
        next_step=f"Install {needs}, or newer.",
        details={"needs": needs, "path": str(file.parent)},
    )


def _unreadable(file: Path, why: str) -> DamagedObjectError:
    return _damaged(file, ErrorKind.OBJECT_DAMAGED, f"cannot be read ({file}): {why}")


def _damaged(file: Path, kind: ErrorKind, what: str) -> DamagedObjectError:
    return DamagedObjectError(
        f"The store's {file.name} {what}.",
        kind=kind,
        next_step="Nothing was changed. Put the file back from a copy of the store.",
        details={"object": file.name, "path": str(file)},
    )


def replace_file(path: Path, content: bytes, *, mode: int, durable: bool) -> None:
    """Give the file this content in one step: a reader sees the old or the new one, whole.

    Parameters
    ----------
    path
        The file; its folder exists.
    content
        All of the new content.
    mode
        Permissions, in force before the content is written.
    durable
        Whether it must survive a loss of power.
    """
    partial = path.with_name(f".{path.name}.{new_id()}")
    try:
        with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.write(content)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        os.replace(partial, path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    if durable:
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the folder's entries durable, where the system can."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
