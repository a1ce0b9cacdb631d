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
    """One entry of a reference's log; ``action`` is create, delete, commit or rename.

    A rename has an entry under each name, which knows the ``other`` and shares the ``pair``.
    """

    action: str
    kind: str
    old: CommitModel | None
    new: CommitModel | None
    other: str = ""
    pair: object = None

    @property
    def makes(self) -> bool:
        """Whether the name comes into being."""
        return self.action == "create" or (self.action == "rename" and self.new is not None)

    @property
    def removes(self) -> bool:
        """Whether the name goes."""
        return self.action == "delete" or (self.action == "rename" and self.new is None)


@dataclass(eq=False)
class DatasetModel:
    """References and their logs; each method does what it says or raises the error that is due."""

    refs: dict[str, tuple[str, CommitModel | None]] = field(default_factory=lambda: {"main": ("branch", None)})
    done: dict[str, list[Move]] = field(default_factory=dict)
    undone: dict[str, list[Move]] = field(default_factory=dict)
    protected: set[str] = field(default_factory=set)
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
        self._check_open(name)
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
        commit = self.resolve(at, back)
        if name in self.refs:
            raise AlreadyExistsError("taken")
        self._log(name, Move("create", kind, None, commit))

    def delete_ref(self, name: str) -> None:
        """Delete a branch or tag."""
        if name == "main":
            raise InvalidInputError("main stays")
        if name not in self.refs:
            raise NotFoundError("no such reference")
        self._check_open(name)
        kind, commit = self.refs[name]
        self._log(name, Move("delete", kind, commit, None))

    def rename_ref(self, name: str, to: str) -> None:
        """Call a branch or tag otherwise."""
        if name == "main":
            raise InvalidInputError("main stays")
        if name not in self.refs:
            raise NotFoundError("no such reference")
        if to not in ("main", name):
            self._check_open(name)
        if to in self.refs:
            raise AlreadyExistsError("taken")
        (kind, commit), pair = self.refs[name], object()
        self._log(name, Move("rename", kind, commit, None, to, pair))
        self._log(to, Move("rename", kind, None, commit, name, pair))
        self._follow(name, to)

    def protect(self, name: str, protected: bool) -> None:
        """Close a branch to direct changes, or open it."""
        if name not in self.refs or self.refs[name] == ("branch", None):
            raise NotFoundError("no such branch, or it is unborn")
        if self.refs[name][0] != "branch":
            raise InvalidInputError("not a branch")
        (self.protected.add if protected else self.protected.discard)(name)

    def undo(self, name: str) -> None:
        """Take the last move back."""
        for each, move in self._shift(name, self.done, self.undone).items():
            self._place(each, move.kind, move.old, gone=move.makes)
            if move.other and move.removes:
                self._follow(move.other, each)

    def redo(self, name: str) -> None:
        """Play the last undone move again."""
        for each, move in self._shift(name, self.undone, self.done).items():
            self._play(each, move)
            if move.other and move.makes:
                self._follow(move.other, each)

    def _shift(self, name: str, source: dict[str, list[Move]], target: dict[str, list[Move]]) -> dict[str, Move]:
        """Move the last entry from one list to the other, for a rename under both names."""
        self._check_known(name)
        if not source.get(name):
            raise ConflictError("nothing to undo or redo")
        moves = {name: source[name][-1]}
        if other := moves[name].other:
            if not source.get(other) or source[other][-1].pair is not moves[name].pair:
                raise ConflictError("the other name was used since")
            moves[other] = source[other][-1]
        for each in moves:
            self._check_open(each)
        for each in moves:
            target.setdefault(each, []).append(source[each].pop())
        return moves

    def _check_open(self, name: str) -> None:
        if name in self.protected:
            raise InvalidInputError("protected")

    def _follow(self, old: str, new: str) -> None:
        if self.current == old:
            self.current = new

    def _check_known(self, name: str) -> None:
        if name not in self.refs and not self.done.get(name) and not self.undone.get(name):
            raise NotFoundError("no such reference")

    def _log(self, name: str, move: Move) -> None:
        self.done.setdefault(name, []).append(move)
        self.undone[name] = []
        self._play(name, move)

    def _play(self, name: str, move: Move) -> None:
        self._place(name, move.kind, move.new, gone=move.removes)

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
