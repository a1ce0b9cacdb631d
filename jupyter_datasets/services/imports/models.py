"""What the imports feature takes and gives."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from jupyter_datasets.services.versions.provenance import Claim
from jupyter_datasets.values import MAIN, CommitId

Mode = Literal["replace", "append"]
SchemaMode = Literal["strict", "evolve"]


class ImportRequest(BaseModel):
    """A file that is to become (a version of) a table.

    Attributes
    ----------
    path
        Absolute path of the file.
    table
        Name of the table.
    branch
        Branch that takes the commit.
    mode
        ``"replace"``: the file is the table's next content; ``"append"``: its rows come behind those there are.
    schema_mode
        What becomes of the table's columns. ``"strict"``: the file must have exactly them, in types that fit;
        ``"evolve"``: rows that are appended may also bring new columns and wider types. None: a replacement brings its
        own columns, and rows that are appended bring none.
    key
        Columns that tell rows apart; they hold no nulls and no doubles.
    options
        How to read the file; see :class:`jupyter_datasets.engine.options.ReadOptions`.
    message
        Commit message.
    keep_original
        Keep the file itself, attached under its name.
    renamed_from
        What the table would be called if the file's name were a valid one.
    new_dataset
        Whether the dataset was made for imports, and goes into the bin if they come to nothing.
    claim
        What the client says of where it asked for the import.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str
    table: str
    branch: str = MAIN
    mode: Mode = "replace"
    schema_mode: SchemaMode | None = None
    key: tuple[str, ...] = ()
    options: dict[str, Any] = {}
    message: str = ""
    keep_original: bool = False
    renamed_from: str | None = None
    new_dataset: bool = False
    claim: Claim | None = None


class ImportResult(BaseModel):
    """What an import did.

    Attributes
    ----------
    commit
        The new version; None when the file changed nothing.
    rows
        Rows read from the file.
    warnings
        What was repaired, widened or taken for null, in sentences.
    """

    model_config = ConfigDict(frozen=True)

    commit: CommitId | None
    table: str
    rows: int
    warnings: tuple[str, ...]
