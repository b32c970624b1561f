"""`type=pep440`: a pattern over the Python version of the git tag."""

import re

from msgspec import Struct

from cdkit.image.tags.expressions import scope_of
from cdkit.image.tags.facts import Facts
from cdkit.image.tags.tagtype import Made, Nothing, Rule, TagType
from cdkit.image.tags.tagtypes._source import check_match, narrowed, text_of
from cdkit.image.tags.template import read_template, render

_VERSION = re.compile(
    r"v?(?:(?P<epoch>[0-9]+)!)?(?P<release>[0-9]+(?:\.[0-9]+)*)"
    r"(?:[-_.]?(?P<pre>alpha|a|beta|b|preview|pre|c|rc)[-_.]?(?P<pre_n>[0-9]+)?)?"
    r"(?:-(?P<post_only>[0-9]+)|(?P<post>[-_.]?(?:post|rev|r)[-_.]?(?P<post_n>[0-9]+)?))?"
    r"(?P<dev>[-_.]?dev[-_.]?(?P<dev_n>[0-9]+)?)?"
    r"(?:\+(?P<local>[a-z0-9]+(?:[-_.][a-z0-9]+)*))?",
    re.ASCII | re.IGNORECASE,
)
_PRE = {"alpha": "a", "beta": "b", "c": "rc", "pre": "rc", "preview": "rc"}
_LONGEST = 256


class _Version(Struct, frozen=True, kw_only=True):
    """A version: `clean` is its normal form, `final` tells that it is no pre-, post-, dev one."""

    clean: str
    release: tuple[str, ...]
    final: bool

    def part(self, index: int) -> str:
        return self.release[index] if index < len(self.release) else "0"


def _read(text: str) -> _Version | None:
    """Return the version (packaging.python.org, "Version specifiers", appendix), or None."""
    found = _VERSION.fullmatch(text.strip()) if len(text) <= _LONGEST else None
    if found is None:
        return None
    release = tuple(_number(part) for part in found["release"].split("."))
    clean = ".".join(release)
    if _number(found["epoch"]) != "0":
        clean = f"{_number(found['epoch'])}!{clean}"
    if found["pre"]:
        letters = found["pre"].lower()
        clean += f"{_PRE.get(letters, letters)}{_number(found['pre_n'])}"
    if found["post"] or found["post_only"]:
        clean += f".post{_number(found['post_only'] or found['post_n'])}"
    if found["dev"]:
        clean += f".dev{_number(found['dev_n'])}"
    if found["local"]:
        parts = re.split(r"[-_.]", found["local"].lower())
        clean += "+" + ".".join(_number(part) if part.isdigit() else part for part in parts)
    final = not (found["pre"] or found["post"] or found["post_only"] or found["dev"])
    return _Version(clean=clean, release=release, final=final)


def _number(text: str | None) -> str:
    return (text or "").lstrip("0") or "0"


def _make(rule: Rule, facts: Facts) -> Made | Nothing:
    source = text_of(rule, facts)
    if isinstance(source, Nothing):
        return source
    text, from_git = source
    text = narrowed(rule, text).replace("/", "-")
    version = _read(text)
    if version is None:
        return Nothing(
            what=f"{text[:100]!r} is no version of PEP 440",
            remedy="tag as 1.2.3 or 1.2.3rc1, or pick the version with match=",
        )
    pattern = rule.template("pattern")
    if not version.final and pattern.sole != "raw":
        pattern = read_template("{{version}}")
    own = {
        "raw": lambda _: text,
        "version": lambda _: version.clean,
        "major": lambda _: version.part(0),
        "minor": lambda _: version.part(1),
        "patch": lambda _: version.part(2),
    }
    return Made(
        text=render(pattern, {**scope_of(facts), **own}),
        from_git=from_git,
        stable=version.final,
        # A version as it was written may hold a `_`, its normal form never does.
        plus="raw" not in pattern.names,
    )


TAG_TYPE = TagType(
    priority=900,
    make=_make,
    attributes={"value": "", "match": ""},
    needed=("pattern",),
    templates=("pattern", "value"),
    expressions=frozenset({"raw", "version", "major", "minor", "patch"}),
    complete=check_match,
)
