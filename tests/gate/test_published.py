"""A policy in a registry: one file in an artifact, pinned by digest; and what extends it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from cdkit.core.errors import CannotTell, ConfigError, RequestError, Unreadable
from cdkit.core.world import World
from cdkit.gate.source import find_policy
from tests.core.registries import outside
from tests.parts.double import OCI_MANIFEST, Double, Given, running

LOCKED = b"""version: 1
locked: ["*"]
stages: [{name: deployment, enter: [{evidence: unit, at-least: {executed: 9}}]}]
"""
EMPTY = {"mediaType": "application/vnd.oci.empty.v1+json", "digest": "", "size": 2}


@pytest.fixture
def double() -> Iterator[Double]:
    with running() as double:
        yield double


def digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def push(double: Double, *files: tuple[str, bytes], tag: str = "3", size: int = 0) -> str:
    """Push an artifact of files as oras does, and return its manifest's digest."""
    double.blobs["acme/policy", digest(b"{}")] = b"{}"
    layers = []
    for name, data in files:
        double.blobs["acme/policy", digest(data)] = data
        titled = {"org.opencontainers.image.title": name} if name else {}
        layers.append(
            {
                "mediaType": "application/yaml",
                "digest": digest(data),
                "size": size or len(data),
                "annotations": titled,
            }
        )
    manifest = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "artifactType": "application/vnd.acme.policy",
        "config": {**EMPTY, "digest": digest(b"{}")},
        "layers": layers,
    }
    data = json.dumps(manifest).encode()
    double.manifests["acme/policy", digest(data)] = (OCI_MANIFEST, data)
    double.tags["acme/policy", tag] = digest(data)
    return digest(data)


def place(double: Double, rest: str = ":3") -> str:
    return f"oci://{double.address}/acme/policy{rest}"


def test_a_policy_is_read_and_pinned_by_the_digest_of_its_artifact(
    double: Double, tmp_path: Path
) -> None:
    pushed = push(double, ("policy.yaml", LOCKED))
    found = find_policy(place(double), outside(tmp_path))
    assert found.policy.locked == ("*",)
    assert found.source.where == place(double, f":3@{pushed}")
    assert (found.source.revision, found.source.digest) == (pushed, digest(LOCKED))
    assert found.source.protected
    assert find_policy(place(double, f"@{pushed}"), outside(tmp_path)).policy == found.policy


def test_of_several_files_the_one_that_is_yaml_counts(double: Double, tmp_path: Path) -> None:
    push(double, ("README.md", b"# hello"), ("policy.yaml", LOCKED))
    assert find_policy(place(double), outside(tmp_path)).policy.locked == ("*",)
    push(double, ("", LOCKED))
    assert find_policy(place(double), outside(tmp_path)).policy.locked == ("*",)


@pytest.mark.parametrize(
    "files",
    [(), (("a.yaml", LOCKED), ("b.yaml", LOCKED + b"#")), (("", LOCKED), ("", b"other"))],
    ids=["none", "two", "two without names"],
)
def test_an_artifact_of_no_one_file_is_no_policy(
    double: Double, tmp_path: Path, files: tuple[tuple[str, bytes], ...]
) -> None:
    push(double, *files)
    with pytest.raises(Unreadable, match="is no artifact of one policy file"):
        find_policy(place(double), outside(tmp_path))


def test_a_file_that_is_too_large_is_no_policy(double: Double, tmp_path: Path) -> None:
    push(double, ("policy.yaml", LOCKED), size=2 * 1024 * 1024)
    with pytest.raises(Unreadable, match="holds a policy of 2097152 bytes, and 1048576 are the"):
        find_policy(place(double), outside(tmp_path))


def test_a_registry_that_gives_another_file_is_caught(double: Double, tmp_path: Path) -> None:
    push(double, ("policy.yaml", LOCKED))
    double.blobs["acme/policy", digest(LOCKED)] = LOCKED.replace(b"executed: 9", b"executed: 0")
    with pytest.raises(CannotTell, match="sha256"):
        find_policy(place(double), outside(tmp_path))


def test_a_policy_that_is_not_there_or_not_to_be_had_cannot_be_told(
    double: Double, tmp_path: Path
) -> None:
    with pytest.raises(CannotTell, match="is not in the registry"):
        find_policy(place(double), outside(tmp_path))
    double.always = Given(500)
    with pytest.raises(CannotTell):
        find_policy(place(double), outside(tmp_path))


@pytest.mark.parametrize("rest", ["", "/"])
def test_a_policy_without_tag_or_digest_is_refused(
    double: Double, tmp_path: Path, rest: str
) -> None:
    with pytest.raises(RequestError):
        find_policy(place(double, rest), outside(tmp_path))


def test_faults_of_a_policy_are_told_with_their_place(double: Double, tmp_path: Path) -> None:
    push(double, ("policy.yaml", b"version: 1\nstages: [{name: A}]\n"))
    with pytest.raises(ConfigError) as caught:
        find_policy(place(double), outside(tmp_path))
    assert str(caught.value.faults[0].where).endswith(":2")


# One that extends it


def local(folder: Path, text: str) -> World:
    (folder / "policy.yaml").write_text(text, encoding="utf-8")
    return outside(folder)


def test_a_local_policy_extends_the_one_in_the_registry(double: Double, tmp_path: Path) -> None:
    pushed = push(double, ("policy.yaml", LOCKED))
    more = f"version: 1\nextends: {place(double)}\nstages:\n  - name: deployment\n    enter:\n"
    world = local(tmp_path, more + "      - {evidence: unit, at-least: {executed: 20}}\n")
    found = find_policy("policy.yaml", world)
    (stage,) = found.policy.stages
    assert stage.enter[0].at_least == {"executed": 20}
    assert found.source.extends is not None
    assert found.source.extends.revision == pushed
    looser = local(tmp_path, more + "      - {evidence: unit, at-least: {executed: 8}}\n")
    with pytest.raises(ConfigError) as caught:
        find_policy("policy.yaml", looser)
    assert [fault.what for fault in caught.value.faults] == [
        "unit (deployment) is locked: executed must stay at least 9"
    ]


def test_policies_that_extend_each_other_are_refused(tmp_path: Path) -> None:
    (tmp_path / "other.yaml").write_text("version: 1\nextends: policy.yaml\n", encoding="utf-8")
    world = local(tmp_path, "version: 1\nextends: other.yaml\n")
    with pytest.raises(RequestError, match="in a circle or too deep"):
        find_policy("policy.yaml", world)


def test_one_that_extends_and_is_brought_by_the_change_stays_in_doubt(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_bytes(LOCKED)
    found = find_policy("policy.yaml", local(tmp_path, "version: 1\nextends: base.yaml\n"))
    assert not found.source.protected
    assert found.source.extends is not None
    assert not found.source.extends.protected
