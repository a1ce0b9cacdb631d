"""What went wrong in a task, as one of our errors."""

from __future__ import annotations

import errno
import signal

from jupyter_datasets.errors import DatasetsError, ErrorKind, InternalError, JobFailedError, StorageError

_TEXT = 300  # characters of a foreign message that are passed on
_OUT_OF_MEMORY = frozenset({"MemoryError", "OutOfMemoryException", "ArrowMemoryError"})
_MORE_MEMORY = "Give jobs more memory: setting memory_mib, or JUPYTER_DATASETS_MEMORY_MIB in the environment."
_REPORT = "Run the job again; if it happens twice, please report it with the error's details."


def from_exception(error: BaseException) -> DatasetsError:
    """One of ours stays as it is; of a foreign exception its type and the start of its text are kept."""
    if isinstance(error, DatasetsError):
        return error
    if type(error).__name__ in _OUT_OF_MEMORY:
        return _out_of_memory(f"The job ran out of memory: {_brief(error)}")
    if isinstance(error, OSError):
        return _from_os_error(error)
    return InternalError(
        f"The job failed: {_brief(error)}",
        next_step="This is a mistake of the program: please report it with this text.",
        details={"exception": type(error).__name__},
    )


def _from_os_error(error: OSError) -> StorageError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return StorageError(
            f"There was no room to write: {_brief(error)}",
            kind=ErrorKind.STORAGE_FULL,
            next_step="Free some space, then run the job again.",
        )
    return StorageError(f"The system refused a file: {_brief(error)}", next_step="Mend it, then run the job again.")


def from_exit(code: int, stderr: str) -> JobFailedError:
    """The error for a child that ended without an answer.

    Parameters
    ----------
    code
        Its return code; minus the number of the signal that killed it.
    stderr
        The end of what it wrote there.
    """
    details: dict[str, object] = {"exit_code": code, "stderr": stderr[-2000:]}
    if code >= 0:
        return JobFailedError(
            f"The job's process ended with code {code} before it was done.", next_step=_REPORT, details=details
        )
    name = _signal_name(-code)
    details["signal"] = name
    if name == "SIGKILL":
        return JobFailedError(
            "The job's process was killed (SIGKILL), most likely because the machine had no memory left.",
            next_step="Free some memory or lower the setting memory_mib, then run the job again.",
            details=details,
        )
    return JobFailedError(f"The job's process crashed ({name}).", next_step=_REPORT, details=details)


def memory_exceeded(used: int, ceiling: int) -> JobFailedError:
    """The error for a child that was ended because it used too much memory, both in bytes."""
    return _out_of_memory(f"The job used {used >> 20} MiB of memory, where {ceiling >> 20} MiB are the most.")


def _out_of_memory(message: str) -> JobFailedError:
    return JobFailedError(message, kind=ErrorKind.MEMORY_EXCEEDED, next_step=_MORE_MEMORY)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _brief(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text[:_TEXT]}".rstrip(": ")
