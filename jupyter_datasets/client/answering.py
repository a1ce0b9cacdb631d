"""How a merge in progress is gone on with in words: what the command line and the magics have in common."""

from __future__ import annotations

from dataclasses import dataclass

from jupyter_datasets.client.merging import MergeConflicts, MergesInProgress
from jupyter_datasets.errors import ErrorKind, InvalidInputError, NotFoundError
from jupyter_datasets.services.merges.models import Take
from jupyter_datasets.services.versions.models import Commit


@dataclass(frozen=True, kw_only=True, slots=True)
class Steps:
    """What to do with a merge, in this order; without any of it the merge is looked at.

    Attributes
    ----------
    id, branch
        Which one, where there are several.
    refresh
        Go on from where the branch is now.
    unresolve
        Take back the last answer.
    take, table, column, key
        An answer, and where it holds.
    commit, abort
        End it.
    """

    id: str | None = None
    branch: str | None = None
    refresh: bool = False
    unresolve: bool = False
    take: Take | None = None
    table: str | None = None
    column: str | None = None
    key: tuple[str, ...] | None = None
    commit: bool = False
    abort: bool = False

    def follow(self, merges: MergesInProgress) -> MergeConflicts | Commit | None:
        """What comes of it: the merge, its commit, or None where nothing is left of it.

        Raises
        ------
        NotFoundError
            There is no such merge.
        InvalidInputError
            There are several, or these steps exclude each other.
        """
        self._check()
        merge = self._choose(merges)
        if self.abort:
            merge.abort()
            return None
        if self.refresh:
            merge.refresh()
        if self.unresolve:
            merge.unresolve()
        if self.take is not None:
            merge.resolve(self.take, table=self.table, column=self.column, key=self.key)
        return merge.commit() if self.commit else merge

    def _check(self) -> None:
        if self.abort and (self.commit or self.refresh or self.unresolve or self.take):
            raise InvalidInputError("A merge that is aborted takes no answers, and makes no commit.")
        if self.take is None and (self.table or self.column or self.key):
            raise InvalidInputError("A table, column or key says where an answer holds, and there is no answer.")

    def _choose(self, merges: MergesInProgress) -> MergeConflicts:
        fitting = [each for each in merges if self.id in (None, each.id) and self.branch in (None, each.merge.branch)]
        if not fitting:
            raise NotFoundError(
                "There is no such merge in progress." if merges else "No merge is in progress.",
                kind=ErrorKind.MERGE_NOT_FOUND,
                next_step="Name the branch to merge." if not merges else "--list shows those that there are.",
            )
        if len(fitting) > 1:
            raise InvalidInputError(
                f"{len(fitting)} merges are in progress:\n{MergesInProgress(fitting)!r}",
                kind=ErrorKind.AMBIGUOUS_NAME,
                next_step="Say which one by --id.",
                details={"merges": [each.id for each in fitting]},
            )
        return fitting[0]
