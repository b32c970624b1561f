"""Every format of files that name images, on its cases."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdkit.core.errors import CannotTell
from cdkit.image.pins.document import Lines
from cdkit.image.pins.find import all_formats, read
from cdkit.steps.pin_images import STEP
from tests.image.pins.cases import CASES, cases, found_in, mutable, name, pinned

ALL = pytest.mark.parametrize("case", cases(), ids=name)


@ALL
def test_only_the_case_s_own_format_claims_its_files(case: Path) -> None:
    claimed = {one.source.path: one.formats for one in found_in(case / "before") if one.uses}

    assert set(claimed.values()) == {(case.parent.name,)}


@ALL
def test_what_can_move_is_found_at_its_line(case: Path) -> None:
    found = [line for one in found_in(case / "before") for line in mutable(one)]

    assert sorted(found) == sorted((case / "mutable.txt").read_text().splitlines())


@ALL
def test_pinning_changes_the_digests_and_not_one_byte_besides(case: Path) -> None:
    before, after = case / "before", case / "after"
    results = {one.source.path: pinned(one) for one in found_in(before)}

    for path in sorted(path for path in before.rglob("*") if path.is_file()):
        relative = path.relative_to(before).as_posix()
        result = results.get(relative)
        assert result is None or result.failed == ()
        data = result.data if result and result.data is not None else path.read_bytes()
        assert data == (after / relative).read_bytes(), relative


@ALL
def test_pinning_again_changes_nothing(case: Path) -> None:
    assert [one.source.path for one in found_in(case / "after") if pinned(one).data] == []


@ALL
@given(data=st.data())
def test_a_file_that_is_cut_off_or_damaged_is_read_or_refused(
    case: Path, data: st.DataObject
) -> None:
    files = sorted(path for path in (case / "before").rglob("*") if path.is_file())
    path = data.draw(st.sampled_from(files))
    whole = path.read_bytes()
    at = data.draw(st.integers(0, len(whole)))
    rubbish = data.draw(
        st.sampled_from([b"", b"\0", b"\xff", b"{{", b"'", b'"', b"&a", b"*a", b"]"])
    )
    asked = list(all_formats().values())
    try:
        found = read(path.name, whole[:at] + rubbish, asked)
    except CannotTell:
        return
    for use in found.uses if found else ():
        assert 0 <= use.start <= use.end <= len(found.source.text if found else "")
        Lines(found.source).place(use.start) if found else None


@ALL
def test_the_hook_is_given_every_file_that_a_format_reads(case: Path) -> None:
    hook = STEP.hook
    paths = [path.relative_to(case / "before") for path in (case / "before").rglob("*")]
    known = [path for path in paths if (case / "before" / path).is_file() and is_read(path)]

    assert hook
    assert known
    assert [path for path in known if not re.search(hook.files, path.as_posix())] == []


@pytest.mark.parametrize(
    "path",
    [
        "Containerfile.dev",
        "Kustomization",
        "a/containerfile",
        "a/dockerfile-ci",
        "app.containerfile",
        "app.Dockerfile",
        "main.tofu",
        "main.tf.json",
        "stack.template",
    ],
)
def test_the_hook_is_given_files_whose_names_have_no_usual_ending(path: str) -> None:
    assert STEP.hook
    assert is_read(Path(path))
    assert re.search(STEP.hook.files, path)


def is_read(path: Path) -> bool:
    """Whether a format reads files of such a name."""
    name = path.as_posix()
    patterns = [pattern for one in all_formats().values() for pattern in one.paths]
    return any(re.search(f"(?:{pattern})$", name) for pattern in patterns)


def test_every_format_has_a_case_and_every_case_a_format() -> None:
    assert {path.name for path in CASES.iterdir()} == set(all_formats())
