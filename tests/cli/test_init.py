"""cdkit init: what it proposes for a repository, by where its remote is."""

from __future__ import annotations

from pathlib import Path

import pytest

from cdkit.cli.init import proposal
from cdkit.core.world import Head
from tests.worlds import COMMIT, TREE, FakeGit, world


@pytest.mark.parametrize(
    ("remote", "last"),
    [
        ("git@github.com:acme/orders.git", "`report-dora --from github`."),
        ("https://gitlab.acme.example/shop/orders.git", "`report-dora --from gitlab`."),
        ("https://git.example.com/github/orders.git", 'sinks: ["file:.cdkit/events.ndjson"]'),
        ("", 'sinks: ["file:.cdkit/events.ndjson"]'),
    ],
)
def test_where_the_remote_knows_deployments_it_is_said_who_measures_them(
    tmp_path: Path, remote: str, last: str
) -> None:
    head = Head(commit=COMMIT, tree=TREE, branch="main", remote_url=remote)
    assert proposal(world(tmp_path, git=FakeGit(at=head))).endswith(f"{last}\n")
