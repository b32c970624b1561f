"""The demonstration: the example service, a good commit and a bad one, each through `cdkit run`.

It works in .demo/, in a git repository of its own: release 1.3 runs in production, the good commit
is release 1.4, the bad one comes after it. The service's own tests run for real each time.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = ROOT / "examples" / "orders"
WORK = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else ROOT / ".demo"
SERVICE = WORK / "orders"
IMAGE = "registry.example.com/acme/orders"
REPORTS = (
    "--junitxml=reports/junit.xml",
    "--cov=orders",
    "--cov-report=xml:reports/coverage.xml",
)
NEW_IN_1_4 = "-- release: 1.4"


def main() -> int:
    """Show what runs now, a good commit and a bad one; exit 1 where cdkit did not answer so."""
    shutil.rmtree(WORK, ignore_errors=True)
    title("What runs now: release 1.3, in production")
    lay_out_release_1_3()
    build()
    commit("Release 1.3", branch="main")
    image = cdkit("tag-image", "--format", "json", quiet=True)
    reference = json.loads(image.stdout)["outputs"]["image"]
    cdkit("emit-event", "--image", reference, "--records", ".cdkit/records")

    title("A good commit: release 1.4, with two migrations")
    copy_tree(EXAMPLE, SERVICE)
    build()
    commit("Release 1.4: notes and events", branch="good")
    good = walk()
    good_image = cdkit("tag-image", "--format", "json", quiet=True)
    reference = json.loads(good_image.stdout)["outputs"]["image"]
    cdkit("passport", reference, "--output", ".cdkit/passport.html")

    title("A bad commit: a tidy-up that cannot live beside release 1.3")
    copy_tree(EXAMPLE / "demo" / "bad", SERVICE)
    build()
    commit("Tidy up the orders table", branch="bad")
    bad = walk()

    title("The end")
    print(f"good commit: exit {good} (0 = deployed)   bad commit: exit {bad} (1 = gate closed)")
    print(f"all of it stands in {os.path.relpath(SERVICE)}: records and events in .cdkit/, and")
    print(".cdkit/passport.html shows all that is known of the good image: open it in a browser;")
    print("`git log` shows the three commits; change something there and run `cdkit run` again")
    return 0 if (good, bad) == (0, 1) else 1


def lay_out_release_1_3() -> None:
    """Copy the example as it was before release 1.4: without its migrations, of version 1.3."""
    copy_tree(EXAMPLE, SERVICE)
    for migration in (SERVICE / "migrations").iterdir():
        if migration.read_text(encoding="utf-8").startswith(NEW_IN_1_4):
            migration.unlink()
    module = SERVICE / "orders" / "__init__.py"
    text = module.read_text(encoding="utf-8")
    module.write_text(text.replace("1.4.0", "1.3.0"), encoding="utf-8")
    shutil.rmtree(SERVICE / "image")


def walk() -> int:
    """Test and run: what a pipeline does with a commit. Return the exit code of the run."""
    shutil.rmtree(SERVICE / "reports", ignore_errors=True)
    run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *REPORTS],
        show=f"python -m pytest {' '.join(REPORTS)}",
    )
    sidecar = json.loads((SERVICE / "scan" / "trivy.sidecar.json").read_text(encoding="utf-8"))
    return cdkit("run", "--at", sidecar["recorded_at"]).returncode


def build() -> None:
    """Build the image; no engine is needed, and the bytes are the same each time."""
    run(
        [sys.executable, "build_image.py", "--out", "image"],
        show="python build_image.py --out image",
    )


def cdkit(*arguments: str, quiet: bool = False) -> subprocess.CompletedProcess[str]:
    """Run cdkit in the example's folder."""
    return run(
        [sys.executable, "-m", "cdkit", *arguments],
        show=f"cdkit {' '.join(arguments)}",
        quiet=quiet,
    )


def commit(message: str, *, branch: str) -> None:
    """Commit everything on a new branch."""
    if not (SERVICE / ".git").is_dir():
        git("init", "-q", "-b", branch)
    else:
        git("checkout", "-q", "-b", branch)
    git("add", "-A")
    git("commit", "-q", "-m", message)
    print(f"$ git commit -m {message!r}   (branch {branch})")


def git(*arguments: str) -> None:
    """Run git under a made-up name, whatever the machine's configuration says."""
    who = ["-c", "user.name=Demo", "-c", "user.email=demo@example.com"]
    quiet = ["-c", "commit.gpgsign=false", "-c", "core.autocrlf=false", "-c", "core.hooksPath="]
    subprocess.run(["git", *who, *quiet, *arguments], cwd=SERVICE, check=True)


def run(command: list[str], *, show: str, quiet: bool = False) -> subprocess.CompletedProcess[str]:
    """Run a command in the example's folder, showing what a person would have typed."""
    print(f"$ {show}", flush=True)
    environ = {key: value for key, value in os.environ.items() if not key.startswith("CDKIT_")}
    environ |= {"PYTHONPATH": str(ROOT), "CDKIT_CI": "terminal"}
    return subprocess.run(
        command,
        cwd=SERVICE,
        env=environ,
        check=quiet,
        text=True,
        stdout=subprocess.PIPE if quiet else None,
    )


def copy_tree(source: Path, target: Path) -> None:
    """Copy a folder's files over another, without what belongs to the demonstration itself."""
    left_out = shutil.ignore_patterns("demo", "reports", ".cdkit", "__pycache__", ".pytest_cache")
    shutil.copytree(source, target, dirs_exist_ok=True, ignore=left_out)


def title(text: str) -> None:
    """Print a heading."""
    print(f"\n{'=' * 78}\n{text}\n{'=' * 78}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
