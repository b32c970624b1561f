from __future__ import annotations

from pathlib import Path

import pytest

from cdkit.core.documents.document import Origin
from cdkit.core.doors.files import DiskFiles
from cdkit.core.oci.layout import open_layout, read_image
from cdkit.core.oci.reference import parse
from cdkit.core.subject import source_subject
from cdkit.image.identity import contradicts, identify
from tests.image.layouts import Layout, two_platforms

REVISION = "org.opencontainers.image.revision"
ORIGIN = Origin(recorded_at="2026-11-23T12:00:00Z", tool="cdkit", step="tag-image")


def test_an_identity_names_the_index_and_every_part_of_it(tmp_path: Path) -> None:
    built, index, parts = two_platforms()
    with open_layout(str(built.save(tmp_path)), DiskFiles()) as layout:
        image = read_image(layout)

    identity = identify(
        parse("ghcr.io/acme/orders"),
        image,
        tags=("v1", "stable"),
        origin=ORIGIN,
        source=source_subject("acme/orders", commit="c" * 40, tree="7" * 40),
    )

    assert identity.image == f"ghcr.io/acme/orders@{index}"
    assert [part.digest for part in identity.platforms] == parts
    assert identity.reference == "ghcr.io/acme/orders:v1"
    assert (identity.commit, identity.tree) == ("c" * 40, "7" * 40)


@pytest.mark.parametrize(
    ("revision", "contradicted"),
    [("c" * 40, False), ("c" * 7, False), ("", False), ("b" * 40, True), ("main", True)],
)
def test_a_revision_label_speaks_against_another_commit(
    revision: str, *, contradicted: bool
) -> None:
    assert contradicts({REVISION: revision}, {"gitCommit": "c" * 40}) is contradicted


def test_one_platform_of_another_commit_takes_the_claim_from_the_whole_image(
    tmp_path: Path,
) -> None:
    built = Layout()
    parts = [
        built.manifest(({"a": b"a"},), "linux/amd64", labels={REVISION: "c" * 40}),
        built.manifest(({"b": b"b"},), "linux/arm64", labels={REVISION: "b" * 40}),
    ]
    built.root(built.index(*parts))
    with open_layout(str(built.save(tmp_path)), DiskFiles()) as layout:
        image = read_image(layout)

    identity = identify(
        parse("ghcr.io/acme/orders"),
        image,
        tags=(),
        origin=ORIGIN,
        source=source_subject("acme/orders", commit="c" * 40, tree="7" * 40),
    )

    assert (identity.commit, identity.tree, identity.reference) == ("", "", "")
