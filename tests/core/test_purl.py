"""Package URLs: ours is canonical, anybody's is read, broken ones are refused."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packageurl import PackageURL

from cdkit.core.digest import Digest, sha256
from cdkit.core.documents.purl import Purl, image_purl, parse_purl
from cdkit.core.errors import RequestError

DIGEST = sha256(b"orders")
# The peer strips white space at the ends of a part, which we keep.
WORD = st.text(
    st.characters(codec="utf-8", exclude_characters="/", exclude_categories=("C", "Z")),
    min_size=1,
    max_size=20,
)


def test_an_image_is_named_by_its_digest_and_its_place() -> None:
    purl = image_purl("ghcr.io/acme/Orders", DIGEST)
    assert str(purl) == f"pkg:oci/orders@{DIGEST}?repository_url=ghcr.io/acme/Orders"


def test_an_image_of_a_registry_with_a_port_keeps_it() -> None:
    purl = image_purl("localhost:5000/orders", DIGEST)
    assert str(purl) == f"pkg:oci/orders@{DIGEST}?repository_url=localhost:5000/orders"


def test_an_encoded_colon_means_the_same_as_a_plain_one() -> None:
    encoded = parse_purl(f"pkg:oci/orders@{str(DIGEST).replace(':', '%3A')}")
    assert encoded == parse_purl(f"pkg:oci/orders@{DIGEST}")


def test_the_order_of_qualifiers_means_nothing() -> None:
    one = parse_purl(f"pkg:oci/a@{DIGEST}?tag=1&arch=amd64")
    assert one == parse_purl(f"PKG://OCI/A@{DIGEST}?ARCH=amd64&tag=1&empty=")


def test_a_scope_is_no_version() -> None:
    purl = parse_purl("pkg:npm/%40acme/orders@1.0.0")
    assert (purl.namespace, purl.name, purl.version) == ("@acme", "orders", "1.0.0")


def test_a_subpath_loses_its_dots() -> None:
    assert parse_purl("pkg:golang/x/y@1#./a/../b/").subpath == "a/b"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "orders",
        "oci/orders",
        "pkg:",
        "pkg:oci",
        "pkg:oci/",
        "pkg:9x/orders",
        "pkg:oci/orders",
        "pkg:oci/orders@latest",
        "pkg:oci/orders@sha256:abc",
        f"pkg:oci/acme/orders@{DIGEST}",
        f"pkg:oci/orders@{DIGEST}?a=1&A=2",
        f"pkg:oci/orders@{DIGEST}?=1",
        f"pkg:oci/orders@{DIGEST}\n",
        "pkg:pypi/a b@1",
        "pkg:pypi/a%zz@1",
        "pkg:pypi/a%ff@1",
        "pkg:golang/a%2Fb/c@1",
        "pkg:pypi/caf\u00e9",
        "pkg:maven/@1.3.4",
        "pkg:npm/@acme",
        "pkg:a+b/c",
        "pkg:cpan/GDT/URI::PackageURL@1",
    ],
)
def test_what_is_no_package_url_is_refused(text: str) -> None:
    with pytest.raises(RequestError):
        parse_purl(text)


@given(WORD, WORD, WORD)
def test_what_we_write_we_read_and_so_do_others(name: str, version: str, value: str) -> None:
    purl = Purl(type="generic", name=name, version=version, qualifiers=(("a", value),))
    assert parse_purl(str(purl)) == purl
    theirs = PackageURL.from_string(str(purl))
    assert (theirs.name, theirs.version, theirs.qualifiers) == (name, version, {"a": value})


@given(st.text(max_size=100))
def test_any_text_is_read_or_refused(text: str) -> None:
    for candidate in (text, f"pkg:oci/{text}", f"pkg:generic/x@{text}"):
        with contextlib.suppress(RequestError):
            assert parse_purl(str(parse_purl(candidate))) == parse_purl(candidate)


def test_a_digest_in_capitals_is_the_same_digest() -> None:
    purl = parse_purl(f"pkg:oci/orders@{str(DIGEST).upper()}")
    assert Digest.parse(purl.version) == DIGEST


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("pkg:PyPI/My.PyPI_.--._Package@1.dev1", "pkg:pypi/my-pypi-package@1.dev1"),
        ("pkg:github/Acme/Orders@V1", "pkg:github/acme/orders@V1"),
        ("pkg:bitbucket/Acme/Orders@V1", "pkg:bitbucket/acme/orders@V1"),
        ("pkg:npm/%40Acme/LoDash@1", "pkg:npm/%40acme/lodash@1"),
        ("pkg:npm/@acme/lodash@1", "pkg:npm/%40acme/lodash@1"),
        ("pkg:npm/@babel/core#/api/notes/", "pkg:npm/%40babel/core#api/notes"),
        ("pkg:golang/GitHub.com/Acme/X@v1#Sub", "pkg:golang/github.com/acme/x@v1#Sub"),
        ("pkg:deb/Debian/Curl@7.5-1%2BB1", "pkg:deb/debian/curl@7.5-1%2BB1"),
        ("pkg:rpm/Fedora/CentOS-x@1", "pkg:rpm/fedora/CentOS-x@1"),
        ("pkg:composer/Laravel/Laravel@5", "pkg:composer/laravel/laravel@5"),
        ("pkg:hex/Acme/Foo@2", "pkg:hex/acme/foo@2"),
        ("pkg:pub/Date-Time@1", "pkg:pub/date_time@1"),
        ("pkg:huggingface/Acme/Bert@ABCDEF", "pkg:huggingface/Acme/Bert@abcdef"),
        ("pkg:cpan/gdt/URI-PackageURL@1", "pkg:cpan/GDT/URI-PackageURL@1"),
        (
            "pkg:mlflow/Signs@1?repository_url=https://adb-5.0.azuredatabricks.net/api",
            "pkg:mlflow/signs@1?repository_url=https://adb-5.0.azuredatabricks.net/api",
        ),
        ("pkg:mlflow/Signs@1", "pkg:mlflow/Signs@1"),
        ("pkg:maven/Org.Acme/Io@1.A", "pkg:maven/Org.Acme/Io@1.A"),
        ("pkg:nuget/EnterpriseLibrary.Common@6", "pkg:nuget/EnterpriseLibrary.Common@6"),
        ("pkg://maven/org.acme/io/@1", "pkg:maven/org.acme/io@1"),
    ],
)
def test_one_thing_has_one_name(written: str, canonical: str) -> None:
    assert str(parse_purl(written)) == canonical
    assert parse_purl(canonical) == parse_purl(written)
