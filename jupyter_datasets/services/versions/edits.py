"""Edits: changes to several tables and files that become one commit on a branch, or none."""

from __future__ import annotations

import random
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
from sqlalchemy import Connection

from jupyter_datasets import faults
from jupyter_datasets.errors import ConflictError, ErrorKind, InvalidInputError, NotFoundError
from jupyter_datasets.services.versions import keys, records, references, touched
from jupyter_datasets.services.versions.drafts import Draft
from jupyter_datasets.services.versions.models import Commit, Edit, PutMode, RefInfo, ScanPlan
from jupyter_datasets.services.versions.moving import log_move
from jupyter_datasets.services.versions.open_store import OpenStore
from jupyter_datasets.services.versions.rows import Rows
from jupyter_datasets.store import packs
from jupyter_datasets.store.canonical import hash_bytes
from jupyter_datasets.store.commits import CommitObject, Content
from jupyter_datasets.store.originals import stage_file
from jupyter_datasets.values import (
    MAIN,
    Actor,
    CommitId,
    DatasetId,
    ObjectHash,
    Role,
    check_file_name,
    check_name,
    check_text,
    new_id,
    now,
    short,
)

Change = Callable[[Draft], tuple[str, ...] | None]
_TRIES = 12


@dataclass(kw_only=True, slots=True)
class _Open:
    """An edit that was begun; ``appends`` as long as every change may be applied to a branch that moved on."""

    edit: Edit
    dataset: str
    staging: Path
    draft: Draft
    held: ExitStack
    changes: list[Change] = field(default_factory=list)
    appends: bool = True
    also: CommitId | None = None
    action: str = "commit"


class EditService:
    """Begin, change, then commit or abort. Changes are staged at once; a reference moves only on commit."""

    def __init__(self, store: OpenStore) -> None:
        self._database = store.database
        self._permissions = store.permissions
        self._datasets = store.datasets
        self._objects = store.objects
        self._backend = store.backend
        self._open: dict[str, _Open] = {}
        self._last: dict[tuple[DatasetId, str], CommitId] = {}
        self._newest: dict[DatasetId, int] = {}
        self._queues: defaultdict[tuple[DatasetId, str], threading.RLock] = defaultdict(threading.RLock)

    def begin(self, actor: Actor, dataset: str, branch: str = MAIN, *, merging: bool = False) -> Edit:
        """Start from the branch as it is now; one that is protected takes merges alone."""
        found = self._datasets.get(actor, dataset)
        self._permissions.require(actor, found.id, Role.WRITE)
        with ExitStack() as stack:
            stack.enter_context(self._database.hold())
            with self._database.read() as connection:
                head = (references.find_branch if merging else references.get_branch)(connection, found.id, branch)
            edit = Edit(id=new_id(), dataset_id=found.id, branch=head.name, base=head.commit)
            staging = self._backend.new_staging()
            stack.callback(self._backend.discard, staging)
            draft = self._draft(head.commit, staging)
            self._open[edit.id] = _Open(
                edit=edit, dataset=found.name, staging=staging, draft=draft, held=stack.pop_all()
            )
        return edit

    def check_open(self, actor: Actor, dataset: str, branch: str) -> None:
        """Refuse a branch that is protected, before work is done for it in vain; whether it exists shows later."""
        found = self._datasets.get(actor, dataset)
        self._permissions.require(actor, found.id, Role.WRITE)
        with self._database.read() as connection:
            head = records.ref(connection, found.id, branch.removeprefix("branch:"))
            if head is not None:
                references.check_open(head)

    def bases(self) -> set[CommitId]:
        """The commits that open edits of this process begin from."""
        return {opened.edit.base for opened in list(self._open.values()) if opened.edit.base}

    def find(self, actor: Actor, edit: str) -> Edit:
        """The edit as it was begun, or as it began anew when its branch moved; NotFoundError when it is over."""
        return self._get(actor, edit).edit

    def put(
        self,
        actor: Actor,
        edit: str,
        table: str,
        mode: PutMode,
        schema: pa.Schema,
        batches: Iterable[pa.RecordBatch],
        key: tuple[str, ...] = (),
    ) -> tuple[str, ...]:
        """Append rows to a table or replace it by them; returns what was repaired, for people.

        Rows of ``"insert"`` come behind the others like those of ``"append"``, but were found by looking at the table:
        they may not land on a branch that moved since.
        """
        opened = self._get(actor, edit)
        name = table if opened.draft.find(table) else check_name(table, "table")
        rows = Rows(schema, batches, opened.staging)
        if mode != "replace":
            return self._apply(opened, lambda draft: draft.append(name, rows), appends=mode == "append")
        return self._apply(opened, lambda draft: draft.replace(name, rows, key))

    def change_rows(
        self,
        actor: Actor,
        edit: str,
        table: str,
        base: ObjectHash,
        schema: pa.Schema,
        batches: Iterable[pa.RecordBatch],
    ) -> tuple[str, ...]:
        """Change rows where they are; ``base`` is the root in whose plan their places were looked up."""
        opened = self._get(actor, edit)
        rows = Rows(schema, batches, opened.staging)
        return self._apply(opened, lambda draft: draft.change(table, base, rows))

    def plan(self, actor: Actor, edit: str, table: str) -> ScanPlan:
        """How to read a table as the edit has it by now."""
        opened = self._get(actor, edit)
        name, root_hash, root = opened.draft.table(table)
        segments = tuple(opened.draft.parts.plan(opened.draft.parts.segments(root.tree)))
        return ScanPlan(
            dataset_id=opened.edit.dataset_id,
            commit=opened.edit.base or CommitId(""),
            table=name,
            root=root_hash,
            fields=root.schema.to_json(),
            key=tuple(f.id for f in keys.key_fields(root)),
            edit=edit,
            segments=segments,
            rows=root.rows,
        )

    def drop(self, actor: Actor, edit: str, table: str) -> None:
        """Remove a table from the next version."""
        self._apply(self._get(actor, edit), lambda draft: draft.drop(table))

    def rename(self, actor: Actor, edit: str, table: str, name: str) -> None:
        """Call a table otherwise from the next version on."""
        name = check_name(name, "table")
        self._apply(self._get(actor, edit), lambda draft: draft.rename(table, name))

    def compact(self, actor: Actor, edit: str, table: str) -> None:
        """Cut a table by rule again, with small changes worked in; its rows stay as they are, and where they are."""
        self._apply(self._get(actor, edit), lambda draft: draft.compact(table))

    def attach(self, actor: Actor, edit: str, name: str, path: Path, media_type: str = "") -> None:
        """Keep a copy of a file in the next version."""
        opened = self._get(actor, edit)
        name = check_file_name(name)
        staged = opened.staging / new_id()
        file = stage_file(path, staged, media_type)
        self._apply(opened, lambda draft: draft.attach(name, file, staged))

    def detach(self, actor: Actor, edit: str, name: str) -> None:
        """Remove a file from the next version."""
        self._apply(self._get(actor, edit), lambda draft: draft.detach(name))

    def commit(
        self, actor: Actor, edit: str, message: str = "", *, also: CommitId | None = None, action: str = "commit"
    ) -> Commit | None:
        """Make the changes a commit and move the branch; None when they change nothing.

        Parameters
        ----------
        also
            A second parent, which is recorded even where nothing changes.
        action
            What the log of moves is to say.

        Raises
        ------
        ConflictError
            The branch moved since the edit began, and the edit does more than append. Nothing was changed.
        NotFoundError
            The dataset was deleted since. Nothing was changed.
        InvalidInputError
            The branch was protected since. Nothing was changed.
        """
        opened = self._get(actor, edit)
        opened.also, opened.action = also, action
        # What a merge did was decided by where the branch was.
        opened.appends = opened.appends and action == "commit"
        try:
            return self._commit(actor, opened, check_text(message, "The message"))
        finally:
            self._close(opened)

    def abort(self, actor: Actor, edit: str) -> None:
        """Forget the edit; nothing of it stays."""
        self._close(self._get(actor, edit))

    @contextmanager
    def draft(self, actor: Actor, dataset: str, branch: str, *, merging: bool = False) -> Iterator[tuple[Draft, str]]:
        """The draft and id of an edit that is aborted on leaving unless it was committed: for jobs and merges."""
        with self._backend.gate.writing():
            edit = self.begin(actor, dataset, branch, merging=merging)
            try:
                yield self._open[edit.id].draft, edit.id
            finally:
                if edit.id in self._open:
                    self._close(self._open[edit.id])

    def change(self, actor: Actor, edit: str, change: Change) -> None:
        """Change a draft as a job does. The change is made again if the branch moves meanwhile, and may refuse then."""
        self._apply(self._get(actor, edit), change, appends=True)

    # ------------------------------------------------------------------------------------------------------ helpers

    def _get(self, actor: Actor, edit: str) -> _Open:
        found = self._open.get(edit)
        if found is None:
            raise NotFoundError(
                "That edit was committed or aborted already.",
                kind=ErrorKind.EDIT_NOT_FOUND,
                next_step="Begin another one.",
                details={"edit": edit},
            )
        self._permissions.require(actor, found.edit.dataset_id, Role.WRITE)
        return found

    def _apply(self, opened: _Open, change: Change, *, appends: bool = False) -> tuple[str, ...]:
        warnings = change(opened.draft) or ()
        opened.changes.append(change)
        opened.appends = opened.appends and appends
        return warnings

    def _close(self, opened: _Open) -> None:
        if self._open.pop(opened.edit.id, None) is not None:
            opened.held.close()

    def _draft(self, base: CommitId | None, staging: Path) -> Draft:
        return Draft.start(self._objects, self._backend, self._content(base), staging)

    def _content(self, commit_id: CommitId | None) -> Content:
        return Content() if commit_id is None else self._objects.commit(commit_id).content

    def _commit(self, actor: Actor, opened: _Open, message: str) -> Commit | None:
        edit = opened.edit
        # What is found in the store and relied upon must not be deleted before the commit names it.
        with self._backend.gate.writing(), self._queues[edit.dataset_id, edit.branch]:
            for attempt in range(_TRIES):
                try:
                    self._check_unmoved(opened.edit)
                    return self._publish(actor, opened, message, sure=attempt > 0)
                except ConflictError as error:
                    lost_race = error.kind is ErrorKind.WRITE_CONFLICT
                    if attempt == _TRIES - 1 or not (lost_race or opened.appends):
                        raise
                    time.sleep(random.uniform(0, 0.02 * attempt))
                    if opened.appends:
                        self._start_over(opened)
        raise AssertionError("the loop returns or raises")

    def _check_unmoved(self, edit: Edit) -> None:
        """Notice a conflict before anything is stored; the last commit of this process is a hint that costs nothing."""
        if self._last.get((edit.dataset_id, edit.branch), edit.base) != edit.base:
            with self._database.read() as connection:
                _expect_head(connection, edit)

    def _start_over(self, opened: _Open) -> None:
        """Apply the changes to the branch as it is now."""
        with self._database.read() as connection:
            head = references.get_branch(connection, opened.edit.dataset_id, opened.edit.branch)
        opened.edit = opened.edit.model_copy(update={"base": head.commit})
        opened.draft = self._draft(head.commit, opened.staging)
        for change in opened.changes:
            change(opened.draft)

    def _publish(self, actor: Actor, opened: _Open, message: str, *, sure: bool) -> Commit | None:
        edit, draft = opened.edit, opened.draft
        if draft.content == draft.base and opened.also is None:
            # What the version lacks by damage is mended by the rows that came again.
            self._backend.publish("objects", draft.new_files())
            return None
        content = Content(tables=dict(sorted(draft.tables.items())), files=dict(sorted(draft.files.items())))
        made = CommitObject(
            content=content,
            parents=tuple(parent for parent in (edit.base, opened.also) if parent is not None),
            author=actor.name,
            time=now(),
            message=message or _default_message(draft),
        )
        return self._write(actor, opened, made, sure=sure)

    def _write(self, actor: Actor, opened: _Open, made: CommitObject, *, sure: bool) -> Commit:
        """Objects first, then the catalog: a reader sees the old version or the new one, whole."""
        edit, text = opened.edit, made.encode()
        commit_id = CommitId(hash_bytes(text))
        texts = {**opened.draft.new_texts(), ObjectHash(commit_id): text}
        pack = packs.build(texts, _note(opened, commit_id, made))
        faults.reach("commit.before-objects")
        self._backend.publish("objects", opened.draft.new_files())
        faults.reach("commit.before-pack")
        self._backend.write("packs", pack.name, pack.data)
        faults.reach("commit.before-catalog")
        try:
            commit = self._record(actor, opened, commit_id, made, pack, sure=sure)
        except (ConflictError, InvalidInputError, NotFoundError):
            # Nobody else wrote an equal pack: its note holds dataset, branch, commit and the microsecond.
            self._backend.remove("packs", pack.name)
            raise
        faults.reach("commit.after-catalog")
        self._objects.remember(texts)
        self._last[edit.dataset_id, edit.branch] = commit_id
        self._newest[edit.dataset_id] = commit.seq
        return commit

    def _record(
        self, actor: Actor, opened: _Open, commit_id: CommitId, made: CommitObject, pack: packs.Pack, *, sure: bool
    ) -> Commit:
        """Move the branch. At first the commit's number and what is new in the pack are taken from memory.

        Where another writer made that wrong, the database's uniqueness says so, and the next try asks: ``sure``.
        """
        edit, merging = opened.edit, opened.action == "merge"
        self._datasets.get(actor, edit.dataset_id)  # refuses one that is in the bin by now
        ref = RefInfo(name=edit.branch, kind="branch", commit=commit_id)
        touches = touched.text_of(self._content(edit.base), made.content)
        with self._database.begin() as uow:
            if not records.move_ref(
                uow.connection, edit.dataset_id, edit.branch, edit.base, commit_id, merging=merging
            ):
                _expect_head(uow.connection, edit)
                if not records.add_ref(uow.connection, edit.dataset_id, ref):
                    raise _moved(edit, None)
            commit = Commit(
                id=commit_id,
                parents=made.parents,
                seq=self._next_seq(uow.connection, edit.dataset_id, sure=sure),
                author=made.author,
                time=made.time,
                message=made.message,
            )
            records.add_commit(uow.connection, edit.dataset_id, commit, touches)
            # What is in memory may have been deleted since; it is rare that a pack holds such an object at all.
            maybe = list(pack.places) if sure else list(self._objects.known(pack.places))
            known = records.locate(uow.connection, maybe) if maybe else {}
            records.add_objects(uow.connection, {h: p for h, p in pack.places.items() if h not in known})
            log_move(uow, actor, edit.dataset_id, ref, opened.action, old=edit.base, new=commit_id)
            uow.commit()
        return commit

    def _next_seq(self, connection: Connection, dataset_id: DatasetId, *, sure: bool) -> int:
        newest = None if sure else self._newest.get(dataset_id)
        return 1 + (records.newest_seq(connection, dataset_id) if newest is None else newest)


def _expect_head(connection: Connection, edit: Edit) -> None:
    """Raise unless the branch is where the edit began; an unborn ``main`` has no row."""
    head = records.ref(connection, edit.dataset_id, edit.branch)
    actual = None if head is None else head.commit
    if actual != edit.base or (head is None and edit.branch != MAIN):
        raise _moved(edit, actual)
    if head is not None:
        references.check_open(head)


def _note(opened: _Open, commit_id: CommitId, made: CommitObject) -> dict[str, object]:
    return {
        "dataset": opened.edit.dataset_id,
        "name": opened.dataset,
        "ref": opened.edit.branch,
        "from": opened.edit.base or "",
        "to": commit_id,
        "time": made.time,
    }


def _moved(edit: Edit, actual: CommitId | None) -> ConflictError:
    place = f"is at {short(actual)}" if actual else "has moved"
    since = f"at {short(edit.base)}" if edit.base else "before its first commit"
    return ConflictError(
        f"Branch {edit.branch!r} {place}; the edit began {since}.",
        next_step="Nothing was changed. Look at the new commits, then make the edit again.",
        details={"ref": edit.branch, "expected": edit.base, "actual": actual},
    )


def _default_message(draft: Draft) -> str:
    old, new = draft.base.tables, draft.tables
    gone = {root: t for t, root in old.items() if t not in new}
    renamed = {gone[root]: t for t, root in new.items() if t not in old and root in gone}
    parts = [
        *(f"rename {t} to {name}" for t, name in renamed.items()),
        *(f"add {t}" for t in new if t not in old and t not in renamed.values()),
        *(f"change {t}" for t in new if t in old and new[t] != old[t]),
        *(f"drop {t}" for t in old if t not in new and t not in renamed),
        *(f"attach {f}" for f in draft.files if draft.files[f] != draft.base.files.get(f)),
        *(f"detach {f}" for f in draft.base.files if f not in draft.files),
    ]
    text = ", ".join(parts)
    return text[:1].upper() + text[1:]
