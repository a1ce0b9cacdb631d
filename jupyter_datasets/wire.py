"""Values as JSON, and back. Knows no feature."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jupyter_datasets.errors import DatasetsError, ErrorKind, JobFailedError, error_classes


def error_to_json(error: DatasetsError) -> dict[str, Any]:
    """The error as ``{"class", "kind", "message", "next_step", "details"}``."""
    return {
        "class": type(error).__name__,
        "kind": error.kind.value,
        "message": error.message,
        "next_step": error.next_step,
        "details": error.details,
    }


def error_from_json(value: Mapping[str, Any]) -> DatasetsError:
    """The error that :func:`error_to_json` wrote; a class or kind of a newer program becomes the nearest known one."""
    cls = error_classes().get(value.get("class", ""), JobFailedError)
    return cls(
        value.get("message") or "The reason was not recorded.",
        kind=_known_kind(value.get("kind")),
        next_step=value.get("next_step") or "",
        details=value.get("details"),
    )


def _known_kind(code: str | None) -> ErrorKind | None:
    try:
        return ErrorKind(code) if code else None
    except ValueError:
        return None
