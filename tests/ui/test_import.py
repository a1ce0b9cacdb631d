"""From a file to a dataset: what is asked, what is refused, and other ways than the menu."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import expect

import jupyter_datasets as jd
from tests.ui.lab import Lab
from tests.ui.server import Server

DROP = re.compile(r"\bjd-mod-drop\b")


def test_a_file_that_cannot_be_read_says_why(lab: Lab, server: Server, repo: jd.Repository) -> None:
    (server.files / "broken.parquet").write_bytes(b"no parquet")
    lab.add_to_datasets("broken.parquet")
    lab.dialog.get_by_role("button", name="Add").click()
    job = lab.jobs.get_by_role("listitem").filter(has_text="broken.parquet")
    expect(job).to_contain_text("Failed")
    said = repo.jobs()[0].error
    assert said is not None
    expect(job).to_contain_text(said["message"])
    told = lab.page.get_by_role("alert").filter(has_text=said["message"])
    expect(told.get_by_role("button", name="Show jobs")).to_be_visible()
    lab.show_datasets()
    expect(lab.sidebar.get_by_text("No datasets yet")).to_be_visible()
    assert not repo.datasets()
    assert repo.bin()[0].name == "broken"


def test_options_say_how_a_text_file_is_read(lab: Lab, server: Server, repo: jd.Repository) -> None:
    (server.files / "prices.csv").write_bytes("Käse|1,5\nBrot|2,25\n".encode("latin-1"))
    lab.add_to_datasets("prices.csv")
    lab.dialog.get_by_text("Options").click()
    lab.dialog.get_by_label("Encoding").fill("latin-1")
    lab.dialog.get_by_label("Delimiter").select_option("Bar |")
    lab.dialog.get_by_label("Decimal mark").select_option("Comma")
    lab.dialog.get_by_label("Header").select_option("no")
    lab.dialog.get_by_role("button", name="Add").click()
    expect(lab.jobs.get_by_role("listitem").filter(has_text="prices.csv")).to_contain_text("Done")
    rows = repo["prices"]["main"]["prices"].to_arrow().to_pylist()
    assert [tuple(row.values()) for row in rows] == [("Käse", 1.5), ("Brot", 2.25)]


def test_an_unknown_encoding_is_told_before_anything_is_started(lab: Lab, server: Server, repo: jd.Repository) -> None:
    (server.files / "plain.csv").write_text("a\n1\n")
    before = len(repo.jobs())
    lab.add_to_datasets("plain.csv")
    lab.dialog.get_by_text("Options").click()
    lab.dialog.get_by_label("Encoding").fill("klingon")
    lab.dialog.get_by_role("button", name="Add").click()
    expect(lab.dialog.get_by_role("alert")).to_contain_text("klingon")
    expect(lab.dialog.get_by_label("Encoding")).to_be_visible()
    assert lab.serious() == []
    assert len(repo.jobs()) == before
    assert not repo.datasets()
    lab.dialog.get_by_label("Encoding").fill("latin-1")
    lab.dialog.get_by_role("button", name="Add").click()
    expect(lab.jobs.get_by_role("listitem").filter(has_text="plain.csv")).to_contain_text("Done")


def test_a_file_is_dragged_from_the_file_browser_onto_the_sidebar(lab: Lab, server: Server, tmp_path: Path) -> None:
    """Over its tab the sidebar opens; a place to drop is seen; what is no data file is refused."""
    (server.files / "dragged.csv").write_text("a\n1\n")
    (server.files / "notes.md").write_text("# Notes")
    for file in ("notes.md", "dragged.csv"):
        lab.show_files()
        lab.take(lab.file(file))
        lab.carry(lab.side_tab("Datasets"))
        expect(lab.sidebar).to_be_visible()
        lab.carry(lab.sidebar)
        expect(lab.sidebar).to_have_class(DROP)
        lab.shot(tmp_path, "drop")
        lab.page.mouse.up()
        expect(lab.sidebar).not_to_have_class(DROP)
    expect(lab.page.get_by_role("alert")).to_contain_text("not notes.md")
    expect(lab.dialog).to_contain_text("Add dragged.csv to datasets")
    lab.dialog.get_by_role("button", name="Add").click()
    expect(lab.jobs.get_by_role("listitem").filter(has_text="dragged.csv")).to_contain_text("Done")


def test_a_file_of_the_persons_machine_is_dropped_onto_the_sidebar(lab: Lab, server: Server, tmp_path: Path) -> None:
    """It is put into the file browser's folder, and then asked about."""
    (tmp_path / "outside.csv").write_text("a\n1\n")
    lab.show_datasets()
    expect(lab.sidebar.get_by_text("No datasets yet")).to_be_visible()
    lab.drag_in(tmp_path / "outside.csv", lab.sidebar)
    expect(lab.sidebar).to_have_class(DROP)
    lab.drop_in(tmp_path / "outside.csv", lab.sidebar)
    expect(lab.dialog).to_contain_text("Add outside.csv to datasets")
    expect(lab.sidebar).not_to_have_class(DROP)
    assert (server.files / "outside.csv").read_text() == "a\n1\n"


def test_jobs_are_among_all_that_runs_in_lab(lab: Lab, long_file: str, repo: jd.Repository, tmp_path: Path) -> None:
    """They are opened and cancelled from there."""
    lab.add_to_datasets(long_file)
    lab.dialog.get_by_role("button", name="Add").click()
    job = lab.jobs.get_by_role("listitem").filter(has_text=long_file).first
    expect(job).to_have_attribute("data-status", "running")
    lab.page.evaluate("() => jupyterapp.shell.collapseRight()")
    lab.side_tab("Running").click()
    running = lab.page.locator(".jp-RunningSessions-item", has_text=long_file)
    running.locator(".jp-RunningSessions-itemLabel").click()
    expect(lab.jobs).to_be_visible()
    running.hover()
    lab.shot(tmp_path, "running")
    running.get_by_title("Cancel").click()
    expect(job).to_contain_text("Cancelled")
    expect(running).to_have_count(0)
    assert not repo.datasets()
