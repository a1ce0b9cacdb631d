"""What a version holds, by the name that somebody gives."""

from __future__ import annotations

from collections.abc import Sequence

from jupyter_datasets.errors import ErrorKind, NotFoundError
from jupyter_datasets.services.versions.models import FileInfo, TableInfo, Version
from jupyter_datasets.values import name_key, nearest, short


def find_file(version: Version, name: str) -> FileInfo:
    """The attached file of that name."""
    found = next((f for f in version.files if f.name == name), None)
    if found is None:
        names = [f.name for f in version.files]
        hints = nearest(name, names)
        raise NotFoundError(
            f"Version {short(version.commit.id)} has no file {name!r}.",
            kind=ErrorKind.FILE_NOT_FOUND,
            next_step=f"Did you mean {hints[0]!r}?" if hints else f"Files: {', '.join(names) or 'none'}.",
            details={"file": name, "suggestions": hints},
        )
    return found


def find_table(tables: Sequence[TableInfo], name: str) -> TableInfo:
    """The table of that name, without regard to case."""
    found = next((t for t in tables if name_key(t.name) == name_key(name)), None)
    if found is None:
        names = sorted({t.name for t in tables})
        hints = nearest(name, names)
        raise NotFoundError(
            f"There is no table {name!r} in that version.",
            kind=ErrorKind.TABLE_NOT_FOUND,
            next_step=f"Did you mean {hints[0]!r}?" if hints else f"Tables: {', '.join(names) or 'none'}.",
            details={"table": name, "suggestions": hints},
        )
    return found
