"""`cdkit explain`: why a rule is one, what to do instead; or what a step does."""

import difflib

import click

from cdkit.cli.inputs import inputs_of, variable
from cdkit.cli.table import all_steps
from cdkit.core.errors import RequestError
from cdkit.core.rule import Rule
from cdkit.core.step import AnyStep


@click.command("explain", short_help="Explain a rule, or a step.")
@click.argument("name", required=False)
def COMMAND(name: str | None) -> int:  # noqa: N802 - the constant that the table loads
    """Explain a rule, a step, a doubt of a scan, or a key of the gate's policy.

    `dropped-column`; another linter's rule, `squawk:ban-char-field`; `scan-image`;
    `stale-database`; `policy` for all of its keys, `no-worse` for one. Without a name, list all.
    """
    steps = list(all_steps().values())
    rules = {rule.id: rule for step in steps for rule in step.rules()}
    if name is None:
        for step in steps:
            print(f"{step.name:22} {step.summary}")
        for rule in rules.values():
            print(f"  {rule.id:20} {rule.title}")
        return 0
    text = _explained(name, {step.name: step for step in steps}, rules)
    print(text)
    return 0


def _explained(name: str, steps: dict[str, AnyStep], rules: dict[str, Rule]) -> str:
    if name in rules:
        return rule_text(rules[name])
    if name in steps:
        return step_text(steps[name])
    if ":" in name:
        return _of_peer(name, rules)
    from cdkit.gate.keys import KEYS
    from cdkit.scan.doubts import ACCEPTABLE, FIRM

    if name == "policy":
        return "\n\n".join(_of_key(key) for key in KEYS)
    if name in KEYS:
        return _of_key(name)
    if name in ACCEPTABLE or name in FIRM:
        from cdkit.scan.remedies import REMEDIES

        return _of_doubt(name, ACCEPTABLE.get(name, ""), FIRM.get(name, ""), REMEDIES[name])
    names = [*rules, *steps, *ACCEPTABLE, *FIRM, *KEYS]
    near = difflib.get_close_matches(name, names, n=1)
    raise RequestError(
        f"there is no rule, no step, no doubt and no key of a policy {name!r}",
        remedy=f"did you mean {near[0]!r}?" if near else "`cdkit explain` lists them",
    )


def _of_key(name: str) -> str:
    """Return what a key of a policy asks, with an example."""
    from cdkit.gate.keys import KEYS

    key = KEYS[name]
    return f"{name}: {key.asks}\n    {key.example}"


def _of_doubt(name: str, acceptable: str, firm: str, remedy: str) -> str:
    """Return what a doubt of scan-image is about, what to do, and whether it can be taken on."""
    can = f"To take it on, where you know better: --accept {name}." if acceptable else ""
    told = f"The scan says cannot tell{'. ' + can if can else ', and nobody can take that on.'}"
    return f"{name}: {acceptable or firm}\n\n{told}\n\nWhat to do: {remedy}"


def _of_peer(name: str, rules: dict[str, Rule]) -> str:
    """Return what `squawk:ban-drop-column` is called here, and what that says."""
    from cdkit.migrations.peer import peers, rows_of

    linter, _, theirs = name.partition(":")
    found = rows_of(name)
    if found is None:
        raise RequestError(
            f"cdkit knows no linter {linter!r}", remedy=f"write one of {', '.join(peers())}"
        )
    if not found:
        known = [row.name for row in peers()[linter.replace("_", "-")].rows]
        near = difflib.get_close_matches(theirs, known, n=1)
        raise RequestError(
            f"{linter} has no rule {theirs!r} that cdkit knows",
            remedy=f"did you mean {near[0]!r}?" if near else "docs/coming-from.md lists them",
        )
    (row,) = found
    said = f"{name} is {' and '.join(row.ours)} here." if row.ours else f"{name} has no rule here."
    parts = [f"{said} {row.note}".strip(), *(rule_text(rules[one]) for one in row.ours)]
    return "\n\n\n".join(parts)


def rule_text(rule: Rule) -> str:
    """Return all that is known of a rule, as text."""
    asked = f", question: {rule.question}" if rule.question else ""
    taste = ", a matter of taste: looked for with `enable`" if rule.opinion else ""
    parts = [f"{rule.id}: {rule.title}", f"severity: {rule.severity}{asked}{taste}"]
    parts += [rule.why] if rule.why else []
    parts += [f"Instead: {rule.instead}"] if rule.instead else []
    parts += [f"No SQL to paste: {rule.by_hand}"] if rule.by_hand else []
    for label, examples in (("Flagged", rule.bad), ("Fine", rule.good)):
        for example in examples:
            parts.append(f"{label}:\n" + "\n".join(f"    {x}" for x in example.text.splitlines()))
    parts += ["Sources: " + ", ".join(rule.sources)] if rule.sources else []
    return "\n\n".join(parts)


def step_text(step: AnyStep) -> str:
    """Return what a step asks and takes, as text."""
    lines = [f"{step.name}: {step.summary}", "", step.question, "", "Inputs:"]
    for given in inputs_of(step.options):
        lines.append(f"  {given.name} ({variable(step.name, given.name)})")
        lines.append(f"      {given.help}")
    return "\n".join(lines)
