"""Options for reading a file, as a request has them: checked before a job is made of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from encodings.aliases import aliases
from functools import cache
from typing import Any

from jupyter_datasets.engine.options import ReadOptions
from jupyter_datasets.errors import InvalidInputError
from jupyter_datasets.values import nearest

_LONGEST_TYPE = 10_000  # characters: DuckDB's parser, which runs here, takes a kilobyte or two of memory for each


def check(options: Mapping[str, Any]) -> None:
    """Refuse options that no file is read with, and values that they do not take.

    Raises
    ------
    InvalidInputError
        ``details`` name the option, and as ``suggestions`` what may have been meant.
    """
    _check_names(options)
    _check_encoding(options.get("encoding"))
    _check_types(options.get("types", {}))
    ReadOptions.from_json(options)


def _check_names(options: Mapping[str, Any]) -> None:
    known = [field.name for field in fields(ReadOptions)]
    unknown = next((name for name in options if name not in known), None)
    if unknown is not None:
        hints = nearest(unknown, known)
        raise InvalidInputError(
            f"There is no option {unknown!r} for reading a file.",
            next_step=f"Did you mean {hints[0]!r}?" if hints else f"The options are {', '.join(known)}.",
            details={"option": unknown, "suggestions": hints},
        )


def _check_encoding(name: object) -> None:
    if name is None or _is_encoding(name):
        return
    hints = nearest(name, _encodings()) if isinstance(name, str) else []
    raise InvalidInputError(
        f"The option encoding is {name!r}, which is no encoding of text.",
        next_step=f"Did you mean {hints[0]!r}?" if hints else "Give one such as 'utf-8', 'latin-1' or 'cp1252'.",
        details={"option": "encoding", "value": str(name), "suggestions": hints},
    )


def _is_encoding(name: object) -> bool:
    try:
        ReadOptions(encoding=name)  # type: ignore[arg-type]  # it says itself what it does not take
    except ValueError:  # ours is one, too
        return False
    return True


@cache
def _encodings() -> list[str]:
    """Every name by which Python knows an encoding that files are read in."""
    names = {name.replace("_", "-") for pair in aliases.items() for name in pair}
    return sorted(filter(_is_encoding, names))


def _check_types(types: object) -> None:
    if not isinstance(types, Mapping):
        raise _bad_types("must be the DuckDB types of columns by name, such as {'price': 'DOUBLE'}", types)
    if long := next((name for name, kind in types.items() if len(str(kind)) > _LONGEST_TYPE), None):
        raise _bad_types(f"has for column {long!r} a type of more than {_LONGEST_TYPE:,} characters", long)


def _bad_types(fault: str, value: object) -> InvalidInputError:
    return InvalidInputError(f"The option types {fault}.", details={"option": "types", "value": str(value)})
