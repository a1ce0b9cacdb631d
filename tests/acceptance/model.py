"""A versioned store as a few plain Python values: what the real one must agree with."""

from __future__ import annotations

from dataclasses import dataclass, field

from jupyter_datasets.errors import (
    AlreadyExistsError,
    ConflictError,
    InvalidInputError,
    NotFoundError,
)

Row = tuple[int | None, str | None]
State = dict[str, list[Row]]


@dataclass(eq=False)
class CommitModel:
    """A commit: all tables whole, and what came before."""

    state: State
    parent: CommitModel | None


@dataclass(frozen=True)
class Move:
    """One entry of a reference's log; ``action`` is create, delete or commit."""

    action: str
    kind: str
    old: CommitModel | None
    new: CommitModel | None


@dataclass(eq=False)
class DatasetModel:
    """References and their logs; each method does what it says or raises the error that is due."""

    refs: dict[str, tuple[str, CommitModel | None]] = field(default_factory=lambda: {"main": ("branch", None)})
    done: dict[str, list[Move]] = field(default_factory=dict)
    undone: dict[str, list[Move]] = field(default_factory=dict)
    current: str = "main"

    def resolve(self, name: str, back: int = 0) -> CommitModel:
        """The commit that ``name~back`` names."""
        found = self.refs[name][1] if name in self.refs else None
        for _ in range(back):
            found = found and found.parent
        if found is None:
            raise NotFoundError("no such commit")
        return found

    def branch_head(self, name: str) -> CommitModel | None:
        """Where a branch is, as one who wants to commit must know."""
        if name not in self.refs:
            raise NotFoundError("no such branch")
        if self.refs[name][0] != "branch":
            raise InvalidInputError("not a branch")
        return self.refs[name][1]

    def state(self, name: str) -> State:
        """A copy of a branch's tables, to be changed and committed."""
        head = self.branch_head(name)
        return {} if head is None else {table: list(rows) for table, rows in head.state.items()}

    def commit(self, branch: str, state: State) -> CommitModel | None:
        """The new commit; None when nothing changed."""
        head = self.branch_head(branch)
        if state == ({} if head is None else head.state):
            return None
        made = CommitModel(state, head)
        self._log(branch, Move("commit", "branch", head, made))
        return made

    def create_ref(self, name: str, kind: str, at: str, back: int) -> None:
        """A branch or tag at ``at~back``."""
        if name in self.refs:
            raise AlreadyExistsError("taken")
        self._log(name, Move("create", kind, None, self.resolve(at, back)))

    def delete_ref(self, name: str) -> None:
        """Delete a branch or tag."""
        if name == "main":
            raise InvalidInputError("main stays")
        if name not in self.refs:
            raise NotFoundError("no such reference")
        kind, commit = self.refs[name]
        self._log(name, Move("delete", kind, commit, None))

    def undo(self, name: str) -> None:
        """Take the last move back."""
        self._check_known(name)
        if not self.done.get(name):
            raise ConflictError("nothing to undo")
        move = self.done[name].pop()
        self.undone.setdefault(name, []).append(move)
        self._place(name, move.kind, move.old, gone=move.action == "create")

    def redo(self, name: str) -> None:
        """Play the last undone move again."""
        self._check_known(name)
        if not self.undone.get(name):
            raise ConflictError("nothing to redo")
        move = self.undone[name].pop()
        self.done.setdefault(name, []).append(move)
        self._play(name, move)

    def _check_known(self, name: str) -> None:
        if name not in self.refs and not self.done.get(name) and not self.undone.get(name):
            raise NotFoundError("no such reference")

    def _log(self, name: str, move: Move) -> None:
        self.done.setdefault(name, []).append(move)
        self.undone[name] = []
        self._play(name, move)

    def _play(self, name: str, move: Move) -> None:
        self._place(name, move.kind, move.new, gone=move.action == "delete")

    def _place(self, name: str, kind: str, commit: CommitModel | None, *, gone: bool) -> None:
        if gone:
            del self.refs[name]
        else:
            self.refs[name] = (kind, commit)


@dataclass
class StoreModel:
    """Living datasets by name, and the bin, the last deleted at the end."""

    living: dict[str, DatasetModel] = field(default_factory=dict)
    bin: list[tuple[str, DatasetModel]] = field(default_factory=list)

    def create(self, name: str) -> None:
        """A new dataset."""
        if name in self.living:
            raise AlreadyExistsError("taken")
        self.living[name] = DatasetModel()

    def delete(self, name: str) -> None:
        """Into the bin."""
        if name not in self.living:
            raise NotFoundError("no such dataset")
        self.bin.append((name, self.living.pop(name)))

    def restore(self, name: str) -> None:
        """Out of the bin: the last deleted of that name."""
        found = next((i for i in reversed(range(len(self.bin))) if self.bin[i][0] == name), None)
        if found is None:
            raise NotFoundError("not in the bin")
        if name in self.living:
            raise AlreadyExistsError("taken")
        self.living[name] = self.bin.pop(found)[1]


def drop(state: State, table: str) -> None:
    """Remove a table."""
    if table not in state:
        raise NotFoundError("no such table")
    del state[table]


def rename(state: State, table: str, name: str) -> None:
    """Call a table otherwise."""
    if table not in state:
        raise NotFoundError("no such table")
    if name in state and name != table:
        raise AlreadyExistsError("taken")
    state[name] = state.pop(table)
