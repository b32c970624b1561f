"""`type=pep440`: a pattern over the Python version of the git tag."""

from cdkit.image.tags.expressions import scope_of
from cdkit.image.tags.facts import Facts
from cdkit.image.tags.pep440 import read_pep440
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
    version = read_pep440(text)
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
        chosen=from_git,
        apart=written if text != written else "",
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
