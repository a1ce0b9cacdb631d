"""Where this process makes its commits, and what it has read: told with each of them.

Script and console are told here; who knows more of what runs, such as a notebook, says so by :func:`telling`.
"""

from __future__ import annotations

import hashlib
import json
import platform
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

import pyarrow as pa

from jupyter_datasets.services.versions.provenance import (
    MOST_INPUTS,
    MOST_PACKAGES,
    MOST_TABLES,
    Claim,
    InputVersion,
    plain,
)

ATTRIBUTE = "jupyter_datasets"
"""Under this key DataFrames (``attrs``) and Arrow tables (schema metadata) hold what they were made from."""

Tell = Callable[[], Claim]


class Traced:
    """Base of tables that know what they were made from.

    Attributes
    ----------
    inputs
        Versions of datasets, by id.
    """

    inputs: tuple[InputVersion, ...]


class Reads:
    """What was read, the last last. In a notebook since its cell began; elsewhere since the process did.

    What was read of a dataset is forgotten once a commit to it told so: its later commits have that one before them.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tables: dict[tuple[str, str], dict[str, None]] = {}

    def add(self, inputs: Iterable[InputVersion]) -> None:
        """Note what is read now."""
        with self._lock:
            for read in inputs:
                version = (read.dataset, read.commit)
                known = self._tables.pop(version, {})
                self._tables[version] = known | dict.fromkeys(read.tables)
                if len(self._tables) > MOST_INPUTS:
                    del self._tables[next(iter(self._tables))]

    def all(self) -> Iterator[InputVersion]:
        """What there is."""
        with self._lock:
            found = [(version, tuple(tables)) for version, tables in self._tables.items()]
        for (dataset, commit), tables in found:
            yield InputVersion(dataset=dataset, commit=commit, tables=tables[:MOST_TABLES])

    def forget(self, dataset: str | None = None) -> None:
        """Forget what was read of a dataset, or all."""
        with self._lock:
            gone = [version for version in self._tables if dataset in (None, version[0])]
            for version in gone:
                del self._tables[version]


READS = Reads()
"""Those of this process: what runs in it, a cell or a script, is one for all of its repositories."""


def claim(used: Iterable[InputVersion] = ()) -> Claim:
    """What a commit of now is told to come from: what was read, and what was used although it was read before."""
    reads = Reads()
    reads.add(READS.all())
    reads.add(used)
    more = {"python": platform.python_version(), "packages": _packages(), "inputs": tuple(reads.all())}
    return place().model_copy(update=more)


def place() -> Claim:
    """Where this process is."""
    try:
        return _tell()
    except Exception:  # nothing that tells of a commit may keep it from being made
        return Claim(kind="console")


def telling(tell: Tell) -> Tell:
    """Let this say where the process is from now on; gives what said so until now."""
    global _tell
    before, _tell = _tell, tell
    return before


def inputs_of(rows: Any) -> tuple[InputVersion, ...]:
    """What rows were made from, as far as they know."""
    if isinstance(rows, Traced):
        return rows.inputs
    try:
        versions = _said(rows).get("versions", {}).items()
        return tuple(InputVersion(dataset=name.partition("@")[0], commit=commit) for name, commit in versions)
    except (ValueError, AttributeError, TypeError):  # somebody else's attributes, or spoilt ones
        return ()


def _said(rows: Any) -> Any:
    """What a DataFrame or Arrow table says of itself."""
    if isinstance(rows, pa.Table):
        return json.loads((rows.schema.metadata or {}).get(ATTRIBUTE.encode(), b"{}"))
    known = getattr(rows, "attrs", None)
    return known.get(ATTRIBUTE, {}) if isinstance(known, dict) else {}


def hash_text(text: str) -> str:
    """SHA-256 of code."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


# ------------------------------------------------------------------------------------------------------------- script


def script() -> Claim:
    """The script that runs, or the console where none does."""
    main = sys.modules.get("__main__")
    file, spec = getattr(main, "__file__", None), getattr(main, "__spec__", None)
    return Claim(kind="console") if file is None else _script(str(file), None if spec is None else spec.name)


@cache
def _script(file: str, module: str | None) -> Claim:
    """What is told of a script, which is read once: it may change while it runs."""
    try:
        code = hashlib.sha256(Path(file).read_bytes()).hexdigest()
    except OSError:
        code = None
    name = below(Path(file), [Path.cwd()]) if module is None else f"-m {module.removesuffix('.__main__')}"
    return Claim(kind="script", script=plain(name), code=code)


def below(path: Path, folders: Iterable[Path]) -> str:
    """The path from the first of the folders that holds it, with slashes; as it is where none does."""
    holding = (path.relative_to(folder).as_posix() for folder in folders if path.is_relative_to(folder))
    return next(holding, str(path))


_tell: Tell = script

# ----------------------------------------------------------------------------------------------------------- packages

_looked_at = (0, dict[str, str]())


def _packages() -> dict[str, str]:
    """Versions of the packages that are loaded, looked up again once there are more modules."""
    global _looked_at
    if _looked_at[0] != (count := len(sys.modules)):
        names = {name.partition(".")[0] for name in list(sys.modules) if name[:1] != "_"} - sys.stdlib_module_names
        found = sorted(filter(None, map(_package, names)))
        _looked_at = (count, dict(found[:MOST_PACKAGES]))
    return _looked_at[1]


@cache
def _package(module: str) -> tuple[str, str] | None:
    """Name and version of a package: of the distribution of that name, else what the module says of itself."""
    try:
        found = metadata.distribution(module)
        told: tuple[Any, Any] = found.name, found.version
    except (metadata.PackageNotFoundError, ValueError):
        told = module, getattr(sys.modules.get(module), "__dict__", {}).get("__version__")
    return (plain(told[0]), plain(told[1])) if all(isinstance(text, str) for text in told) else None
