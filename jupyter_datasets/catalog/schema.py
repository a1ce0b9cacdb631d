"""Which revision of the schema a catalog has, and how it gets to the one that this program needs."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, Connection, MetaData, String, Table, inspect, select, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.schema import SetTableComment

from jupyter_datasets.catalog.layout import program_version
from jupyter_datasets.errors import ErrorKind, FormatError, InternalError

if TYPE_CHECKING:
    from alembic.config import Config

# Alembic takes 0.1 s to import and read its scripts, so the usual open, which migrates nothing, compares to this.
HEAD = "0005"
_SCRIPTS = Path(__file__).parent / "migrations"
_VERSION_TABLE = "alembic_version"
# Alembic keeps the running migration in globals.
_one_run = threading.Lock()
# Any number that nobody else uses on the same server.
_MIGRATION_LOCK = 0x6A645F63


@dataclass(frozen=True, kw_only=True, slots=True)
class Schema:
    """A line of migrations.

    Attributes
    ----------
    head
        The revision that the program works with.
    scripts
        Alembic's folder: ``env.py`` and ``versions/``.
    more_versions
        Further folders of migrations.
    """

    head: str = HEAD
    scripts: Path = _SCRIPTS
    more_versions: tuple[Path, ...] = ()

    def config(self, connection: Connection | None = None) -> Config:
        """What Alembic's commands need to know, without any alembic.ini; ``env.py`` runs on the connection."""
        from alembic.config import Config

        config = Config(attributes={"connection": connection})
        options = {
            "script_location": str(self.scripts),
            "path_separator": "newline",
            "version_locations": "\n".join(str(folder) for folder in (self.scripts / "versions", *self.more_versions)),
        }
        for name, value in options.items():
            config.set_main_option(name, value.replace("%", "%%"))
        return config

    def knows(self, revision: str) -> bool:
        """Whether the revision is one of this line, rather than one of a newer program."""
        from alembic.script import ScriptDirectory

        return any(
            script.revision == revision for script in ScriptDirectory.from_config(self.config()).walk_revisions()
        )

    def is_current(self, connection: Connection) -> bool:
        """Whether the catalog has this schema. Asks without looking for the table first, which takes DuckDB 10 ms."""
        table = _version_table()
        try:
            found = connection.execute(select(table.c.version_num)).scalar_one_or_none()
        except ProgrammingError:
            return False
        return found == self.head

    def check_known(self, revision: str, program: str | None, place: str) -> None:
        """Refuse a catalog that a newer program has migrated.

        Parameters
        ----------
        revision
            The catalog's revision.
        program
            The program that brought it there, if it says so.
        place
            The catalog's name for messages.

        Raises
        ------
        FormatError
            With ``kind`` CATALOG_TOO_NEW; ``details["needs"]`` is the program that can read it.
        """
        if revision == self.head or self.knows(revision):
            return
        needs = program or f"a jupyter_datasets that knows schema {revision}"
        raise FormatError(
            f"{place[:1].upper()}{place[1:]} has schema {revision}; {program_version()} knows it up to {self.head}.",
            kind=ErrorKind.CATALOG_TOO_NEW,
            next_step=f"Install {needs}, or newer.",
            details={"needs": needs, "revision": revision},
        )

    def upgrade(self, connection: Connection, place: str) -> None:
        """Bring the catalog to ``head`` in one transaction, which also writes down by whom; it may be there already.

        Raises
        ------
        FormatError
            The catalog is newer than this program. Nothing was changed.
        """
        with connection.begin():
            if connection.dialect.name == "postgresql":
                connection.execute(select(text(f"pg_advisory_xact_lock({_MIGRATION_LOCK})")))
            revision = revision_of(connection)
            if revision == self.head:
                return
            if revision is not None:
                self.check_known(revision, migrated_by(connection), place)
            self._run(connection)
            connection.execute(SetTableComment(_version_table(comment=program_version())))

    def _run(self, connection: Connection) -> None:
        from alembic import command

        with _one_run:
            command.upgrade(self.config(connection), self.head)
        if revision_of(connection) != self.head:
            raise InternalError(f"The migrations ended before revision {self.head}.")


def revision_of(connection: Connection) -> str | None:
    """The catalog's revision; None for a database that holds no catalog yet."""
    if not inspect(connection).has_table(_VERSION_TABLE):
        return None
    table = _version_table()
    found: str | None = connection.execute(select(table.c.version_num)).scalar_one_or_none()
    return found


def migrated_by(connection: Connection) -> str | None:
    """The program and version that last migrated the catalog."""
    comment: str | None = inspect(connection).get_table_comment(_VERSION_TABLE)["text"]
    return comment


def _version_table(**options: Any) -> Table:
    return Table(_VERSION_TABLE, MetaData(), Column("version_num", String), **options)
