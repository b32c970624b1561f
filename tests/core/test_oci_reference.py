from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdkit.core.digest import Digest
from cdkit.core.errors import RequestError
from cdkit.core.oci.reference import (
    Reference,
    is_loopback,
    is_tag,
    parse,
    parse_pinned,
    parse_repository,
)

HASH = "a" * 64


@pytest.mark.parametrize(
    ("text", "name", "tag"),
    [
        ("busybox", "docker.io/library/busybox", ""),
        ("busybox:1.36", "docker.io/library/busybox", "1.36"),
        ("acme/orders", "docker.io/acme/orders", ""),
        ("docker.io/busybox", "docker.io/library/busybox", ""),
        ("index.docker.io/acme/orders:1", "docker.io/acme/orders", "1"),
        ("localhost/orders", "localhost/orders", ""),
        ("localhost:5000/orders:v1", "localhost:5000/orders", "v1"),
        ("[::1]:5000/orders", "[::1]:5000/orders", ""),
        ("127.0.0.1:5000/a/b-c__d.e:x", "127.0.0.1:5000/a/b-c__d.e", "x"),
        # Without a slash what follows the colon is a tag, as in Docker's own grammar.
        ("test.com:5000", "docker.io/library/test.com", "5000"),
    ],
)
def test_a_reference_is_normalised_as_docker_does_it(text: str, name: str, tag: str) -> None:
    reference = parse(text)

    assert (reference.name, reference.tag) == (name, tag)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ghcr.io/Acme/orders", "upper-case letter in its repository (character 9, 'A')"),
        ("ghcr.io/acme//orders", "empty part in its repository (character 14, '/')"),
        ("ghcr.io/acme/orders:", "empty tag (character 21, the end)"),
        ("ghcr.io/acme/orders:-x", "begins with a dot or a hyphen (character 21, '-')"),
        ("ghcr.io/acme/orders:a+b", "a character that no tag may hold (character 22, '+')"),
        ("ghcr.io/acme/ord ers", "(character 17, ' ')"),
        ("ghcr.io/acme/orders_", "(character 20, '_')"),
        ("ghcr.io:99999/acme/orders", "the port 99999 (character 9, '9')"),
        ("gh cr.io/acme", "a registry that is no host name (character 3, ' ')"),
        (f"orders:{'x' * 129}", "a tag of 129 characters"),
        (HASH, "is a bare hash"),
        ("", "is empty"),
        ("orders\n:: evil", "(character 7, '\\n')"),
        ("orders@sha256:abc", "has 3 characters after the colon, not 64"),
        (f"orders@SHA256:{HASH}", "is not a digest"),
        (f"orders@md5:{'a' * 32}", "the algorithm 'md5', which is unknown (character 8, 'm')"),
        (f"orders@blake3:{HASH}", "the algorithm 'blake3', which is unknown (character 8, 'b')"),
        (f"orders@SHA256:{HASH}", "is not a digest (character 8, 'S')"),
        (f"orders@sha256:{HASH[:-1]}", "has 63 characters after the colon, not 64 (character 78,"),
        (f"orders@sha256:{HASH}0", "has 65 characters after the colon, not 64 (character 80,"),
        (f"orders@sha256:{'A' * 64}", "other than 0-9 and a-f (character 15, 'A')"),
        (f"orders@sha256:{'a' * 63}g", "other than 0-9 and a-f (character 78, 'g')"),
        (f"orders@sha512:{HASH}", "has 64 characters after the colon, not 128"),
        (f"orders@@sha256:{HASH}", "is not a digest (character 8, '@')"),
        ("orders@", "is not a digest (character 8, the end)"),
        ("orders@sha256:", "has 0 characters after the colon, not 64 (character 15, the end)"),
        ("ghcr.io/acme/orders@v1", "is not a digest (character 21, 'v')"),
        ("orders::v1", "a character that no tag may hold (character 8, ':')"),
        ("orders:v1:", "a character that no tag may hold (character 10, ':')"),
        (" orders", "(character 1, ' ')"),
        ("orders:v1 ", "(character 10, ' ')"),
        ("\u00f6rders", "(character 1, '\u00f6')"),
        ("orders:\u0661", "(character 8, '\u0661')"),
        ("\u202eorders", "(character 1, '\\u202e')"),
        ("orders\0", "(character 7, '\\x00')"),
        ("ghcr.io:0/acme", "the port 0 (character 9, '0')"),
        ("ghcr.io:65536/acme", "the port 65536 (character 9, '6')"),
        ("ghcr.io:/acme", "a registry that is no host name (character 8, ':')"),
        ("ghcr.io:x/acme", "a registry that is no host name (character 8, ':')"),
        ("ghcr..io/acme", "a registry that is no host name (character 5, '.')"),
        ("[::1/acme", "a registry that is no host name (character 1, '[')"),
        ("::1/acme", "a registry that is no host name (character 1, ':')"),
        ("[fe80::1%eth0]/acme", "a registry that is no host name (character 1, '[')"),
        ("a" * 300, "a repository of 300 characters; 255 are allowed"),
        ("/acme", "empty part in its repository (character 1, '/')"),
        ("acme/", "empty part in its repository (character 6, the end)"),
        ("${REGISTRY}/orders", "a registry that is no host name (character 1, '$')"),
        ("orders:{{ .tag }}", "a character that no tag may hold (character 8, '{')"),
    ],
)
def test_an_illegal_reference_is_refused_with_the_character_pointed_at(
    text: str, said: str
) -> None:
    with pytest.raises(RequestError) as caught:
        parse(text)

    assert said in caught.value.what


@pytest.mark.parametrize("scheme", ["http://", "https://", "docker://", "oci+x://"])
def test_an_address_that_was_pasted_is_refused_with_what_to_take_off(scheme: str) -> None:
    with pytest.raises(RequestError) as caught:
        parse(f"{scheme}ghcr.io/acme/orders:v1")

    assert f"begins with {scheme}, which is no part of a reference" in caught.value.what
    assert caught.value.remedy == "take it off: ghcr.io/acme/orders:v1"


def test_tag_and_digest_are_both_kept_and_the_pinned_name_has_no_tag() -> None:
    reference = parse(f"ghcr.io/acme/orders:v1@sha256:{HASH}")

    assert str(reference) == f"ghcr.io/acme/orders:v1@sha256:{HASH}"
    assert reference.pinned == f"ghcr.io/acme/orders@sha256:{HASH}"


def test_a_reference_without_a_digest_is_not_pinned() -> None:
    with pytest.raises(RequestError, match="carries no digest"):
        parse_pinned("ghcr.io/acme/orders:v1")


def test_a_repository_has_neither_tag_nor_digest() -> None:
    with pytest.raises(RequestError, match="more than a repository"):
        parse_repository("ghcr.io/acme/orders:v1")


def test_the_familiar_name_leaves_out_what_docker_adds() -> None:
    assert parse("busybox").familiar == "busybox"
    assert parse("acme/orders").familiar == "acme/orders"
    assert parse("ghcr.io/acme/orders").familiar == "ghcr.io/acme/orders"


@pytest.mark.parametrize("host", ["localhost:5000", "127.0.0.1", "127.8.9.1:80", "[::1]:5000"])
def test_loopback_is_this_machine(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["127.0.0.1.evil.com", "localhost.evil.com", "10.0.0.1", "x"])
def test_what_only_looks_like_loopback_is_not(host: str) -> None:
    assert not is_loopback(host)


_PART = st.from_regex(r"[a-z0-9]+((\.|_|__|-{1,3})[a-z0-9]+){0,2}", fullmatch=True)
_TAG = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,20}", fullmatch=True)


@given(
    st.sampled_from(["ghcr.io", "localhost:5000", "docker.io", "[::1]:80", "r.example.com:443"]),
    st.lists(_PART, min_size=2, max_size=4),
    st.one_of(st.just(""), _TAG),
    st.sampled_from([None, Digest("sha256", HASH)]),
)
def test_a_reference_survives_being_written_and_read_again(
    registry: str, parts: list[str], tag: str, digest: Digest | None
) -> None:
    reference = Reference(registry=registry, repository="/".join(parts), tag=tag, digest=digest)

    assert parse(str(reference)) == reference


@given(st.text(max_size=200))
def test_any_text_is_a_reference_or_refused(text: str) -> None:
    try:
        reference = parse(text)
    except RequestError:
        return
    assert parse(str(reference)) == reference
    assert not reference.tag or is_tag(reference.tag)


def test_a_repository_has_at_most_255_characters() -> None:
    assert parse(f"ghcr.io/{'a' * 255}").repository == "a" * 255

    with pytest.raises(RequestError, match="a repository of 256 characters"):
        parse(f"ghcr.io/{'a' * 256}")


@given(st.text(alphabet="aA0./:@_- \n", max_size=30))
def test_a_character_that_is_pointed_at_stands_there(text: str) -> None:
    try:
        parse(text)
    except RequestError as fault:
        if pointed := re.search(r"\(character (\d+), (.+)\)$", fault.what):
            at = int(pointed[1]) - 1
            assert pointed[2] == (repr(text[at]) if at < len(text) else "the end")
