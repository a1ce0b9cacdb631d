"""The halves of the package."""

from __future__ import annotations

import json
import re
import tomllib

from tests.ui.server import ROOT


def test_both_halves_have_the_same_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    package = json.loads((ROOT / "labextension" / "package.json").read_text())
    tokens = (ROOT / "labextension" / "src" / "tokens.ts").read_text()
    assert package["version"] == version
    assert re.findall(r"VERSION = '(.*)'", tokens) == [version]
