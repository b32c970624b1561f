"""The hooks run on staged files under both clients, as a user's `git commit` runs it."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GOOD = "CREATE TABLE orders (id bigint PRIMARY KEY);\n"
BAD = "-- release: 1.1\nALTER TABLE orders DROP COLUMN customer_name;\n"


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This checkout as the clients would clone it: what git tracks, as it is on disk now."""
    folder = tmp_path_factory.mktemp("checkout")
    tracked = git(ROOT, "ls-files", "-z").split("\0")
    for name in filter(None, tracked):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes((ROOT / name).read_bytes())
            (folder / name).chmod((ROOT / name).stat().st_mode)
    git(folder, "init", "--quiet", "--initial-branch=main")
    commit_all(folder)
    return folder


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository whose main branch has one migration."""
    folder = tmp_path / "repository"
    (folder / "migrations").mkdir(parents=True)
    git(folder, "init", "--quiet", "--initial-branch=main")
    first = "CREATE TABLE orders (id bigint PRIMARY KEY, customer_name text);\n"
    (folder / "migrations/0001_create_orders.sql").write_text(first)
    commit_all(folder)
    return folder


@pytest.fixture(scope="module")
def clients(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment in which both clients keep what they build out of the user's cache."""
    folder = tmp_path_factory.mktemp("clients")
    return {**os.environ, "PRE_COMMIT_HOME": str(folder / "pc"), "PREK_HOME": str(folder / "prek")}


def git(folder: Path, *arguments: str) -> str:
    settings = ("user.name=Mona", "user.email=m@example.com", "commit.gpgsign=false")
    flags = [flag for setting in settings for flag in ("-c", setting)]
    command = ["git", *flags, "-C", str(folder), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def commit_all(folder: Path) -> None:
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--no-verify", "--message", "Begin")


def stage(repository: Path, name: str, sql: str) -> None:
    (repository / name).write_text(sql)
    git(repository, "add", name)


def try_hook(
    client: str,
    checkout: Path,
    repository: Path,
    env: dict[str, str],
    hook: str = "lint-migrations",
) -> subprocess.CompletedProcess[str]:
    """Run the hook on what is staged, from this checkout."""
    command: Sequence[str] = [client, "try-repo", str(checkout), hook, "--verbose"]
    return subprocess.run(
        command, cwd=repository, env=env, capture_output=True, text=True, check=False, timeout=300
    )


@pytest.mark.needs("pre-commit", "index")
def test_pre_commit_accepts_our_manifest(precommit: str) -> None:
    command = [precommit, "validate-manifest", str(ROOT / ".pre-commit-hooks.yaml")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.needs("pre-commit", "index")
def test_pre_commit_lets_a_good_migration_pass(
    precommit: str, checkout: Path, repository: Path, clients: dict[str, str]
) -> None:
    stage(repository, "migrations/0002_create_customers.sql", GOOD.replace("orders", "customers"))
    done = try_hook(precommit, checkout, repository, clients)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.needs("pre-commit", "index")
def test_pre_commit_stops_a_bad_migration_at_its_line(
    precommit: str, checkout: Path, repository: Path, clients: dict[str, str]
) -> None:
    stage(repository, "migrations/0002_drop_name.sql", BAD)
    stops_at_its_line(try_hook(precommit, checkout, repository, clients))


@pytest.mark.needs("pre-commit", "index")
def test_pre_commit_skips_the_hook_when_no_migration_is_staged(
    precommit: str, checkout: Path, repository: Path, clients: dict[str, str]
) -> None:
    stage(repository, "README.md", "# Orders\n")
    done = try_hook(precommit, checkout, repository, clients)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.needs("pre-commit", "index")
def test_pre_commit_stops_an_edit_of_what_others_have(
    precommit: str, checkout: Path, repository: Path, clients: dict[str, str]
) -> None:
    clone = repository.parent / "clone"
    git(repository, "clone", "--quiet", str(repository), str(clone))
    name = "migrations/0001_create_orders.sql"
    stage(clone, name, (clone / name).read_text().replace("customer_name", "name"))
    done = try_hook(precommit, checkout, clone, clients)
    assert done.returncode == 1, done.stdout + done.stderr
    assert f"{name}:1:1: medium: this migration is released already" in done.stdout


@pytest.mark.needs("pre-commit", "index")
def test_pre_commit_stops_a_commit_that_takes_a_migration_away(
    precommit: str, checkout: Path, repository: Path, clients: dict[str, str]
) -> None:
    git(repository, "rm", "--quiet", "migrations/0001_create_orders.sql")
    done = try_hook(precommit, checkout, repository, clients)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "migrations/0001_create_orders.sql" in done.stdout
    assert "takes it away" in done.stdout


@pytest.mark.needs("prek", "index")
def test_prek_lets_a_good_migration_pass(
    prek: str, checkout: Path, repository: Path, clients: dict[str, str]
) -> None:
    stage(repository, "migrations/0002_create_customers.sql", GOOD.replace("orders", "customers"))
    done = try_hook(prek, checkout, repository, clients)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.needs("prek", "index")
def test_prek_stops_a_bad_migration_at_its_line(
    prek: str, checkout: Path, repository: Path, clients: dict[str, str]
) -> None:
    stage(repository, "migrations/0002_drop_name.sql", BAD)
    stops_at_its_line(try_hook(prek, checkout, repository, clients))


def stops_at_its_line(done: subprocess.CompletedProcess[str]) -> None:
    """The hook failed with our code for "no", and named a rule at the statement's file and line."""
    said = done.stdout + done.stderr
    assert done.returncode == 1, said
    assert "exit code: 1" in said
    assert re.search(r"migrations/0002_drop_name\.sql:2\b", said), said
    assert "drop" in said.lower(), said


POD = "apiVersion: v1\nkind: Pod\nspec: {containers: [{name: web, image: 'nginx:1.27%s'}]}\n"


@pytest.mark.needs("pre-commit", "index")
@pytest.mark.parametrize(("pin", "code"), [(f"@sha256:{'a' * 64}", 0), ("", 1)])
def test_pre_commit_lets_pinned_images_pass_and_stops_the_others(
    precommit: str, checkout: Path, repository: Path, clients: dict[str, str], pin: str, code: int
) -> None:
    stage(repository, "pod.yaml", POD % pin)
    stage(repository, "unrelated.yaml", "image: a picture\n")
    done = try_hook(precommit, checkout, repository, clients, "pin-images")
    said = done.stdout + done.stderr

    assert done.returncode == code, said
    assert ("pod.yaml:3:" in said) is bool(code), said
    assert ("[mutable-image]" in said) is bool(code), said
