"""Which notebook and cell make a commit, for :mod:`jupyter_datasets.client.provenance`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from IPython.core.interactiveshell import ExecutionInfo, InteractiveShell

from jupyter_datasets.client import provenance
from jupyter_datasets.client.discovery import server_roots
from jupyter_datasets.client.provenance import below, hash_text
from jupyter_datasets.services.versions.provenance import Claim, plain

_cells: Cells | None = None


def install(shell: InteractiveShell) -> None:
    """Tell of the cells of this shell from now on; once is enough."""
    global _cells
    if _cells is None or _cells.shell is not shell:
        _cells = Cells(shell)
        shell.events.register("pre_run_cell", _cells.begin)
        provenance.telling(_cells.tell)


class Cells:
    """The cells that a shell runs, one after the other."""

    def __init__(self, shell: InteractiveShell) -> None:
        self.shell = shell
        self._running: ExecutionInfo | None = None  # none yet when the first one loads us
        self._notebook: tuple[str | None, str] = (None, "")

    def begin(self, info: ExecutionInfo) -> None:
        """A cell begins: what earlier ones read is not its doing."""
        self._running = info
        provenance.READS.forget()

    def tell(self) -> Claim:
        """The cell that runs now."""
        kernel = getattr(self.shell, "kernel", None)
        request = kernel.get_parent("shell") if kernel is not None and self._running is None else {}
        cell = getattr(self._running, "cell_id", None) or request.get("metadata", {}).get("cellId")
        return Claim(
            kind="console" if kernel is None else "notebook",
            notebook=None if kernel is None else self._path(),
            cell=plain(cell) if isinstance(cell, str) else None,
            execution=max(len(self._entered) - 1, 0),  # the shell's own count is that of the next cell in some versions
            code=hash_text(self._text(request)),
            kernel=None if kernel is None else plain(f"{kernel.implementation} {kernel.implementation_version}"),
        )

    def _text(self, request: Mapping[str, Any]) -> str:
        """The code of the cell as it was entered."""
        if self._running is not None:
            return str(self._running.raw_cell)
        return str(request.get("content", {}).get("code", self._entered[-1]))

    @property
    def _entered(self) -> list[str]:
        """The cells of this session by their numbers, the running one among them; none has the number 0."""
        history = self.shell.history_manager
        return list(history.input_hist_raw) if history else [""]

    def _path(self) -> str | None:
        """The notebook's path as the server tells its kernels, below the server's root if that is known."""
        session = os.environ.get("JPY_SESSION_NAME")
        if session and self._notebook[0] != session:
            path = Path(session)
            self._notebook = session, plain(below(path, [*server_roots(path), Path.cwd()]))
        return self._notebook[1] if session else None
