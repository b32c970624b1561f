"""Secrets have no place in an event: it goes to everybody."""

import itertools
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from urllib.parse import quote

from cdkit.core.errors import RequestError

_WORDS = frozenset(
    {
        "password",
        "passwd",
        "passphrase",
        "privatekey",
        "secret",
        "token",
        "apikey",
        "credential",
        "credentials",
        "authorization",
    }
)
_VARIABLE = re.compile(
    r"(?:TOKEN|PASSWORD|PASSWD|PASSPHRASE|SECRET|CREDENTIALS?|_PAT|AUTHORIZATION|WEBHOOK(?:_URL)?"
    r"|(?:API|PRIVATE|ACCESS|ROUTING|SIGNING|ENCRYPTION|ACCOUNT)_?KEY)$",
    re.IGNORECASE,
)
_SHORTEST = 8
_FORMS = (
    ("a token of GitHub", r"gh[oprsu]_[A-Za-z0-9]{30}|github_pat_[A-Za-z0-9_]{22}"),
    ("a token of GitLab", r"gl(?:pat|dt|ptt|cbt|rt|ft|imt|agent|oas|soat)-[\w-]{20}"),
    ("a token of Slack", r"xox[abceoprs]-[\w-]{10}|hooks\.slack\.com/(?:services|workflows)/"),
    ("an access key of AWS", r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"),
    ("a private key", r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----"),
    ("a JSON Web Token", r"\beyJ[\w-]{8,2000}\.eyJ[\w-]{8}"),
    ("a secret of Standard Webhooks", r"\bwhs(?:ec|k)_[A-Za-z0-9+/]{24}"),
    ("a token of npm", r"\bnpm_[A-Za-z0-9]{36}\b"),
    ("a token of PyPI", r"\bpypi-AgE[\w-]{50}"),
    ("a token of Docker Hub", r"\bdckr_(?:pat|oat)_[\w-]{27}"),
    ("a key of Google", r"\bAIza[\w-]{35}"),
    ("a key of Stripe", r"\b[rs]k_live_[A-Za-z0-9]{24}"),
    ("a token of Vault", r"\bhv[sb]\.[\w-]{24}"),
    ("an address with a password", r"://[^\s/@:]{1,200}:[^\s/@]{1,200}@"),
)
"""What tells a secret by itself. Sources: GitHub, "Token formats"; GitLab, "Token prefixes"; Slack,
"Token types" and "Incoming webhooks"; AWS IAM, "Unique ID prefixes"; RFC 7468, 10; RFC 7519, 3;
Standard Webhooks; npm, "About access tokens"; PyPI, "API token"; Docker, "Access tokens"; Google
Cloud, "API keys"; Stripe, "API keys"; Vault, "Tokens"; RFC 3986, 3.2.1."""


def refuse_secrets(
    given: Iterable[tuple[str, str]], environ: Mapping[str, str], known: Collection[str] = ()
) -> None:
    """Raise RequestError where a value that is given under a name is a secret, or the name itself.

    It is one where its name says so, where it holds what a variable of the environment holds that
    is `known` to hold one, or whose name ends like that of one (`…_TOKEN`, `…_PASSWORD`), in base64
    and in an address too, and where its form is that of one. Neither value nor length is told.
    """
    secrets = {
        form: name
        for name, value in environ.items()
        if (name in known or _VARIABLE.search(name)) and len(value.strip()) >= _SHORTEST
        for form in _forms_of(value.strip())
    }
    for name, value in given:
        if told := _told(name, secrets):
            raise _secret(f"the name of a value {told}")
        if _WORDS & set(_words(name)):
            raise _secret(f"{name[:60]!r} is the name of a secret")
        if told := _told(value, secrets):
            raise _secret(f"{name[:60]!r} {told}")


def _forms_of(secret: str) -> Iterator[str]:
    """Yield a secret as it stands, as part of an address, and as what base64 may make of it.

    Behind something else (`user:password`) base64 has one of three forms, by where the secret
    begins within three bytes; of each the part that nothing before or after it changes.
    """
    import base64

    yield secret
    yield quote(secret.encode("utf-8", "replace"), safe="")
    raw = secret.encode("utf-8", "replace")
    for ahead, changed in ((0, 0), (1, 2), (2, 3)):
        whole = base64.b64encode(bytes(ahead) + raw).decode()
        yield whole[changed : (ahead + len(raw)) // 3 * 4]


def _told(text: str, secrets: Mapping[str, str]) -> str:
    """Return what a text gives away; nothing where it gives nothing away."""
    for secret, variable in secrets.items():
        if secret in text:
            return f"holds the value of the variable {variable}"
    for what, form in _FORMS:
        if re.search(form, text, re.ASCII):
            return f"holds what looks like {what}"
    return ""


def _words(name: str) -> Iterator[str]:
    """Yield a name's words, and each two neighbours as one (`api-key`), in lower case."""
    parts = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", name).lower()
    words = re.findall(r"[a-z0-9]+", parts)
    yield from words
    yield from (first + second for first, second in itertools.pairwise(words))


def _secret(what: str) -> RequestError:
    return RequestError(
        f"{what}; an event goes to everybody",
        remedy="leave it out of the event",
    )
