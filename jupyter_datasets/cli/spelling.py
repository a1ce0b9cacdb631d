"""What Python's users are told to write, as it is written on the command line."""

from __future__ import annotations

import re
import shlex

# The reading options of Python that a message may name with a value; each has a flag of the same name.
READING = ("format", "delimiter", "quote", "header", "encoding", "decimal")
_ARGUMENT = re.compile(rf"\b({'|'.join(READING)})=(?:'([^']*)'|(True|False))")


def as_flags(text: str) -> str:
    """``give encoding='latin-1'`` as ``give --encoding latin-1``; any other text as it is."""
    return _ARGUMENT.sub(_flag, text)


def _flag(argument: re.Match[str]) -> str:
    name, value, switch = argument.groups()
    if switch:
        return f"--{name}" if switch == "True" else f"--no-{name}"
    return f"--{name} {shlex.quote(value)}"
