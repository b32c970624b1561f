"""`cdkit generate`: everything that follows from steps, rules and documents, written or checked."""

from collections.abc import Mapping

import click

from cdkit.cli.generate.actions import actions
from cdkit.cli.generate.gitlab import gitlab
from cdkit.cli.generate.hooks import hooks
from cdkit.cli.generate.jenkins import jenkins
from cdkit.cli.generate.pages import pages
from cdkit.cli.generate.schemas import schemas
from cdkit.cli.generate.wants import wants
from cdkit.cli.session import open_session
from cdkit.cli.table import all_steps
from cdkit.core.errors import CannotTell, RequestError
from cdkit.core.world import Files

OWNED = (
    "actions/*/action.yml",
    "templates/*.yml",
    "jenkins/vars/cdkit[A-Z]*",
    "schemas/**/*.json",
    "docs/steps/*.md",
    "docs/rules/**/*.md",
    "cdkit/migrations/rules/_wants.py",
)
"""What only `cdkit generate` writes: a file here that it does not write is a leftover."""


@click.command("generate", short_help="Write actions, schemas, hooks and docs from the steps.")
@click.option(
    "--check", is_flag=True, help="Write nothing; exit 1 where a file is not as it should."
)
def COMMAND(check: bool) -> int:  # noqa: N802, FBT001 - the constant that the table loads
    """Write what follows from the steps and rules: for those who work on cdkit itself."""
    files = open_session().world.files
    if not files.is_file("cdkit/cli/table.py"):
        raise RequestError("this is no checkout of cdkit", remedy="run it in cdkit's own folder")
    wanted = everything()
    left_over = sorted({path for pattern in OWNED for path in files.glob(pattern)} - set(wanted))
    stale = [path for path, text in wanted.items() if not _same(files, path, text)]
    if check:
        return _complain(stale, left_over)
    for path in stale:
        files.write(path, wanted[path].encode())
        print(f"wrote    {path}")
    for path in left_over:
        files.remove(path)
        print(f"removed  {path}")
    print(f"{len(wanted)} files are as the steps and rules say")
    return 0


def everything() -> Mapping[str, str]:
    """Return every generated file by its path."""
    steps = list(all_steps().values())
    calls = {**actions(steps), **gitlab(steps), **jenkins(steps), **hooks(steps)}
    return {**calls, **schemas(steps), **pages(steps), **wants()}


def _same(files: Files, path: str, text: str) -> bool:
    try:
        return files.read(path) == text.encode()
    except CannotTell:
        return False


def _complain(stale: list[str], left_over: list[str]) -> int:
    for path in stale:
        print(f"{path}: is not what the steps and rules say")
    for path in left_over:
        print(f"{path}: nothing generates this any more")
    if stale or left_over:
        print("what to do: run `cdkit generate` and commit what it changes")
    return 1 if stale or left_over else 0
