"""No secret gets into an event, whether its name, its value or its form tells it."""

from __future__ import annotations

import base64

import pytest

from cdkit.core.errors import RequestError
from cdkit.events.secrets import refuse_secrets

ENVIRON = {"DEPLOY_TOKEN": "t0p-s3cret-value", "HOME": "/home/ada-the-builder", "X_PAT": "short"}
LETTERS = "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8s9T0"


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "db-password",
        "apiKey",
        "API_KEY",
        "slack.token",
        "clientSecret",
        "Authorization",
        "private-key",
        "signingPassphrase",
    ],
)
def test_the_name_of_a_secret_is_refused(name: str) -> None:
    with pytest.raises(RequestError, match="is the name of a secret"):
        refuse_secrets([(name, "x")], {})


@pytest.mark.parametrize("value", ["t0p-s3cret-value", "curl -H t0p-s3cret-value"])
def test_the_value_of_a_secret_is_refused_and_not_shown(value: str) -> None:
    with pytest.raises(RequestError) as caught:
        refuse_secrets([("note", value)], ENVIRON)
    assert "DEPLOY_TOKEN" in caught.value.what
    assert "t0p" not in f"{caught.value}{caught.value.remedy}"


@pytest.mark.parametrize("before", ["", "x", "me", "ada:", "ada.b:", "ada.by:"])
@pytest.mark.parametrize("after", ["", "@host"])
def test_a_secret_in_base64_is_refused_whatever_stands_around_it(before: str, after: str) -> None:
    value = base64.b64encode(f"{before}t0p-s3cret-value{after}".encode()).decode()
    with pytest.raises(RequestError, match="holds the value of the variable DEPLOY_TOKEN"):
        refuse_secrets([("note", f"Basic {value}")], ENVIRON)


def test_a_secret_in_an_address_is_refused() -> None:
    with pytest.raises(RequestError, match="holds the value of the variable DEPLOY_TOKEN"):
        refuse_secrets(
            [("note", "https://x/?t=a%26b%2Fc%3Dd-%C3%A9")], {"DEPLOY_TOKEN": "a&b/c=d-é"}
        )


@pytest.mark.parametrize("name", ["t0p-s3cret-value", f"ghp_{LETTERS[:36]}", "x.t0p-s3cret-value"])
def test_a_name_that_is_a_secret_is_refused_and_not_shown(name: str) -> None:
    with pytest.raises(RequestError, match="the name of a value holds") as caught:
        refuse_secrets([(name, "1")], ENVIRON)
    assert name[4:12] not in f"{caught.value}{caught.value.remedy}"


@pytest.mark.parametrize(
    "variable",
    ["BUS_AUTHORIZATION", "SLACK_WEBHOOK_URL", "PAGERDUTY_ROUTING_KEY", "CDKIT_SIGNING_KEY"],
)
def test_a_variable_whose_name_is_that_of_a_secret_holds_one(variable: str) -> None:
    with pytest.raises(RequestError, match=f"holds the value of the variable {variable}"):
        refuse_secrets([("note", "it is what-nobody-knows")], {variable: "what-nobody-knows"})


@pytest.mark.parametrize(
    ("name", "value"),
    [("tokens-used", "7"), ("team", "short"), ("home", "/home/ada-the-builder"), ("keyboard", "q")],
)
def test_what_is_no_secret_is_taken(name: str, value: str) -> None:
    refuse_secrets([(name, value)], ENVIRON)


@pytest.mark.parametrize(
    ("value", "what"),
    [
        (f"use ghp_{LETTERS[:36]}", "a token of GitHub"),
        (f"github_pat_{LETTERS[:22]}_x", "a token of GitHub"),
        (f"glpat-{LETTERS[:20]}", "a token of GitLab"),
        (f"xoxb-{LETTERS[:12]}", "a token of Slack"),
        ("https://hooks.slack.com/services/T0/B0/x", "a token of Slack"),
        ("key AKIAIOSFODNN7EXAMPLE!", "an access key of AWS"),
        ("-----BEGIN EC PRIVATE KEY-----", "a private key"),
        (f"eyJ{LETTERS}.eyJ{LETTERS}.{LETTERS}", "a JSON Web Token"),
        (f"whsec_{LETTERS[:32]}", "a secret of Standard Webhooks"),
        (f"npm_{LETTERS[:36]}", "a token of npm"),
        (f"pypi-AgE{LETTERS}{LETTERS}", "a token of PyPI"),
        (f"dckr_pat_{LETTERS[:27]}", "a token of Docker Hub"),
        (f"AIza{LETTERS[:35]}", "a key of Google"),
        (f"sk_live_{LETTERS[:24]}", "a key of Stripe"),
        (f"hvs.{LETTERS[:24]}", "a token of Vault"),
        ("postgres://ada:letmein@db/orders", "an address with a password"),
    ],
)
def test_what_has_the_form_of_a_secret_is_refused_and_not_shown(value: str, what: str) -> None:
    with pytest.raises(RequestError) as caught:
        refuse_secrets([("note", value)], {})
    assert caught.value.what == f"'note' holds what looks like {what}; an event goes to everybody"


@pytest.mark.parametrize(
    "value",
    [
        "https://github.com/acme/orders/actions/runs/7",
        "ssh://git@host/acme/orders",
        "ghcr.io/acme/orders@sha256:" + "ab" * 32,
        "pkg:oci/orders@sha256:" + "ab" * 32 + "?repository_url=ghcr.io/acme/orders",
        "glass-panes-are-made-of-sand-and-fire",
        "eyJust a word",
        "4d1c6ee2-7a0f-5d43-9a3c-0a55a8e3a001",
        "http://[::1]:8080/a@b",
    ],
)
def test_what_only_resembles_a_secret_is_taken(value: str) -> None:
    refuse_secrets([("note", value)], {})
