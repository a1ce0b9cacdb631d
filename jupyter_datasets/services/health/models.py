"""What the health feature gives."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from jupyter_datasets.errors import DatasetsError

Status = Literal["ok", "warn", "fail"]


class Check(BaseModel):
    """One thing that was looked at.

    Attributes
    ----------
    name
        What was looked at, in a word.
    status
        ``"warn"`` works but should be seen to; ``"fail"`` does not work.
    message
        What was found.
    next_step
        What to do about it; empty when all is well.
    details
        Values that a program may want: objects, paths, versions.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    status: Status
    message: str
    next_step: str = ""
    details: dict[str, Any] = {}

    @classmethod
    def failed(cls, name: str, error: DatasetsError) -> Check:
        """The check that found an error."""
        return cls(name=name, status="fail", message=error.message, next_step=error.next_step, details=error.details)


class Report(BaseModel):
    """All that was looked at, in order."""

    model_config = ConfigDict(frozen=True)

    checks: tuple[Check, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing failed."""
        return all(check.status != "fail" for check in self.checks)

    def __repr__(self) -> str:
        return "\n".join(
            f"{c.status:<4}  {c.name}: {c.message}" + (f"\n      {c.next_step}" if c.next_step else "")
            for c in self.checks
        )

    __str__ = __repr__
