"""What the tests of the example share."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.examples.orders import BAD, EXAMPLE, LEFT_OUT


@pytest.fixture
def good_tree(tmp_path: Path) -> Path:
    """A copy of the example to run things in: they leave reports."""
    return Path(
        shutil.copytree(EXAMPLE, tmp_path / "good", ignore=shutil.ignore_patterns(*LEFT_OUT))
    )


@pytest.fixture
def bad_tree(good_tree: Path) -> Path:
    """The example with the bad commit's files over it."""
    shutil.copytree(BAD, good_tree, dirs_exist_ok=True)
    return good_tree
