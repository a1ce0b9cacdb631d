"""Edits: changes to several tables and files that become one commit on a branch, or none."""

from __future__ import annotations

import random
import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pyarrow as pa

from jupyter_datasets.errors import ConflictError, ErrorKind, NotFoundError
from jupyter_datasets.services.versions import keys, origins, records, references
from jupyter_datasets.services.versions.declarations import SchemaChange, TableDeclaration
from jupyter_datasets.services.versions.drafts import Draft
from jupyter_datasets.services.versions.models import Commit, Edit, PutMode, ScanPlan
from jupyter_datasets.services.versions.open_store import OpenStore
from jupyter_datasets.services.versions.provenance import Provenance
from jupyter_datasets.services.versions.publishing import Change, Opened, Publisher, Within, moved
from jupyter_datasets.services.versions.rows import Rows
from jupyter_datasets.store.commits import Content
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
)

_TRIES = 12


class EditService:
    """Begin, change, then commit or abort. Changes are staged at once; a reference moves only on commit."""

    def __init__(self, store: OpenStore) -> None:
        self._store = store
        self._database = store.database
        self._permissions = store.permissions
        self._datasets = store.datasets
        self._objects = store.objects
        self._backend = store.backend
        self._publisher = Publisher(store)
        self._open: dict[str, Opened] = {}
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
            self._open[edit.id] = Opened(
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

    def create(self, actor: Actor, edit: str, table: str, declaration: TableDeclaration) -> None:
        """Make a table without rows, as it is declared."""
        name = check_name(table, "table")
        self._apply(self._get(actor, edit), lambda draft: draft.create(name, declaration))

    def alter(self, actor: Actor, edit: str, table: str, changes: Sequence[SchemaChange]) -> None:
        """Change what a table is declared to be: all of the changes in turn, or none.

        No segment is written anew, and rows must keep what is declared then.
        """
        self._apply(self._get(actor, edit), lambda draft: draft.alter(table, changes))

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
        self,
        actor: Actor,
        edit: str,
        message: str = "",
        *,
        also: CommitId | None = None,
        action: str = "commit",
        within: Within | None = None,
        provenance: Provenance | None = None,
    ) -> Commit | None:
        """Make the changes a commit and move the branch; None when they change nothing.

        Parameters
        ----------
        also
            A second parent, which is recorded even where nothing changes.
        action
            What the log of moves is to say.
        within
            Done in the transaction that moves the branch; what it raises takes all back.
        provenance
            What made the changes; versions in it that the actor cannot have read are left out.

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
        opened.also, opened.action, opened.within = also, action, within
        # What a merge did was decided by where the branch was.
        opened.appends = opened.appends and action == "commit"
        try:
            opened.told = origins.checked(self._store, actor, provenance or Provenance.of_action(action))
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

    def _get(self, actor: Actor, edit: str) -> Opened:
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

    def _apply(self, opened: Opened, change: Change, *, appends: bool = False) -> tuple[str, ...]:
        warnings = change(opened.draft) or ()
        opened.changes.append(change)
        opened.appends = opened.appends and appends
        return warnings

    def _close(self, opened: Opened) -> None:
        if self._open.pop(opened.edit.id, None) is not None:
            opened.held.close()

    def _draft(self, base: CommitId | None, staging: Path) -> Draft:
        return Draft.start(self._objects, self._backend, self._content(base), staging)

    def _content(self, commit_id: CommitId | None) -> Content:
        return Content() if commit_id is None else self._objects.commit(commit_id).content

    def _commit(self, actor: Actor, opened: Opened, message: str) -> Commit | None:
        edit = opened.edit
        # What is found in the store and relied upon must not be deleted before the commit names it.
        with self._backend.gate.writing(), self._queues[edit.dataset_id, edit.branch]:
            for attempt in range(_TRIES):
                try:
                    self._publisher.check_unmoved(opened.edit)
                    return self._publisher.publish(actor, opened, message, sure=attempt > 0)
                except ConflictError as error:
                    lost_race = error.kind is ErrorKind.WRITE_CONFLICT
                    if attempt == _TRIES - 1 or not (lost_race or opened.appends):
                        raise
                    time.sleep(random.uniform(0, 0.02 * attempt))
                    if opened.appends:
                        self._start_over(opened)
        raise AssertionError("the loop returns or raises")

    def _start_over(self, opened: Opened) -> None:
        """Apply the changes to the branch as it is now."""
        with self._database.read() as connection:
            head = references.get_branch(connection, opened.edit.dataset_id, opened.edit.branch)
        fresh = self._draft(head.commit, opened.staging)
        if not opened.draft.means_the_same_in(fresh):
            raise moved(opened.edit, head.commit)
        opened.edit = opened.edit.model_copy(update={"base": head.commit})
        opened.draft = fresh
        for change in opened.changes:
            change(opened.draft)
