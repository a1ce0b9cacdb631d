"""A versioned store as a few plain Python values: what the real one must agree with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from jupyter_datasets.errors import (
    AlreadyExistsError,
    ConflictError,
    InvalidInputError,
    NotFoundError,
)
from tests.acceptance import merge_model
from tests.acceptance.merge_model import Merged, Row, Side, State, Table


@dataclass(eq=False)
class CommitModel:
    """A commit: all tables whole, what came before, and how many commits of the dataset there were then."""

    state: State
    parents: tuple[CommitModel, ...]
    seq: int

    @property
    def parent(self) -> CommitModel | None:
        """The line that it was made on."""
        return self.parents[0] if self.parents else None

    def history(self) -> set[CommitModel]:
        """Itself and all that led to it."""
        found, waiting = set[CommitModel](), [self]
        while waiting:
            commit = waiting.pop()
            if commit not in found:
                found.add(commit)
                waiting += commit.parents
        return found


@dataclass(frozen=True)
class Move:
    """One entry of a reference's log; ``action`` is create, delete, commit, merge or rename.

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
    made: int = 0

    def resolve(self, name: str, back: int = 0) -> CommitModel:
        """The commit that ``name~back`` names."""
        found = self.refs[name][1] if name in self.refs else None
        for _ in range(back):
            found = found and found.parent
        if found is None:
            raise NotFoundError("no such commit")
        return found

    def branch_head(self, name: str, *, merging: bool = False) -> CommitModel | None:
        """Where a branch is, as one who wants to commit must know; a protected one takes merges alone."""
        if name not in self.refs:
            raise NotFoundError("no such branch")
        if self.refs[name][0] != "branch":
            raise InvalidInputError("not a branch")
        if not merging:
            self._check_open(name)
        return self.refs[name][1]

    def state(self, name: str) -> State:
        """A copy of a branch's tables, to be changed and committed."""
        return dict(state_of(self.branch_head(name)))

    def commit(self, branch: str, state: State) -> CommitModel | None:
        """The new commit; None when nothing changed."""
        if state == state_of(self.branch_head(branch)):
            return None
        return self.record(branch, state)

    def record(self, branch: str, state: State, also: CommitModel | None = None) -> CommitModel:
        """A new commit, whether anything changed or not."""
        head = self.refs[branch][1]
        self.made += 1
        made = CommitModel(state, tuple(parent for parent in (head, also) if parent is not None), self.made)
        self._log(branch, Move("commit", "branch", head, made))
        return made

    def forward(self, branch: str, to: CommitModel) -> None:
        """Move a branch along history."""
        self._log(branch, Move("merge", "branch", self.refs[branch][1], to))

    def merge(self, source: CommitModel, into: str, *, squash: bool) -> Bringing | CommitModel | None:
        """What merging comes to, with nothing changed yet: a commit to move the branch to, or None where it stays."""
        ours = self.branch_head(into, merging=True)
        bases = [] if ours is None else nearest_common(ours, source)
        if bases == [source]:
            return None
        if not squash and (ours is None or bases == [ours]):
            return source
        return Bringing(_merged_bases(bases), state_of(ours), source.state, None if squash else source)

    def revert(self, commit: CommitModel, branch: str) -> Bringing:
        """What taking a commit back comes to."""
        ours = state_of(self.branch_head(branch))
        return Bringing(commit.state, ours, state_of(_only_parent(commit)))

    def cherry_pick(self, commit: CommitModel, onto: str) -> Bringing:
        """What repeating a commit comes to."""
        ours = state_of(self.branch_head(onto))
        return Bringing(state_of(_only_parent(commit)), ours, commit.state)

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


@dataclass(frozen=True)
class Bringing:
    """A merge, revert or cherry-pick that was looked at and not made yet; ``also`` is the commit's second parent."""

    base: State
    ours: State
    theirs: State
    also: CommitModel | None = None

    def merged(self, take: Side | None = None) -> Merged:
        """The three-way result; what is in conflict is as ``take`` settles it."""
        return merge_model.merge(self.base, self.ours, self.theirs, take)


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


def state_of(commit: CommitModel | None) -> State:
    """The tables of a version; before the first there are none."""
    return {} if commit is None else commit.state


def nearest_common(ours: CommitModel, theirs: CommitModel) -> list[CommitModel]:
    """The commits that led to both and to no other such commit, the newest first."""
    common = ours.history() & theirs.history()
    older = {past for commit in common for past in commit.history() - {commit}}
    return sorted(common - older, key=lambda commit: -commit.seq)


def _merged_bases(bases: list[CommitModel]) -> State:
    """Several common ancestors merged in turn; in doubt the first counts."""
    if not bases:
        return {}
    first, *others = bases
    state = first.state
    for other in others:
        base = _merged_bases(nearest_common(first, other))
        state = merge_model.merge(base, state, other.state, "ours").state
    return state


def _only_parent(commit: CommitModel) -> CommitModel | None:
    if len(commit.parents) > 1:
        raise InvalidInputError("a merge")
    return commit.parent


def existing(state: State, table: str) -> Table:
    """A table that must be there."""
    if table not in state:
        raise NotFoundError("no such table")
    return state[table]


def put(state: State, table: str, rows: Iterable[Row], *, keyed: bool = False) -> None:
    """Give a table other rows; a new one may get a key, an old one has or lacks it for ever."""
    old = state.get(table)
    if old is not None and keyed and not old.keyed:
        raise InvalidInputError("made without a key")
    made = Table(tuple(rows), keyed=keyed if old is None else old.keyed)
    made.check()
    state[table] = made


def upsert(state: State, table: str, given: Sequence[Row], *, named: bool, whole: bool) -> None:
    """Change the rows whose number is given, and put the others behind; ``whole`` tells whether ``u`` is given."""
    known = existing(state, table)
    if not (known.keyed or named):
        raise InvalidInputError("no key")
    new = {row[0]: row for row in given}
    rows = [(n, new[n][1], new[n][2] if whole else u) if n in new else (n, t, u) for n, t, u in known.rows]
    behind = [(n, t, u if whole else None) for n, t, u in given if n not in known.numbers()]
    put(state, table, [*rows, *behind])


def drop(state: State, table: str) -> None:
    """Remove a table."""
    existing(state, table)
    del state[table]


def rename(state: State, table: str, name: str) -> None:
    """Call a table otherwise."""
    existing(state, table)
    if name in state and name != table:
        raise AlreadyExistsError("taken")
    state[name] = state.pop(table)
