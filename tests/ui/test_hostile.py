"""Names and cells with HTML and script in them are text."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect

import jupyter_datasets as jd
from tests.ui.lab import Lab
from tests.ui.server import Server

BAD = "<img src=x onerror='window.ran = 1'>"
SCRIPT = "<script>window.ran = 1</script>"


def test_names_and_cells_are_shown_as_text_and_run_nothing(
    lab: Lab, server: Server, repo: jd.Repository, tmp_path: Path
) -> None:
    (tmp_path / BAD).write_text("")
    dataset = repo.create("hostile", description=SCRIPT, labels=[BAD])
    with dataset.edit(message=SCRIPT) as edit:
        edit["hostile"].append({BAD: [SCRIPT, "\u202eabc"]})
        edit.attach(tmp_path / BAD)
    (server.files / f"{BAD}.csv").write_text(f"{BAD}\n{SCRIPT}\n")
    dataset.import_file(server.files / f"{BAD}.csv", table="imported").result()

    lab.show_datasets()
    expect(lab.dataset("hostile")).to_contain_text(BAD)
    lab.dataset("hostile").click()
    lab.sidebar.get_by_role("treeitem", level=2).first.click()
    expect(lab.sidebar.get_by_role("treeitem", level=3)).to_contain_text(BAD)
    lab.open("hostile")
    expect(lab.tab).to_contain_text(SCRIPT)
    expect(lab.view("Data").get_by_role("grid")).to_contain_text(BAD)
    expect(lab.view("Data").get_by_role("grid")).to_contain_text(SCRIPT)
    for view, text in (("History", SCRIPT), ("Files", BAD), ("Jobs", BAD)):
        lab.tab.get_by_role("tab", name=view).click()
        expect(lab.view(view)).to_contain_text(text)
    assert lab.page.evaluate("() => window.ran") is None
    assert lab.page.locator("img[src=x]").count() == 0
