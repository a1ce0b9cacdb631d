"""What stands against a merge besides conflicts: rows that break a rule, values that a type cannot hold."""

from __future__ import annotations

from jupyter_datasets.errors import ErrorKind, InvalidInputError
from jupyter_datasets.services.merges.models import Merge, Problem

_RULES = frozenset(
    {
        ErrorKind.KEY_VIOLATION,
        ErrorKind.UNIQUE_VIOLATION,
        ErrorKind.NOT_NULL_VIOLATION,
        ErrorKind.CHECK_VIOLATION,
    }
)


def told(merge: Merge, error: InvalidInputError, *, kept: bool) -> Problem:
    """An error of one table as the merge's, with what can be done about it.

    Parameters
    ----------
    kept
        Whether the merge is in progress, so that its answers may be others.
    """
    if error.kind not in _RULES:
        return Problem(kind=error.kind, message=error.message, next_step=error.next_step, details=error.details)
    return Problem(
        kind=error.kind,
        message=f"The {merge} breaks a rule. {error.message}",
        next_step=_next_step(merge, kept),
        details={**error.details, **({"merge": merge.id} if kept else {})},
    )


def _next_step(merge: Merge, kept: bool) -> str:
    if kept:
        return (
            f"Settle its conflicts otherwise; or mend the rows on branch {merge.branch!r}, or drop that rule there, "
            "and refresh; or abort, and mend the other side."
        )
    return f"Nothing was changed. Mend the rows on either side, or drop that rule there, then {merge.action} again."
