from __future__ import annotations

import os
from pathlib import Path

import pytest

from cdkit.core.doors.files import DiskFiles
from cdkit.core.errors import Missing, Unreadable, Unwritable


@pytest.fixture
def files(tmp_path: Path) -> DiskFiles:
    return DiskFiles(tmp_path)


def test_a_file_is_put_in_place_whole_with_its_folders(files: DiskFiles, tmp_path: Path) -> None:
    files.write("a/b/c.json", b"{}")
    assert files.read("a/b/c.json") == b"{}"
    assert [path.name for path in (tmp_path / "a/b").iterdir()] == ["c.json"]


def test_a_failed_write_leaves_the_old_file_and_nothing_beside_it(
    files: DiskFiles, tmp_path: Path
) -> None:
    files.write("a.txt", b"old")
    (tmp_path / "a.txt.d").mkdir()
    with pytest.raises(Unwritable):
        files.write("a.txt/b", b"new")
    assert files.read("a.txt") == b"old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.txt", "a.txt.d"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full, which Linux has")
def test_a_full_disk_is_told_as_such(files: DiskFiles) -> None:
    with pytest.raises(Unwritable, match="No space left"):
        files.append("/dev/full", "text")


def test_a_new_file_is_written_in_a_stream_and_one_that_is_there_is_left(
    files: DiskFiles,
) -> None:
    with files.create("a/b.bin") as stream:
        stream.write(b"one")
        stream.write(b"two")

    assert files.read("a/b.bin") == b"onetwo"
    with pytest.raises(Unwritable), files.create("a/b.bin"):
        pass
    assert files.read("a/b.bin") == b"onetwo"


def test_a_folder_takes_the_place_of_another_whole(files: DiskFiles) -> None:
    files.write("old/a", b"1")
    files.write("old/gone", b"1")
    files.write("new/a", b"2")

    files.move("new", "old")

    assert list(files.walk(".")) == ["old/a"]
    assert files.read("old/a") == b"2"


def test_a_folder_stays_where_nothing_can_take_its_place(files: DiskFiles) -> None:
    files.write("old/a", b"1")

    with pytest.raises(Unwritable):
        files.move("none", "old")

    assert list(files.walk(".")) == ["old/a"]


def test_writing_fresh_never_changes_what_is_there(files: DiskFiles) -> None:
    files.write("a", b"first", fresh=True)
    files.write("a", b"second", fresh=True)
    assert files.read("a") == b"first"


def test_a_missing_file_is_told_from_one_that_cannot_be_read(files: DiskFiles) -> None:
    with pytest.raises(Missing):
        files.read("nothing")
    with pytest.raises(Unreadable):
        files.read(".")


def test_an_impossible_name_is_an_error_not_a_crash(files: DiskFiles) -> None:
    assert not files.is_file("a\0b")
    with pytest.raises(Unreadable):
        files.read("a\0b")
    with pytest.raises(Unwritable):
        files.write("x" * 300, b"")


@pytest.mark.skipif(os.name != "posix", reason="needs named pipes")
def test_a_pipe_is_refused_since_it_may_never_end(files: DiskFiles, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(Unreadable, match="not a regular file"):
        files.read("pipe")


@pytest.mark.skipif(os.name != "posix", reason="needs named pipes")
@pytest.mark.parametrize("name", ["pipe", "link"])
def test_what_is_no_file_is_written_into_and_never_replaced(
    files: DiskFiles, tmp_path: Path, name: str
) -> None:
    # As root `--dotenv /dev/null` would else leave the machine without its /dev/null.
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)

    files.write(name, b"text")

    assert os.read(reader, 10) == b"text"
    assert (tmp_path / "pipe").is_fifo()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link", "pipe"]
    os.close(reader)


@pytest.mark.skipif(not Path("/dev/fd").exists(), reason="needs /dev/fd")
def test_a_link_of_the_machines_to_what_is_open_is_written_through(
    files: DiskFiles, tmp_path: Path
) -> None:
    with (tmp_path / "out").open("wb", buffering=0) as stream:
        stream.write(b"before, ")
        files.write(f"/dev/fd/{stream.fileno()}", b"text")

    assert (tmp_path / "out").read_bytes() == b"before, text"


@pytest.mark.skipif(os.name != "posix", reason="needs named pipes")
def test_a_pipe_that_nobody_reads_is_not_waited_for(files: DiskFiles, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(Unwritable, match="No such device"):
        files.write("pipe", b"text")

    assert (tmp_path / "pipe").is_fifo()


def test_a_file_over_the_limit_is_not_read(files: DiskFiles) -> None:
    files.write("big", b"x" * 11)
    with pytest.raises(Unreadable, match="larger than"):
        files.read("big", limit=10)


def test_a_walk_is_sorted_and_follows_no_link(files: DiskFiles, tmp_path: Path) -> None:
    for name in ("b.sql", "a.sql", "sub/c.sql", ".git/config"):
        files.write(name, b"")
    (tmp_path / "out.sql").symlink_to("/etc/passwd")
    (tmp_path / "loop").symlink_to(tmp_path)
    assert list(files.walk(".")) == ["a.sql", "b.sql", "sub/c.sql"]


def test_a_pattern_finds_files_in_order(files: DiskFiles) -> None:
    for name in ("in/unit-2/j.xml", "in/unit-1/j.xml", "in/other.txt"):
        files.write(name, b"")
    assert files.glob("in/unit-*/j.xml") == ("in/unit-1/j.xml", "in/unit-2/j.xml")
    assert files.glob("in/other.txt") == ("in/other.txt",)
    assert files.glob("in/nothing.txt") == ()
