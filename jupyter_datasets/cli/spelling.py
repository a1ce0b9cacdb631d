"""What Python's users are told to write, as it is written on the command line."""

from __future__ import annotations

import re
import shlex
from ast import literal_eval

# The reading options of Python that a message may name with a value; each has a flag of the same name.
READING = ("format", "delimiter", "quote", "header", "encoding", "decimal")
_ARGUMENT = re.compile(rf"\b({'|'.join(READING)})=(?:'([^']*)'|(True|False))")
_STRING = r"""(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
_TYPES = re.compile(rf"\btypes=(\{{{_STRING}: {_STRING}(?:, {_STRING}: {_STRING})*\}})")


def as_flags(text: str) -> str:
    """``give encoding='latin-1'`` as ``give --encoding latin-1``; any other text as it is."""
    return _ARGUMENT.sub(_flag, _TYPES.sub(_type_flags, text))


def _flag(argument: re.Match[str]) -> str:
    name, value, switch = argument.groups()
    if switch:
        return f"--{name}" if switch == "True" else f"--no-{name}"
    return f"--{name} {shlex.quote(value)}"


def _type_flags(argument: re.Match[str]) -> str:
    types: dict[str, str] = literal_eval(argument[1])
    return " ".join(f"--type {shlex.quote(f'{column}={kind}')}" for column, kind in types.items())
