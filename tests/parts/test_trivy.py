"""The scanner that tests run, and the databases that are written for it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.parts import trivy, vulndb

ADVISORIES = """
sources:
  "alpine 3.22": {id: acme, name: Acme, url: "https://example.com"}
advisories:
  - {id: CVE-2026-90001, title: one, description: first, severity: HIGH,
     published: "2026-10-05T00:00:00Z", references: [],
     affects: [{source: "alpine 3.22", package: acme-tls, fixed: 1.0-r1}]}
"""
MIDNIGHT = datetime(2026, 11, 23, tzinfo=UTC)


def write(folder: Path, text: str = ADVISORIES, when: datetime = MIDNIGHT) -> Path:
    (folder / "advisories.yaml").write_text(text, encoding="utf-8")
    vulndb.write(folder / "cache", folder / "advisories.yaml", when)
    return folder / "cache" / "db"


def test_the_same_advisories_make_the_same_bytes(tmp_path: Path) -> None:
    first = (write(tmp_path) / "trivy.db").read_bytes()
    assert (write(tmp_path) / "trivy.db").read_bytes() == first


def test_a_database_says_the_date_that_it_was_given(tmp_path: Path) -> None:
    said = json.loads((write(tmp_path) / "metadata.json").read_bytes())
    assert said == {
        "Version": 2,
        "UpdatedAt": "2026-11-23T00:00:00Z",
        "NextUpdate": "2026-11-24T00:00:00Z",
        "DownloadedAt": "2026-11-23T00:00:00Z",
    }


def test_a_severity_that_trivy_does_not_know_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KeyError, match="SEVERE"):
        write(tmp_path, ADVISORIES.replace("HIGH", "SEVERE"))


def test_a_bucket_larger_than_a_page_takes_several() -> None:
    pages = len(vulndb.bolt({"bucket": {f"key{n:04}": b"x" * 100 for n in range(100)}}))
    assert pages == (3 + 4 + 1) * vulndb.PAGE  # meta, meta, freelist; the bucket; the root


def test_a_binary_that_is_another_one_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "trivy").write_bytes(b"#!/bin/sh\n")
    monkeypatch.setenv("CDKIT_TRIVY_BINARY", str(tmp_path / "trivy"))
    assert "b07128c2af5eb9a4" in (trivy.missing() or "")


def test_the_binary_is_looked_for_in_the_cache_of_parts() -> None:
    expected = (".cache", "cdkit-parts", "trivy-0.68.2", "trivy")
    assert trivy.binary({}).parts[-4:] == expected
    elsewhere = trivy.binary({"XDG_CACHE_HOME": "/var/cache"})
    assert elsewhere == Path("/var/cache/cdkit-parts/trivy-0.68.2/trivy")


@pytest.mark.needs("trivy")
def test_a_broken_database_is_an_error_and_no_report(tmp_path: Path) -> None:
    database = write(tmp_path) / "trivy.db"
    database.write_bytes(database.read_bytes()[: vulndb.PAGE])
    layout = Path("examples/orders/image")
    with pytest.raises(RuntimeError, match="Trivy ended with 1"):
        trivy.scan_layout(layout, tmp_path / "cache", None)
