"""What registries say of their own setting. The answers are hand-made after the vendors' pages.

Amazon ECR API Reference (DescribeRepositories); Artifact Registry REST reference
(projects.locations.repositories); Azure Container Registry REST API (Repository and Tag, "Get
Attributes"); Harbor's swagger.yaml (ImmutableRule); Docker Hub API ("Get repository").
"""

from __future__ import annotations

import base64
import contextlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdkit.core.doors.http import RequestsHttp
from cdkit.core.doors.process import SystemProcesses
from cdkit.core.errors import CannotTell
from cdkit.core.oci.reference import parse
from cdkit.core.plugins import collect
from cdkit.core.world import Completed, Http, Processes, Response, World
from cdkit.image.pushed import registries
from cdkit.image.pushed.immutability import PATIENCE, settings_of
from cdkit.image.pushed.registries._patterns import doublestar, regular, wildcard
from cdkit.image.pushed.setting import (
    RegistryKind,
    Setting,
    State,
    immutable,
    mutable,
    unknown,
    weakest,
)
from tests.core.serving import Answer, Asked, serving
from tests.image.pushed.registries import FakeAws, FakeHttp, answer
from tests.parts.amazon import Amazon
from tests.worlds import Notebook, StandingClock, world

ECR = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/orders"
GAR = "europe-west1-docker.pkg.dev/acme/apps/orders"
GAR_URL = (
    "https://artifactregistry.googleapis.com/v1/"
    "projects/acme/locations/europe-west1/repositories/apps"
)
ACR = "acme.azurecr.io/team/orders"
ACR_URL = "https://acme.azurecr.io/acr/v1/team/orders"
HUB_URL = "https://hub.docker.com/v2/namespaces/acme/repositories/orders"
HARBOR = "harbor.acme.example/shop/back/orders"
HARBOR_V2 = "https://harbor.acme.example/v2/"
HARBOR_RULES = "https://harbor.acme.example/api/v2.0/projects/shop/immutabletagrules?page_size=100"
CHALLENGE = 'Bearer realm="https://harbor.acme.example/service/token",service="harbor-registry"'


def _asking(
    folder: Path,
    reference: str,
    *,
    http: Http | None = None,
    processes: Processes | None = None,
    logins: Mapping[str, str] | None = None,
) -> tuple[Setting, World]:
    auths = {host: {"auth": _basic(pair)} for host, pair in (logins or {}).items()}
    (folder / "auth.json").write_text(json.dumps({"auths": auths}))
    environ = {"REGISTRY_AUTH_FILE": "auth.json"}
    outside = world(folder, http=http, processes=processes, environ=environ)
    (setting,) = settings_of((parse(reference),), outside)
    return setting, outside


def _basic(pair: str) -> str:
    return base64.b64encode(pair.encode()).decode()


def _ecr(mode: str, *filters: str, kind: str = "WILDCARD") -> bytes:
    repository: dict[str, Any] = {
        "repositoryArn": "arn:aws:ecr:eu-west-1:123456789012:repository/team/orders",
        "registryId": "123456789012",
        "repositoryName": "team/orders",
        "repositoryUri": ECR,
        "createdAt": "2026-11-23T12:00:00+00:00",
        "imageTagMutability": mode,
        "imageScanningConfiguration": {"scanOnPush": False},
    }
    if filters:
        repository["imageTagMutabilityExclusionFilters"] = [
            {"filterType": kind, "filter": one} for one in filters
        ]
    return json.dumps({"repositories": [repository]}).encode()


@pytest.mark.parametrize(
    ("mode", "filters", "tag", "state"),
    [
        ("MUTABLE", (), "v1", State.MUTABLE),
        ("IMMUTABLE", (), "v1", State.IMMUTABLE),
        ("IMMUTABLE_WITH_EXCLUSION", ("dev-*", "latest"), "v1", State.IMMUTABLE),
        ("IMMUTABLE_WITH_EXCLUSION", ("dev-*", "latest"), "latest", State.MUTABLE),
        ("IMMUTABLE_WITH_EXCLUSION", ("dev-*", "latest"), "dev-7", State.MUTABLE),
        ("IMMUTABLE_WITH_EXCLUSION", ("dev-*", "latest"), "xdev-7", State.IMMUTABLE),
        ("MUTABLE_WITH_EXCLUSION", ("v*",), "v1", State.IMMUTABLE),
        ("MUTABLE_WITH_EXCLUSION", ("v*",), "latest", State.MUTABLE),
    ],
)
def test_ecrs_mode_and_filters_are_judged_for_this_very_tag(
    tmp_path: Path, mode: str, filters: tuple[str, ...], tag: str, state: State
) -> None:
    aws = FakeAws(stdout=_ecr(mode, *filters))

    setting, _ = _asking(tmp_path, f"{ECR}:{tag}", processes=aws)

    assert setting.state is state
    assert mode in setting.why


def test_ecr_is_asked_by_an_argument_list_for_the_account_and_region_of_the_host(
    tmp_path: Path,
) -> None:
    aws = FakeAws(stdout=_ecr("IMMUTABLE"))

    _asking(tmp_path, f"{ECR}:v1", processes=aws)

    (command,) = aws.ran
    assert command == (
        "aws", "ecr", "describe-repositories", "--registry-id", "123456789012",
        "--repository-names", "team/orders", "--region", "eu-west-1", "--output", "json",
    )  # fmt: skip
    assert aws.timeouts == [PATIENCE]


@pytest.mark.parametrize(
    ("aws", "said"),
    [
        (FakeAws(present=False), "not installed"),
        (
            FakeAws(code=254, stderr=b"\nAn error occurred (AccessDeniedException): no\n"),
            r"ended with 254: An error occurred \(AccessDeniedException\): no",
        ),
        (FakeAws(code=255), "it said nothing"),
        (FakeAws(stdout=b"<html>"), "something else than its documentation"),
        (FakeAws(stdout=b""), "something else than its documentation"),
        (FakeAws(stdout=b'{"repositories": []}'), "says nothing of team/orders"),
        (FakeAws(stdout=_ecr("FROZEN")), "'FROZEN'"),
        (FakeAws(stdout=_ecr("IMMUTABLE_WITH_EXCLUSION", "v*", kind="REGEX")), "a filter of it"),
    ],
)
def test_ecr_that_does_not_tell_is_unknown_with_its_reason(
    tmp_path: Path, aws: FakeAws, said: str
) -> None:
    setting, _ = _asking(tmp_path, f"{ECR}:v1", processes=aws)

    assert setting.state is State.UNKNOWN
    assert re.search(said, setting.why), setting.why


@pytest.mark.parametrize(
    "host",
    [
        "123456789012.dkr.ecr.eu-west-1.amazonaws.com",
        "123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com",
        "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn",
        "123456789012.dkr.ecr.eusc-de-east-1.amazonaws.eu",
        "123456789012.dkr-ecr.eu-west-1.on.aws",
    ],
)
def test_every_host_of_a_private_ecr_is_known(tmp_path: Path, host: str) -> None:
    setting, _ = _asking(tmp_path, f"{host}/a:v1", processes=FakeAws(present=False))

    assert "ECR" in setting.why


@pytest.mark.needs("aws")
@pytest.mark.parametrize(
    ("mode", "tag", "state"),
    [
        ("MUTABLE", "v1", State.MUTABLE),
        ("IMMUTABLE", "v1", State.IMMUTABLE),
        ("IMMUTABLE_WITH_EXCLUSION", "v1", State.IMMUTABLE),
        ("IMMUTABLE_WITH_EXCLUSION", "dev-7", State.MUTABLE),
        ("MUTABLE_WITH_EXCLUSION", "v1", State.MUTABLE),
        ("MUTABLE_WITH_EXCLUSION", "dev-7", State.IMMUTABLE),
    ],
)
def test_the_real_aws_command_line_tells_the_setting(
    amazon: Amazon,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    mode: str,
    tag: str,
    state: State,
) -> None:
    name = f"immutability/{mode.lower()}-{tag}"
    filters = ["filterType=WILDCARD,filter=dev-*"] if "EXCLUSION" in mode else []
    amazon.run(
        "ecr", "create-repository", "--repository-name", name, "--image-tag-mutability", mode,
        *(["--image-tag-mutability-exclusion-filters", *filters] if filters else []),
    )  # fmt: skip
    for key, value in amazon.environ.items():
        monkeypatch.setenv(key, value)
    monkeypatch.setenv("PATH", str(amazon.commands), prepend=":")
    host = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"

    setting, _ = _asking(tmp_path, f"{host}/{name}:{tag}", processes=SystemProcesses())

    assert setting.state is state, setting.why


def _gar(**config: bool) -> Response:
    name = GAR_URL.partition("/v1/")[2]
    docker = {"dockerConfig": config} if config else {}
    return answer({"name": name, "format": "DOCKER", "mode": "STANDARD_REPOSITORY", **docker})


@pytest.mark.parametrize(
    ("found", "state"),
    [
        (_gar(immutableTags=True), State.IMMUTABLE),
        (_gar(immutableTags=False), State.MUTABLE),
        (_gar(), State.MUTABLE),
        (answer({"error": {"code": 403}}, 403), State.UNKNOWN),
        (answer({}), State.UNKNOWN),
        (answer({"name": "another", "format": "DOCKER"}), State.UNKNOWN),
    ],
)
def test_artifact_registry_tells_its_flag(tmp_path: Path, found: Response, state: State) -> None:
    http = FakeHttp({GAR_URL: found})
    logins = {"europe-west1-docker.pkg.dev": "oauth2accesstoken:ya29.word"}

    setting, outside = _asking(tmp_path, f"{GAR}:v1", http=http, logins=logins)

    assert setting.state is state
    assert http.asked == [(GAR_URL, {"Authorization": "Bearer ya29.word"})]
    assert isinstance(outside.talk, Notebook)
    assert "goes to artifactregistry.googleapis.com" in outside.talk.said[0]


@pytest.mark.parametrize("login", [None, "_json_key:{}", "somebody:word"])
def test_no_login_but_an_access_token_is_sent_to_googles_api(
    tmp_path: Path, login: str | None
) -> None:
    http = FakeHttp({})
    logins = {"europe-west1-docker.pkg.dev": login} if login else {}

    setting, _ = _asking(tmp_path, f"{GAR}:v1", http=http, logins=logins)

    assert setting.state is State.UNKNOWN
    assert "wants an access token" in setting.why
    assert http.asked == []


def test_a_project_of_a_domain_is_named_as_google_names_it(tmp_path: Path) -> None:
    url = (
        "https://artifactregistry.googleapis.com/v1/"
        "projects/acme.com%3Ashop/locations/us/repositories/apps"
    )
    name = "projects/acme.com:shop/locations/us/repositories/apps"
    found = answer({"name": name, "format": "DOCKER", "dockerConfig": {"immutableTags": True}})
    logins = {"us-docker.pkg.dev": "oauth2accesstoken:ya29.word"}

    setting, _ = _asking(
        tmp_path, "us-docker.pkg.dev/acme.com/shop/apps/a:v1", http=FakeHttp({url: found}),
        logins=logins,
    )  # fmt: skip

    assert setting.state is State.IMMUTABLE


def _acr(*, write: bool) -> dict[str, Any]:
    return {
        "changeableAttributes": {
            "deleteEnabled": True, "writeEnabled": write, "readEnabled": True, "listEnabled": True,
        }
    }  # fmt: skip


ABSENT = answer({"errors": [{"code": "NAME_UNKNOWN"}]}, 404)


@pytest.mark.parametrize(
    ("repository", "tag", "state"),
    [
        (answer(_acr(write=True)), answer({"tag": _acr(write=True)}), State.MUTABLE),
        (answer(_acr(write=True)), answer({"tag": _acr(write=False)}), State.IMMUTABLE),
        (answer(_acr(write=False)), answer({"tag": _acr(write=True)}), State.IMMUTABLE),
        (answer(_acr(write=True)), ABSENT, State.MUTABLE),
        (ABSENT, ABSENT, State.MUTABLE),
        (answer({}, 403), ABSENT, State.UNKNOWN),
        (answer(_acr(write=True)), answer({}, 500), State.UNKNOWN),
        (answer(_acr(write=True)), answer({"tag": {}}), State.UNKNOWN),
    ],
)
def test_acr_tells_whether_the_repository_or_the_tag_is_locked(
    tmp_path: Path, repository: Response, tag: Response, state: State
) -> None:
    http = FakeHttp({ACR_URL: repository, f"{ACR_URL}/_tags/v1": tag})

    setting, _ = _asking(tmp_path, f"{ACR}:v1", http=http)

    assert setting.state is state


def test_acrs_challenge_is_answered_on_acrs_own_host(tmp_path: Path) -> None:
    realm = "https://acme.azurecr.io/oauth2/token"
    scope = "repository:team/orders:metadata_read"
    challenge = f'Bearer realm="{realm}",service="acme.azurecr.io",scope="{scope}"'

    def guarded(value: object) -> Any:  # noqa: ANN401 - a script
        def script(headers: Mapping[str, str]) -> Response:
            if headers.get("Authorization") == "Bearer t0ken":
                return answer(value)
            return answer({}, 401, www_authenticate=challenge)

        return script

    query = "?service=acme.azurecr.io&scope=repository%3Ateam%2Forders%3Ametadata_read"
    http = FakeHttp(
        {
            ACR_URL: guarded(_acr(write=True)),
            f"{ACR_URL}/_tags/v1": guarded({"tag": _acr(write=False)}),
            f"{realm}{query}": answer({"access_token": "t0ken"}),
        }
    )

    setting, _ = _asking(tmp_path, f"{ACR}:v1", http=http, logins={"acme.azurecr.io": "ci:word"})

    assert setting.state is State.IMMUTABLE
    assert {url.split("/")[2] for url, _ in http.asked} == {"acme.azurecr.io"}


def _rule(tag: str, repository: str = "**", **changes: object) -> dict[str, Any]:
    """A rule as Harbor's API shows it."""
    rule = {
        "id": 7,
        "priority": 0,
        "disabled": False,
        "action": "immutable",
        "template": "immutable_template",
        "tag_selectors": [_selector("matches", tag)],
        "scope_selectors": {"repository": [_selector("repoMatches", repository)]},
    }
    return {**rule, **changes}


def _selector(decoration: str, pattern: str, kind: str = "doublestar") -> dict[str, str]:
    return {"kind": kind, "decoration": decoration, "pattern": pattern, "extras": ""}


@pytest.mark.parametrize(
    ("rules", "state"),
    [
        ([], State.MUTABLE),
        ([_rule("**")], State.IMMUTABLE),
        ([_rule("v*")], State.IMMUTABLE),
        ([_rule("release-*")], State.MUTABLE),
        ([_rule("release-*"), _rule("{v1,v2}")], State.IMMUTABLE),
        ([_rule("v*", disabled=True)], State.MUTABLE),
        ([_rule("v*", "back/**")], State.IMMUTABLE),
        ([_rule("v*", "back/orders")], State.IMMUTABLE),
        ([_rule("v*", "orders")], State.MUTABLE),
        ([_rule("v*", "*")], State.MUTABLE),
        ([_rule("", tag_selectors=[_selector("excludes", "dev-*")])], State.IMMUTABLE),
        ([_rule("", tag_selectors=[_selector("excludes", "v*")])], State.MUTABLE),
        (
            [_rule("v*", scope_selectors={"repository": [_selector("repoExcludes", "back/**")]})],
            State.MUTABLE,
        ),
        ([_rule("v*", tag_selectors=[])], State.UNKNOWN),
        ([_rule("v*", tag_selectors=[_selector("matches", "v*", kind="regex")])], State.UNKNOWN),
        ([_rule("v*", tag_selectors=[_selector("nearly", "v*")])], State.UNKNOWN),
        ([_rule("v[0-9]")], State.UNKNOWN),
        ({"errors": []}, State.UNKNOWN),
    ],
)
def test_harbor_tells_whether_a_rule_covers_the_tag(
    tmp_path: Path, rules: object, state: State
) -> None:
    http = FakeHttp(
        {HARBOR_V2: answer({}, 401, www_authenticate=CHALLENGE), HARBOR_RULES: answer(rules)}
    )

    setting, _ = _asking(tmp_path, f"{HARBOR}:v1", http=http)

    assert setting.state is state, setting.why


def test_harbor_is_recognised_without_the_login_and_asked_with_it(tmp_path: Path) -> None:
    http = FakeHttp(
        {HARBOR_V2: answer({}, 401, www_authenticate=CHALLENGE), HARBOR_RULES: answer([])}
    )

    _asking(tmp_path, f"{HARBOR}:v1", http=http, logins={"harbor.acme.example": "ci:word"})

    first, second = http.asked
    assert first == (HARBOR_V2, {})
    assert second[0] == HARBOR_RULES
    assert second[1]["Authorization"] == f"Basic {base64.b64encode(b'ci:word').decode()}"


def test_a_registry_that_is_no_harbor_is_never_asked_for_harbors_api(tmp_path: Path) -> None:
    challenge = 'Bearer realm="https://registry.acme.example/token",service="registry"'
    url = "https://registry.acme.example/v2/"
    http = FakeHttp({url: answer({}, 401, www_authenticate=challenge)})

    setting, _ = _asking(tmp_path, "registry.acme.example/a/b:v1", http=http)

    assert setting.state is State.UNKNOWN
    assert [asked for asked, _ in http.asked] == [url]


def test_harbor_on_loopback_is_spoken_to_over_a_real_connection(tmp_path: Path) -> None:
    def script(asked: Asked) -> Answer:
        if asked.path == "/v2/":
            return Answer(401, {"WWW-Authenticate": CHALLENGE})
        return Answer(200, {}, json.dumps([_rule("v*")]).encode())

    with serving(script) as server:
        name = f"{server.address}/shop/orders:v1"
        setting, _ = _asking(tmp_path, name, http=RequestsHttp(StandingClock()))

    assert setting.state is State.IMMUTABLE
    assert server.asked[1].path == "/api/v2.0/projects/shop/immutabletagrules?page_size=100"


def _hub(*rules: str, enabled: bool = True) -> Response:
    settings = {"enabled": enabled, "rules": list(rules)}
    return answer({"name": "orders", "namespace": "acme", "immutable_tags_settings": settings})


@pytest.mark.parametrize(
    ("found", "state"),
    [
        (_hub(".*", enabled=False), State.MUTABLE),
        (_hub(".*"), State.IMMUTABLE),
        (_hub(r"^v[0-9]+$"), State.IMMUTABLE),
        (_hub(r"^[0-9]+\.[0-9]+\.[0-9]+$"), State.MUTABLE),
        (_hub("release", "v.*"), State.IMMUTABLE),
        (_hub("(a+)+$", "v1"), State.IMMUTABLE),
        (_hub("(a+)+$"), State.UNKNOWN),
        (_hub("v"), State.UNKNOWN),
        (_hub(), State.UNKNOWN),
        (answer({"name": "orders"}), State.UNKNOWN),
        (answer({"message": "object not found"}, 404), State.UNKNOWN),
    ],
)
def test_docker_hub_tells_its_rules_without_a_login(
    tmp_path: Path, found: Response, state: State
) -> None:
    http = FakeHttp({HUB_URL: found})
    logins = {"https://index.docker.io/v1/": "acme:word"}

    setting, _ = _asking(tmp_path, "acme/orders:v1", http=http, logins=logins)

    assert setting.state is state, setting.why
    assert http.asked == [(HUB_URL, {})]


def test_githubs_registry_keeps_no_tag(tmp_path: Path) -> None:
    http = FakeHttp({})
    setting, _ = _asking(tmp_path, "ghcr.io/acme/orders:v1", http=http)

    assert setting.state is State.MUTABLE
    assert http.asked == []


@pytest.mark.parametrize(
    "reference",
    [f"{ECR}:v1", f"{GAR}:v1", f"{ACR}:v1", "acme/orders:v1", "ghcr.io/acme/orders:v1"],
)
def test_exactly_one_make_claims_a_host(reference: str) -> None:
    kinds = collect(registries, "REGISTRY", RegistryKind).values()

    assert len([kind.name for kind in kinds if kind.claims(parse(reference))]) == 1


@pytest.mark.parametrize(
    "host",
    [
        "evil-docker.pkg.dev.example.com",
        "acme.azurecr.io.example.com",
        "123456789012.dkr.ecr.eu-west-1.amazonaws.com.example.com",
        "12345678901.dkr.ecr.eu-west-1.amazonaws.com",
        "ghcr.io.example.com",
        "registry.example.com:5000",
    ],
)
def test_a_host_that_only_looks_like_one_is_claimed_by_none(host: str) -> None:
    kinds = collect(registries, "REGISTRY", RegistryKind).values()

    assert [kind.name for kind in kinds if kind.claims(parse(f"{host}/a/b:v1"))] == []


class _Slow:
    """A command line that takes eight seconds each time."""

    def __init__(self, clock: StandingClock) -> None:
        self.clock = clock
        self.timeouts: list[float] = []

    def which(self, program: str) -> str:
        return program

    def run(self, argv: object, *, timeout: float = 60, **_: object) -> Completed:
        del argv
        self.timeouts.append(timeout)
        self.clock.sleep(8)
        return Completed(code=0, stdout=_ecr("IMMUTABLE"), stderr=b"")


def test_the_settings_of_all_tags_together_take_ten_seconds_at_most(tmp_path: Path) -> None:
    outside = world(tmp_path)
    assert isinstance(outside.clock, StandingClock)
    slow = _Slow(outside.clock)
    outside = world(tmp_path, processes=slow)
    assert isinstance(outside.clock, StandingClock)
    slow.clock = outside.clock

    other = ECR.replace("123456789012", "210987654321")
    third = ECR.replace("eu-west-1", "us-east-1")
    names = (f"{ECR}:v1", f"{other}:v1", f"{third}:v1")
    found = settings_of(tuple(parse(name) for name in names), outside)

    assert [setting.state for setting in found] == [
        State.IMMUTABLE, State.IMMUTABLE, State.UNKNOWN,
    ]  # fmt: skip
    assert slow.timeouts == [10.0, 2.0]
    assert "within 10 s" in found[2].why


def test_several_tags_of_one_repository_need_one_answer(tmp_path: Path) -> None:
    aws = FakeAws(stdout=_ecr("IMMUTABLE_WITH_EXCLUSION", "dev-*"))
    outside = world(tmp_path, processes=aws)

    found = settings_of((parse(f"{ECR}:v1"), parse(f"{ECR}:dev-7")), outside)

    assert [setting.state for setting in found] == [State.IMMUTABLE, State.MUTABLE]
    assert len(aws.ran) == 1


def test_where_a_login_goes_is_said_once(tmp_path: Path) -> None:
    http = FakeHttp({GAR_URL: _gar(immutableTags=True)})
    (tmp_path / "auth.json").write_text(
        json.dumps(
            {"auths": {"europe-west1-docker.pkg.dev": {"auth": _basic("oauth2accesstoken:w")}}}
        )
    )
    outside = world(tmp_path, http=http, environ={"REGISTRY_AUTH_FILE": "auth.json"})

    settings_of((parse(f"{GAR}:v1"), parse(f"{GAR}:v2")), outside)

    assert isinstance(outside.talk, Notebook)
    assert len(outside.talk.said) == len(http.asked) == 1
    assert "w" not in outside.talk.said[0].split()


def test_a_registry_that_is_down_is_unknown(tmp_path: Path) -> None:
    setting, _ = _asking(tmp_path, "registry.acme.example/a/b:v1")

    assert setting.state is State.UNKNOWN
    assert "nobody answers" in setting.why


@pytest.mark.parametrize(
    ("settings", "state"),
    [
        ((), State.UNKNOWN),
        ((immutable("a"), immutable("b")), State.IMMUTABLE),
        ((immutable("a"), unknown("b")), State.UNKNOWN),
        ((immutable("a"), unknown("b"), mutable("c")), State.MUTABLE),
    ],
)
def test_several_tags_are_kept_as_the_weakest_of_them_is(
    settings: tuple[Setting, ...], state: State
) -> None:
    assert weakest(settings) is state


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        ("*", "", True),
        ("a*b*c", "a-b-c", True),
        ("a*b*c", "abc", True),
        ("ab*ba", "aba", False),
        ("*-dev", "x-dev", True),
        ("v1.0", "v1x0", False),
        ("", "", True),
    ],
)
def test_a_wildcard_is_the_star_alone(pattern: str, text: str, *, matches: bool) -> None:
    assert wildcard(pattern, text) is matches


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        ("**", "a/b", True),
        ("*", "a/b", False),
        ("a/**", "a/b/c", True),
        ("**/c", "a/b/c", True),
        ("**/c", "c", True),
        ("a**", "a/b", False),
        ("a**", "ab", True),
        ("?1", "v1", True),
        ("{dev,rc}-*", "rc-1", True),
        ("v1.0", "v1x0", False),
    ],
)
def test_two_stars_cross_folders_and_one_does_not(
    pattern: str, text: str, *, matches: bool
) -> None:
    assert doublestar(pattern, text) is matches


@pytest.mark.parametrize("pattern", ["(a+)+", "a|b", "[[a]", "a**", "x" * 300, ".*" * 9, "[a--b]"])
def test_a_rule_that_is_more_than_plain_is_not_tried(pattern: str) -> None:
    with pytest.raises(CannotTell, match="does not try the rule"):
        regular(pattern, "a")


def test_a_rule_that_matches_a_part_alone_is_in_doubt() -> None:
    with pytest.raises(CannotTell, match="matches a part"):
        regular("v1", "v10")


@given(st.text(alphabet="a*?+{}[](),.^$\\/|-", max_size=40), st.text("ab/.-", max_size=128))
def test_a_hostile_pattern_is_answered_or_refused(pattern: str, text: str) -> None:
    for match in (wildcard, doublestar, regular):
        with contextlib.suppress(CannotTell):
            assert match(pattern, text) in {True, False}


@pytest.mark.parametrize("pattern", [".*.*.*.*x", "a*a*a*a*b", r"\w+\w+\w+\w+x"])
def test_the_worst_pattern_that_is_tried_ends(pattern: str) -> None:
    assert regular(pattern, "a" * 128) is False
    assert doublestar("*a*a*a*b", "a" * 128) is False
