"""`actions/run` gives cdkit an environment of its own and leaves the job's alone."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import venv
from pathlib import Path

import pytest

from tests.actions import checkout
from tests.actions.checkout import Checkout

pytestmark = pytest.mark.skipif(os.name != "posix", reason="it lays a PATH of symbolic links")


SCRIPTS = ("actions/run", ".ci/run", ".ci/parts")


@pytest.mark.needs("shellcheck")
@pytest.mark.parametrize("script", SCRIPTS)
def test_shellcheck_has_nothing_to_say(script: str, shellcheck: str) -> None:
    done = subprocess.run(
        [shellcheck, str(checkout.ROOT / script)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")


@pytest.fixture
def laid(tmp_path: Path) -> Checkout:
    return checkout.lay(tmp_path)


def test_the_step_runs_in_an_environment_of_the_tool_cache(laid: Checkout) -> None:
    told = laid.tell()
    assert told["argv"] == ["do-it"]
    assert Path(told["prefix"]).parent == laid.tools


def test_pip_does_where_there_is_no_uv(laid: Checkout) -> None:
    told = laid.tell(PATH=checkout.path(laid.runner / "plain"))
    assert told["tiny"].startswith(told["prefix"])


def test_the_pip_that_python_carries_does_where_none_is_installed(laid: Checkout) -> None:
    venv.create(laid.runner / "pipless", with_pip=False)
    told = laid.tell(PATH=os.pathsep.join([str(laid.runner / "pipless/bin"), "/usr/bin", "/bin"]))
    assert told["tiny"].startswith(told["prefix"])


def test_text_is_utf8_whatever_the_locale(laid: Checkout) -> None:
    assert laid.tell(LC_ALL="POSIX")["utf8"] == 1


def test_the_second_run_installs_nothing(laid: Checkout) -> None:
    first = laid.run()
    second = laid.run(PIP_FIND_LINKS="/nowhere", UV_FIND_LINKS="/nowhere")
    assert "installing into" in first.stderr
    assert (second.returncode, second.stderr) == (0, "")


def test_a_change_of_the_sources_makes_another_environment(laid: Checkout) -> None:
    before = laid.tell()["prefix"]
    (laid.root / "cdkit/new.py").write_text("")
    assert laid.tell()["prefix"] != before


def test_two_at_once_share_one_environment_and_leave_nothing_else(laid: Checkout) -> None:
    both = [laid.start(), laid.start()]
    ended = [(child.communicate(timeout=120), child.returncode) for child in both]
    assert [code for _, code in ended] == [0, 0], ended
    assert [name[:6] for name in laid.environments()] == ["cdkit-"]


def test_an_environment_whose_python_is_gone_is_made_anew(laid: Checkout) -> None:
    prefix = Path(laid.tell()["prefix"])
    (prefix / "bin/python").unlink()
    assert laid.tell()["prefix"] == str(prefix)
    assert laid.environments() == [prefix.name]


def test_the_jobs_pythonpath_slips_nothing_in(laid: Checkout, tmp_path: Path) -> None:
    (tmp_path / "tiny.py").write_text("raise SystemExit('the job took over')")
    assert str(tmp_path / "tiny.py") != laid.tell(PYTHONPATH=str(tmp_path))["tiny"]


def test_the_working_folder_slips_nothing_in(laid: Checkout) -> None:
    (laid.runner / "cdkit").mkdir()
    (laid.runner / "cdkit/__main__.py").write_text("raise SystemExit('the job took over')")
    (laid.runner / "tiny.py").write_text("raise SystemExit('the job took over')")
    assert str(laid.runner) not in laid.tell()["path"]


def test_the_jobs_own_pip_settings_do_not_steer_the_install(laid: Checkout, tmp_path: Path) -> None:
    (tmp_path / "constraint.txt").write_text("tiny==9\n")
    told = laid.tell(
        PATH=checkout.path(laid.runner / "plain"),
        PIP_CONSTRAINT=str(tmp_path / "constraint.txt"),
        PIP_TARGET=str(tmp_path / "target"),
        PIP_USER="1",
        PIP_REQUIRE_VIRTUALENV="1",
    )
    assert told["tiny"].startswith(told["prefix"])


def test_the_jobs_own_uv_settings_do_not_steer_the_install(laid: Checkout, tmp_path: Path) -> None:
    (laid.runner / "uv.toml").write_text("[pip]\nno-binary = ['tiny']\n")
    told = laid.tell(UV_SYSTEM_PYTHON="1", UV_CONSTRAINT=str(tmp_path / "none.txt"))
    assert told["tiny"].startswith(told["prefix"])


def test_a_wheel_that_is_not_the_locked_one_cannot_tell(laid: Checkout) -> None:
    with next(laid.wheels.iterdir()).open("ab") as wheel:
        wheel.write(b"changed")
    done = laid.run()
    assert done.returncode == 4
    assert "cannot tell: the locked dependencies" in done.stderr
    assert (laid.runner / "output").read_text().startswith("verdict=cannot-tell\nreasons=")
    assert laid.environments() == []


def test_pip_refuses_a_wheel_that_is_not_the_locked_one_too(laid: Checkout) -> None:
    with next(laid.wheels.iterdir()).open("ab") as wheel:
        wheel.write(b"changed")
    assert laid.run(PATH=checkout.path(laid.runner / "plain")).returncode == 4


def test_a_failed_install_is_annotated_on_github(laid: Checkout) -> None:
    shutil.rmtree(laid.wheels)
    done = laid.run(GITHUB_ACTIONS="true")
    assert done.stdout.startswith("::error title=cdkit do-it::the locked dependencies")


def test_a_failed_install_does_not_fail_a_step_that_only_reports(laid: Checkout) -> None:
    shutil.rmtree(laid.wheels)
    done = laid.run(CDKIT_DO_IT_MODE="report")
    assert done.returncode == 0
    assert (laid.runner / "output").read_text().startswith("verdict=cannot-tell\n")


def test_without_any_python_it_cannot_tell(laid: Checkout) -> None:
    path = laid.runner / "bare"
    path.mkdir()
    for name in ("bash", "dirname", "tr", "env"):
        (path / name).symlink_to(shutil.which(name) or name)
    done = laid.run(PATH=str(path))
    assert done.returncode == 4
    assert "no Python of 3.11 or newer was found" in done.stderr


def test_an_unwritable_tool_cache_falls_back_to_the_jobs_own_folder(laid: Checkout) -> None:
    (laid.runner / "file").write_text("not a folder")
    told = laid.tell(RUNNER_TOOL_CACHE=str(laid.runner / "file"))
    assert Path(told["prefix"]).parent == laid.runner / "temp"


def test_the_environment_of_later_steps_stays_as_it_was(laid: Checkout) -> None:
    files = {name: laid.runner / name for name in ("GITHUB_ENV", "GITHUB_PATH")}
    for file in files.values():
        file.write_text("")
    laid.tell(**{name: str(file) for name, file in files.items()})
    assert [file.read_text() for file in files.values()] == ["", ""]


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({"CDKIT_SIGNING_KEY": "-----BEGIN"}, "sign"),
        ({"CDKIT_DO_IT_SIGN": "key"}, "sign"),
        ({"CDKIT_SIGN": "keyless"}, "sigstore"),
        ({"CDKIT_SIGN": "awskms:///alias/ci"}, "kms"),
        ({"CDKIT_SIGN": "hashivault://ci"}, "sign"),
        ({"CDKIT_RECORDS": "s3://bucket/facts"}, "aws"),
        ({"CDKIT_EXTRAS": "sign"}, "sign"),
        ({"CDKIT_EXTRAS": "nats"}, "nats"),
    ],
)
def test_what_signs_is_installed_where_it_is_asked_for(
    laid: Checkout, given: dict[str, str], wanted: str
) -> None:
    lock = laid.root / "requirements" / f"{wanted}.txt"
    lock.write_bytes((laid.root / "requirements" / "core.txt").read_bytes())
    laid.tell()
    laid.tell(**given)
    before = set(laid.environments())
    assert len(before) == 2
    lock.write_bytes(lock.read_bytes() + b"\n")
    laid.tell(**given)
    assert len(set(laid.environments()) - before) == 1


def test_nothing_more_is_installed_where_nobody_signs(laid: Checkout) -> None:
    laid.tell()
    laid.tell(CDKIT_SIGN="none", CDKIT_RECORDS="oci://registry.example/orders", CDKIT_EXTRAS="x")
    assert len(laid.environments()) == 1


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({}, ""),
        ({"CDKIT_HAND_ON": "s3://bucket/undelivered"}, "aws"),
        ({"CDKIT_OUTBOX": "x.db\ns3://bucket/undelivered"}, "aws"),
        ({"CDKIT_EMIT_EVENT_SINKS": "file:x\ncodepipeline:integrate"}, "aws"),
        ({"CDKIT_EMIT_EVENT_SINKS": "kafka://broker:9092/cdevents\nmqtts://broker"}, "kafka mqtt"),
        ({"CDKIT_EMIT_EVENT_SINKS": "tls://broker", "CDKIT_EXTRAS": "sign x"}, "sign nats"),
        ({"CDKIT_EMIT_EVENT_SINKS": "https://a.example", "CDKIT_HAND_ON": "oci://a/b"}, ""),
    ],
)
def test_what_a_sink_or_a_place_needs_comes_along(given: dict[str, str], wanted: str) -> None:
    text = (checkout.ROOT / "actions" / "run").read_text(encoding="utf-8")
    functions = re.findall(r"^(?:own|extras)\(\) \{.*?^\}$", text, re.MULTILINE | re.DOTALL)
    script = "\n".join(["set -euo pipefail", "step=emit-event", *functions, "extras"])
    environ = {"PATH": os.environ["PATH"], **given}
    done = subprocess.run(
        ["bash", "-c", script], env=environ, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == wanted.split()
