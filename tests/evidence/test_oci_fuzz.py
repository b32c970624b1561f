"""Whatever a registry answers, a fact of ours never comes out of it, and nothing crashes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from cdkit.core.errors import CdkitError
from cdkit.core.secret import Secret
from cdkit.core.world import MIB, Response
from cdkit.evidence.store import open_store
from tests.evidence.doubles import IMAGE_KEY, SUBJECT, evidence
from tests.worlds import world

HEX = "a" * 64
TAG = f"cdkit.sha256-{HEX}.u{'0' * 32}"
ENVIRONMENT = f"cdkit.env-production.0.u{'0' * 32}"
ENTRY = (
    '{"mediaType":"application/vnd.in-toto+json","digest":%s,"size":%s,'
    '"artifactType":"application/vnd.in-toto+json"}'
)
BODIES = [
    b"",
    b"{}",
    b"[]",
    b"null",
    b"\xff\xfe",
    b'{"errors":[{"code":"MANIFEST_UNKNOWN"}]}',
    *(
        f'{{"tags":{tags}}}'.encode()
        for tags in (
            "null",
            f'["{TAG}"]',
            f'["{ENVIRONMENT}"]',
            '["../x"]',
            "5",
            "[5]",
            '["a\\nb"]',
        )
    ),
    *(
        f'{{"schemaVersion":2,"{name}":[{ENTRY % (digest, size)}]}}'.encode()
        for name in ("manifests", "layers")
        for digest in (f'"sha256:{HEX}"', '"sha256:../.."', '""', "5", '"md5:00"')
        for size in ("2", "-1", "99999999999999", '"2"')
    ),
    b'{"layers":null,"manifests":null}',
    b'{"_type":"https://in-toto.io/Statement/v1","subject":[],"predicateType":"","predicate":{}}',
]
KINDS = [
    "application/json",
    "text/html",
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.oci.image.manifest.v1+json",
]
NAMES = ["link", "location", "oci-subject", "www-authenticate", "docker-content-digest"]
VALUES = [
    "",
    "//[",
    "<//[>; rel=next",
    "</v2/acme/orders/tags/list?last=x>; rel=next",
    "/v2/acme/orders/blobs/uploads/1",
    "https://evil.example/",
    'Bearer realm="https://registry.example/token"',
    "Basic realm=x",
    f"sha256:{HEX}",
]
Drawn = tuple[int, bytes, str, dict[str, str]]


class Answers:
    """A registry that says the next of what was drawn, again and again."""

    def __init__(self, answers: list[Drawn]) -> None:
        self._answers = answers
        self._at = 0

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str | Secret] | None = None,
        body: bytes = b"",
        timeout: float = 30,
        limit: int = 8 * MIB,
    ) -> Response:
        del method, url, headers, body, timeout, limit
        status, said, kind, more = self._answers[self._at % len(self._answers)]
        self._at += 1
        return Response(status=status, headers={"content-type": kind, **more}, body=said)


answers = st.lists(
    st.tuples(
        st.sampled_from([200, 200, 200, 201, 202, 307, 404, 400, 401, 403, 429, 500]),
        st.sampled_from(BODIES) | st.binary(max_size=60),
        st.sampled_from(KINDS),
        st.dictionaries(st.sampled_from(NAMES), st.sampled_from(VALUES), max_size=3),
    ),
    min_size=1,
    max_size=6,
)


@given(answers)
def test_no_answer_makes_a_fact_or_a_crash(drawn: list[Drawn]) -> None:
    store = open_store("oci://registry.example/orders", world(Path(), http=Answers(drawn)))
    for found in (
        store.about(frozenset({IMAGE_KEY, f"gitTree:{'7' * 40}"})),
        store.environment("production"),
        store.deployments(),
    ):
        assert found.facts == ()
    assert store.held(frozenset({IMAGE_KEY})).records == ()


@given(answers)
def test_no_answer_makes_a_kept_fact_or_a_crash(drawn: list[Drawn]) -> None:
    from cdkit.core.documents.statement import state

    store = open_store("oci://registry.example/orders", world(Path(), http=Answers(drawn)))
    try:
        store.put(state(evidence(), SUBJECT))
    except CdkitError:
        return
    raise AssertionError("a registry of nonsense took a fact")
