"""The command ``jobs`` with its actions: list, show, cancel, retry."""

from __future__ import annotations

import argparse

from jupyter_datasets.cli.console import Answer, Console
from jupyter_datasets.cli.importing import outcome
from jupyter_datasets.cli.opening import open_store
from jupyter_datasets.cli.parser import CommandParser, how_many
from jupyter_datasets.cli.progress import showing_progress
from jupyter_datasets.cli.spelling import as_flags
from jupyter_datasets.client import display
from jupyter_datasets.errors import DatasetsError
from jupyter_datasets.services.jobs.models import Job, JobStatus
from jupyter_datasets.values import from_datetime, moment_text


def define_jobs(parser: CommandParser) -> None:
    """Arguments of ``jobs``; without an action they are listed."""
    parser.set_defaults(status=None, dataset=None, number=20)
    actions = parser.add_subparsers(title="actions", metavar="ACTION")
    _define_list(actions)
    for name, about, run in (
        ("show", "show all of a job", _show),
        ("cancel", "ask a job to stop", _cancel),
        ("retry", "run an import again that failed, was cancelled or lost", _retry),
    ):
        one = actions.add_parser(name, help=about, description=f"{about[:1].upper()}{about[1:]}.")
        one.add_argument("job", help="its id")
        one.command(run, f"jobs {name} 0199a1b2-7c3d-7e4f-8a5b-6c7d8e9f0a1b")
    parser.command(
        _list,
        "jobs",
        "jobs list --status running",
        "jobs show 0199a1b2-7c3d-7e4f-8a5b-6c7d8e9f0a1b",
        "jobs cancel 0199a1b2-7c3d-7e4f-8a5b-6c7d8e9f0a1b",
        "jobs retry 0199a1b2-7c3d-7e4f-8a5b-6c7d8e9f0a1b",
    )


def _define_list(actions: argparse._SubParsersAction[CommandParser]) -> None:
    listing = actions.add_parser("list", help="list jobs, newest first", description="List jobs, newest first.")
    listing.add_argument("--status", choices=[str(status) for status in JobStatus], help="only such jobs")
    listing.add_argument("--dataset", help="only jobs of this dataset")
    listing.add_argument("-n", "--number", type=how_many, default=20, help="how many (%(default)s)")
    listing.command(_list, "jobs list --status failed", "jobs list --dataset flights -n 5")


def _list(args: argparse.Namespace, _: Console) -> Answer:
    with open_store(args) as repo:
        found = repo.jobs(status=args.status, dataset=args.dataset, limit=max(args.number, 1))
        return Answer(data=[job.model_dump(mode="json") for job in found], text=repr(found))


def _show(args: argparse.Namespace, _: Console) -> Answer:
    with open_store(args) as repo:
        job = repo.job(args.job).info
        return Answer(data=job.model_dump(mode="json"), text=_described(job))


def _cancel(args: argparse.Namespace, _: Console) -> Answer:
    with open_store(args) as repo:
        job = repo.job(args.job)
        job.cancel()
        return Answer(data=job.info.model_dump(mode="json"), text=f"{job.info.title}: {job.info.status}.")


def _retry(args: argparse.Namespace, _: Console) -> Answer:
    with showing_progress(), open_store(args) as repo:
        job = repo.job(args.job).retry()
        try:
            result = outcome(job)
        except DatasetsError as error:
            error.next_step = as_flags(error.next_step)
            raise
        return Answer(data=job.info.model_dump(mode="json"), text=as_flags(repr(result)))


def _described(job: Job) -> str:
    created = moment_text(from_datetime(job.created))
    lines = [f"{job.title}: {job.status}", f"id        {job.id}", f"created   {created}"]
    if job.retry_of:
        lines.append(f"retries   {job.retry_of}")
    if job.started and job.finished:
        lines.append(f"took      {(job.finished - job.started).total_seconds():.1f} s")
    if job.progress.rows:
        lines.append(f"read      {display.count(job.progress.rows, 'row')}, {display.size(job.progress.bytes)}")
    lines += [f"- {as_flags(message)}" for message in job.progress.messages]
    if job.error:
        lines += [f"Error: {job.error.get('message', '')}", as_flags(job.error.get("next_step", ""))]
    return "\n".join(filter(None, lines))


DEFINE = {"jobs": define_jobs}
