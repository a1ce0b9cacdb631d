"""What the merges feature takes and gives."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from jupyter_datasets.services.versions.models import Commit

Take = Literal["ours", "theirs", "max", "min", "sum", "newest"]
ConflictKind = Literal["cell", "row", "table", "file"]


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
        What it is about: a cell; a row that one side removed and the other changed; a whole table or file.
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


class MergeOutcome(_Value):
    """What a merge came to.

    Attributes
    ----------
    commit
        Where the branch is now; None when there are conflicts, or nothing to bring in.
    conflicts
        The first 1,000 that nothing settles; nothing was changed when there are any.
    count
        How many there are in all.
    warnings
        For people.
    """

    commit: Commit | None
    conflicts: tuple[Conflict, ...] = ()
    count: int = 0
    warnings: tuple[str, ...] = ()
