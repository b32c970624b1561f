"""A vulnerability database for Trivy, written from a few advisories: a date and the same bytes.

Trivy reads `db/trivy.db` and `db/metadata.json` below its cache folder. The first is a bbolt file
(go.etcd.io/bbolt: page.go, bucket.go, meta.go) with Trivy's schema 2 (aquasecurity/trivy-db, pkg/db
and pkg/types): a bucket for each source of advisories, then `vulnerability` with the details and
`data-source` with who published them. The pages written here are the plainest that bbolt reads: two
meta pages, an empty freelist, one leaf a bucket.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

PAGE = 4096
PAGE_HEADER = struct.Struct("<QHHI")  # id, flags, count, overflow
ELEMENT = struct.Struct("<IIII")  # flags, position from this element's start, key size, value size
BUCKET = struct.Struct("<QQ")  # root page, sequence
META = struct.Struct("<IIIIQQQQQ")  # magic, version, page size, flags, root, its sequence,
#                                     freelist, first unused page, transaction
LEAF, META_PAGE, FREELIST = 0x02, 0x04, 0x10
IS_BUCKET = 0x01
MAGIC, VERSION = 0xED0CDAED, 2
#: Trivy's own numbers (trivy-db, pkg/types/types.go). They must reach it as whole numbers.
SEVERITIES = {"UNKNOWN": 0, "LOW": 1, "MEDIUM": 2, "HIGH": 3, "CRITICAL": 4}

Tree = Mapping[str, "Tree | bytes"]


def write(cache: Path, advisories: Path, updated_at: datetime) -> None:
    """Make the database of a YAML file of advisories below Trivy's cache folder.

    `updated_at` is the date it claims; a day later it is stale by its own word. See
    examples/orders/scan/advisories.yaml for the file's shape; a wrong one raises KeyError.
    """
    folder = cache / "db"
    folder.mkdir(parents=True, exist_ok=True)
    content = yaml.load(advisories.read_text(encoding="utf-8"), yaml.CSafeLoader)
    (folder / "trivy.db").write_bytes(bolt(tree(content)))
    metadata = {
        "Version": VERSION,
        "NextUpdate": _time(updated_at + timedelta(days=1)),
        "UpdatedAt": _time(updated_at),
        "DownloadedAt": _time(updated_at),
    }
    (folder / "metadata.json").write_bytes(_json(metadata))


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":"), sort_keys=True).encode()


def tree(content: Mapping[str, Any]) -> Tree:
    """Turn `sources` and `advisories` into Trivy's buckets."""
    buckets: dict[str, dict[str, dict[str, bytes]]] = {}
    details: dict[str, bytes] = {}
    for advisory in content["advisories"]:
        source_ids = set()
        for affected in advisory["affects"]:
            packages = buckets.setdefault(affected["source"], {})
            packages.setdefault(affected["package"], {})[advisory["id"]] = _affected(affected)
            source_ids.add(content["sources"][affected["source"]]["id"])
        details[advisory["id"]] = _details(advisory, source_ids)
    sources = {
        bucket: _json({"ID": source["id"], "Name": source["name"], "URL": source["url"]})
        for bucket, source in content["sources"].items()
    }
    return {**buckets, "vulnerability": details, "data-source": sources}


def _affected(affected: Mapping[str, Any]) -> bytes:
    """What is wrong with a language's package (`vulnerable`) or a distribution's (`fixed`)."""
    if "vulnerable" in affected:
        return _json(
            {
                "VulnerableVersions": affected["vulnerable"],
                "PatchedVersions": affected.get("patched", []),
            }
        )
    return _json({"FixedVersion": affected["fixed"]} if affected.get("fixed") else {})


def _details(advisory: Mapping[str, Any], source_ids: set[str]) -> bytes:
    severity = SEVERITIES[advisory["severity"]]
    return _json(
        {
            "Title": advisory["title"],
            "Description": advisory["description"],
            "Severity": advisory["severity"],
            "VendorSeverity": dict.fromkeys(sorted(source_ids), severity),
            "References": advisory["references"],
            "PublishedDate": advisory["published"],
            "LastModifiedDate": advisory["published"],
        }
    )


def bolt(root: Tree) -> bytes:
    """The bbolt file that holds these buckets and values."""
    pages: list[bytes] = []
    root_page = _leaf(root, pages)
    unused = _first_free(pages)
    head = [_page(number, META_PAGE, 0, _meta(root_page, unused, number)) for number in (0, 1)]
    return b"".join([*head, _page(2, FREELIST, 0, b""), *pages])


def _first_free(pages: list[bytes]) -> int:
    """The number of the page after these, which follow two meta pages and the freelist."""
    return 3 + sum(len(page) for page in pages) // PAGE


def _page(number: int, flags: int, count: int, body: bytes) -> bytes:
    size = PAGE_HEADER.size + len(body)
    overflow = (size - 1) // PAGE
    header = PAGE_HEADER.pack(number, flags, count, overflow)
    return (header + body).ljust((overflow + 1) * PAGE, b"\0")


def _meta(root_page: int, unused: int, transaction: int) -> bytes:
    meta = META.pack(MAGIC, VERSION, PAGE, 0, root_page, 0, 2, unused, transaction)
    return meta + struct.pack("<Q", _fnv1a(meta))


def _fnv1a(data: bytes) -> int:
    """FNV-1a of 64 bits, bbolt's checksum of a meta page."""
    value = 0xCBF29CE484222325
    for byte in data:
        value = ((value ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return value


def _leaf(bucket: Tree, pages: list[bytes]) -> int:
    """Append the pages of a bucket's own buckets and then its leaf; return the leaf's number."""
    items = sorted((key.encode(), _element(value, pages)) for key, value in bucket.items())
    elements, data = b"", b""
    offset = ELEMENT.size * len(items)
    for index, (key, (flags, value)) in enumerate(items):
        position = offset - ELEMENT.size * index + len(data)
        elements += ELEMENT.pack(flags, position, len(key), len(value))
        data += key + value
    number = _first_free(pages)
    pages.append(_page(number, LEAF, len(items), elements + data))
    return number


def _element(value: Tree | bytes, pages: list[bytes]) -> tuple[int, bytes]:
    if isinstance(value, bytes):
        return 0, value
    return IS_BUCKET, BUCKET.pack(_leaf(value, pages), 0)
