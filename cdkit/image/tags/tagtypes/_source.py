"""The text that version and match rules read: their `value`, else the git tag."""

import re
import warnings

from cdkit.core.errors import RequestError
from cdkit.image.tags.expressions import from_git, guard_of, is_chosen
from cdkit.image.tags.facts import Facts
from cdkit.image.tags.tagtype import Made, Nothing, Rule

_SLASHED = re.compile(r"/(?P<pattern>.+)/(?P<flags>.*)", re.DOTALL)
_FLAGS = {"i": re.IGNORECASE, "m": re.MULTILINE, "s": re.DOTALL}
_IDLE_FLAGS = frozenset("dguvy")
_LONGEST_TEXT = 4_096


def text_of(rule: Rule, facts: Facts) -> tuple[str, bool] | Nothing:
    """Return the text and whether it comes from git; nothing where there is neither."""
    if rule.attributes["value"]:
        return rule.rendered("value", facts), from_git(rule.template("value"))
    if not facts.tag:
        return Nothing(
            what="there is no git tag to make a tag from",
            remedy="add a rule for other events, or give value=",
        )
    return facts.tag, True


def written(rule: Rule, name: str, facts: Facts) -> Made:
    """Return what a template of the user's own makes."""
    template = rule.template(name)
    return Made(
        text=rule.rendered(name, facts),
        literal=not template.expressions,
        from_git=from_git(template),
        chosen=is_chosen(template),
        guarded=guard_of(template),
    )


def groups(pattern: str, text: str, line: str) -> list[str | None]:
    r"""Return the whole match and its groups, an empty list where nothing matches.

    The pattern is a regular expression of JavaScript as far as Python reads it, `/…/flags` too;
    with the flag `g` each match stands in its turn instead of the groups, as there. `\d` and `\w`
    are ASCII.
    """
    slashed = _SLASHED.fullmatch(pattern)
    given = slashed["flags"] if slashed else ""
    expression = compile_pattern(slashed["pattern"] if slashed else pattern, given, line)
    if len(text) > _LONGEST_TEXT:
        return []
    if "g" in given:
        return [found[0] for found in expression.finditer(text)]
    found = expression.search(text)
    return [found[0], *found.groups()] if found else []


def compile_pattern(pattern: str, given: str, line: str) -> re.Pattern[str]:
    """Return the compiled pattern; RequestError where it is none, or a flag is unknown."""
    flags = re.ASCII
    for flag in given:
        if flag not in _FLAGS and flag not in _IDLE_FLAGS:
            raise RequestError(
                f"there is no flag {flag!r} of a regular expression",
                where=line,
                remedy=f"write flags out of {''.join(sorted({*_FLAGS, *_IDLE_FLAGS}))}",
            )
        flags |= _FLAGS.get(flag, re.ASCII)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # `[[` will mean a set one day
            return re.compile(_in_python(pattern), flags)
    except (re.error, RecursionError, OverflowError) as fault:
        raise RequestError(
            f"{pattern[:200]!r} is no regular expression: {fault}",
            where=line,
            remedy='check it; a field that holds a comma is quoted: "pattern=v(\\d{1,3})"',
        ) from fault


def _in_python(pattern: str) -> str:
    r"""Write JavaScript's named groups, `(?<name>…)` and `\k<name>`, as Python does."""
    named = re.sub(r"(?<!\\)\(\?<(?![=!])", "(?P<", pattern)
    return re.sub(r"(?<!\\)\\k<(\w+)>", r"(?P=\1)", named, flags=re.ASCII)


def narrowed(rule: Rule, text: str) -> str:
    """Return what `match=` picks from the text by its first group; all of it where it misses."""
    if not rule.attributes["match"]:
        return text
    found = groups(rule.attributes["match"], text, rule.line)
    return (found[1] or "") if len(found) > 1 else text


def check_match(given: dict[str, str], line: str) -> dict[str, str]:
    """Check that `match=` is a regular expression that has a group to pick."""
    slashed = _SLASHED.fullmatch(given["match"])
    pattern = slashed["pattern"] if slashed else given["match"]
    if pattern and not compile_pattern(pattern, slashed["flags"] if slashed else "", line).groups:
        raise RequestError(
            f"match={given['match'][:200]!r} has no group to pick",
            where=line,
            remedy="put what is wanted in brackets: match=app-(.*)",
        )
    return given
