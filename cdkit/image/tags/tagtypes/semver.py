"""`type=semver`: a pattern over the semantic version of the git tag."""

from cdkit.image.tags.expressions import scope_of
from cdkit.image.tags.facts import Facts
from cdkit.image.tags.semver import SemVer, read_semver
from cdkit.image.tags.tagtype import Made, Nothing, Rule, TagType
from cdkit.image.tags.tagtypes._source import check_match, narrowed, text_of
from cdkit.image.tags.template import read_template, render


def _make(rule: Rule, facts: Facts) -> Made | Nothing:
    source = text_of(rule, facts)
    if isinstance(source, Nothing):
        return source
    text, from_git = source
    written = narrowed(rule, text)
    text = written.replace("/", "-")
    version = read_semver(text.strip())
    if version is None:
        return Nothing(
            what=f"{text[:100]!r} is no semantic version",
            remedy="tag as v1.2.3 (https://semver.org), or pick the version with match=",
        )
    return Made(
        text=_written(rule, version, facts, version.version),
        plain=_written(rule, version, facts, version.precedence),
        from_git=from_git,
        stable=not version.prerelease,
        chosen=from_git,
        apart=written if text != written else "",
        plus=True,
    )


def _written(rule: Rule, version: SemVer, facts: Facts, whole: str) -> str:
    """Render the pattern; a pre-release gets no shorter name than its own."""
    pattern = rule.template("pattern")
    if version.prerelease and pattern.sole != "raw":
        pattern = read_template("{{version}}")
    own = {
        "raw": lambda _: version.raw,
        "version": lambda _: whole,
        "major": lambda _: version.major,
        "minor": lambda _: version.minor,
        "patch": lambda _: version.patch,
    }
    return render(pattern, {**scope_of(facts), **own})


TAG_TYPE = TagType(
    priority=900,
    make=_make,
    attributes={"value": "", "match": ""},
    needed=("pattern",),
    templates=("pattern", "value"),
    expressions=frozenset({"raw", "version", "major", "minor", "patch"}),
    complete=check_match,
)
