"""`cdkit passport`: the page, where it goes, and the code that it exits with."""

from __future__ import annotations

from pathlib import Path

import pytest

from cdkit.cli.main import main
from tests.steps.histories import digest_of, image_of, write

AT = ("--at", "2026-11-23T12:00:00Z")


@pytest.fixture
def image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    return write(tmp_path, 2, records=".cdkit/records")


def code(*argv: str) -> object:
    with pytest.raises(SystemExit) as ended:
        main(["passport", *argv])
    return ended.value.code


def test_the_page_goes_into_a_file_and_its_name_is_told(
    image: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert code(image) == 0
    assert capsys.readouterr().out == "passport.html\n"
    assert (tmp_path / "passport.html").read_text(encoding="utf-8").startswith("<!doctype html>")


def test_the_page_goes_where_one_wants_it(image: str, tmp_path: Path) -> None:
    assert code(image, "--output", "out/release.html") == 0
    assert (tmp_path / "out/release.html").is_file()


def test_a_dash_is_standard_output(image: str, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    assert code(image, "--output", "-") == 0
    assert capsysbinary.readouterr().out.startswith(b"<!doctype html>\n<html")


def test_the_same_facts_and_time_give_the_same_page(image: str, tmp_path: Path) -> None:
    assert code(image, *AT, "--output", "1.html") == 0
    assert code(image, *AT, "--output", "2.html") == 0
    assert (tmp_path / "1.html").read_bytes() == (tmp_path / "2.html").read_bytes()


def test_a_digest_alone_is_enough(image: str, tmp_path: Path) -> None:
    assert code(digest_of(2), *AT, "--output", "1.html") == 0
    assert code(image, *AT, "--output", "2.html") == 0
    assert (tmp_path / "1.html").read_bytes() == (tmp_path / "2.html").read_bytes()


def test_a_record_that_cannot_be_read_is_cannot_tell_and_the_page_is_there(
    image: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = f".cdkit/records/subjects/sha256/{digest_of(2)[7:]}/{'0' * 64}.json"
    (tmp_path / name).write_text("{}")
    assert code(image) == 4
    said = capsys.readouterr().err
    assert f"cdkit: {name}: a record does not hold what its name promises" in said
    assert "remove the file and run the step that left it again" in said
    assert name in (tmp_path / "passport.html").read_text(encoding="utf-8")


@pytest.mark.usefixtures("image")
def test_an_image_that_no_record_speaks_of_exits_3_and_leaves_no_page(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert code(image_of(9)) == 3
    assert "no record speaks of" in capsys.readouterr().err
    assert not (tmp_path / "passport.html").exists()


@pytest.mark.usefixtures("image")
@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["orders:1.4"], "write orders@sha256:"),
        (["sha256:12"], "write a digest as sha256:"),
        ([image_of(2), "--at", "yesterday"], "write it as 2026-11-23T09:00:00Z"),
        ([image_of(2), "--at", "2026-11-23"], "no time zone"),
        ([image_of(2), "--at", "9999-12-31T23:59:59Z"], "write a year after 1969"),
        ([image_of(2), "--at", "0001-01-01T00:00:00Z"], "write a year after 1969"),
        ([], "Missing argument 'IMAGE'"),
    ],
)
def test_a_wrong_request_exits_2_and_says_what_to_write(
    argv: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert code(*argv) == 2
    assert said in capsys.readouterr().err


def test_a_page_that_cannot_be_written_is_cannot_tell(image: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert code(image, "--output", "file/passport.html") == 4
