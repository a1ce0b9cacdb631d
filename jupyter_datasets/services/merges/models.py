"""What the merges feature takes and gives."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict

from jupyter_datasets.errors import ErrorKind, InvalidInputError
from jupyter_datasets.services.versions.models import Commit
from jupyter_datasets.values import CommitId, DatasetId, Micros, short

Take = Literal["ours", "theirs", "max", "min", "sum", "newest"]
ConflictKind = Literal["cell", "row", "column", "table", "file"]
Action = Literal["merge", "revert", "cherry-pick"]


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True)


class Resolution(_Value):
    """How conflicts are settled; of several that fit one, the last counts.

    Attributes
    ----------
    take
        One side's value; for cells also the greater or lesser one, both changes added up, or that of the later commit.
    table, column
        Where; anywhere when None. A conflict over a whole row, table or file has no column.
    key
        Of the row, as texts in the key's order; any row when None.
    """

    take: Take
    table: str | None = None
    column: str | None = None
    key: tuple[str, ...] | None = None


class Conflict(_Value):
    """One thing that both sides changed, each in its own way.

    Attributes
    ----------
    kind
        What it is about: a cell; a row that one side removed and the other changed; what a column is; a whole table
        or file.
    name
        Of the table or file.
    key
        Of the row, by the names of the key's columns, as text.
    base, ours, theirs
        Values as text; None for null, or where there is no such row.
    """

    kind: ConflictKind
    name: str
    key: dict[str, str | None] = {}
    column: str | None = None
    base: str | None = None
    ours: str | None = None
    theirs: str | None = None


class Problem(_Value):
    """What keeps a merge from being made although nothing is in conflict, such as rows that break a rule.

    Attributes
    ----------
    kind, message, next_step, details
        As of the error that is raised where the merge is to be made: ``details`` hold the table, for a rule also
        ``rule``, ``count`` and the first hundred ``rows``.
    """

    kind: ErrorKind
    message: str
    next_step: str = ""
    details: dict[str, Any] = {}

    def error(self) -> InvalidInputError:
        """The error that says so."""
        return InvalidInputError(self.message, kind=self.kind, next_step=self.next_step, details=self.details)


class MergeRequest(_Value):
    """What is to be brought into a branch.

    Attributes
    ----------
    source
        A version.
    into
        A branch.
    message
        Of the commit; says what was merged when empty.
    squash
        Make it one commit of the branch alone, without the other side's history.
    resolutions
        How conflicts are settled.
    """

    source: str
    into: str
    message: str = ""
    squash: bool = False
    resolutions: tuple[Resolution, ...] = ()


class Merge(_Value):
    """A merge, revert or cherry-pick that waits for answers.

    Attributes
    ----------
    id
        UUIDv7 text.
    action, branch
        What is to be done, and where.
    source, commit
        How the version was named that is brought in, taken back or repeated, and its commit.
    ours
        Where the branch was when its conflicts were looked at; None before its first commit.
    message
        Of the commit to come.
    squash
        Whether it is to leave the other side's history out.
    resolutions
        The answers so far, of which the last that fits counts.
    created_by, created, updated
        Who began it, when, and when it was changed last, in microseconds UTC.
    """

    id: str
    dataset_id: DatasetId
    action: Action
    branch: str
    source: str
    commit: CommitId
    ours: CommitId | None
    message: str
    squash: bool = False
    resolutions: tuple[Resolution, ...] = ()
    created_by: str
    created: Micros
    updated: Micros

    def evolve(self, **changes: object) -> Self:
        """The same merge, changed."""
        return self.model_copy(update=changes)

    def __str__(self) -> str:
        into = {"merge": "into", "revert": "on", "cherry-pick": "onto"}[self.action]
        source = short(self.source) if self.source == self.commit else self.source
        return f"{self.action} of {source} {into} {self.branch}"


class MergeOutcome(_Value):
    """What a merge came to.

    Attributes
    ----------
    commit
        Where the branch is now; None when there are conflicts, or nothing to bring in.
    merge
        The merge that waits for answers; None when it is over.
    conflicts
        The first 1,000 that nothing settles; nothing was changed when there are any.
    count
        How many there are in all.
    problems
        What keeps it from being committed besides, one a table; tables are looked at while no conflict is known.
    warnings
        For people.
    """

    commit: Commit | None
    merge: Merge | None = None
    conflicts: tuple[Conflict, ...] = ()
    count: int = 0
    problems: tuple[Problem, ...] = ()
    warnings: tuple[str, ...] = ()


class MergeState(_Value):
    """Where a merge stands, looked at against the branch as it is now.

    Attributes
    ----------
    head
        Where the branch is; the merge is committed only where that is ``merge.ours``.
    conflicts
        A thousand of those that no answer settles.
    count
        How many there are in all.
    problems
        What keeps it from being committed besides, one a table; tables are looked at while no conflict is known.
    warnings
        For people.
    """

    merge: Merge
    head: CommitId | None
    conflicts: tuple[Conflict, ...] = ()
    count: int = 0
    problems: tuple[Problem, ...] = ()
    warnings: tuple[str, ...] = ()
