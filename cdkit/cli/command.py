"""A click command from a step: its flags are the step's inputs, nothing is written twice."""

from collections.abc import Mapping
from typing import Any

import click

from cdkit.cli.inputs import Input, inputs_of, resolve
from cdkit.cli.judging import judging
from cdkit.cli.session import Session, begin, configured
from cdkit.cli.sharing import needed_sections, section_of
from cdkit.core.errors import CdkitError
from cdkit.core.step import AnyStep

_METAVARS = {"whole": "NUMBER", "number": "NUMBER", "map": "NAME=VALUE"}


def command_of(step: AnyStep) -> click.Command:
    """Return the click command of a step."""
    inputs = inputs_of(step.options)
    params: list[click.Parameter] = [_param(given) for given in inputs]
    params += [
        click.Option(["--config"], metavar="FILE", help="The configuration. [default: cdkit.yaml]"),
        click.Option(["--ci"], metavar="NAME", help="The CI system, where detection errs."),
    ]

    def callback(config: str | None, ci: str | None, **flags: Any) -> int:  # noqa: ANN401 - whatever click made of a flag
        return _run(step, flags, config, ci)

    return click.Command(
        step.name, params=params, callback=callback, short_help=step.summary, help=_help(step)
    )


def _run(step: AnyStep, flags: Mapping[str, Any], config: str | None, ci: str | None) -> int:
    from cdkit.cli.perform import perform, unanswered

    session = begin(ci)
    try:
        session = configured(session, config)
        environ = session.world.environ
        asked, options = judging(
            step,
            session,
            _section(step, session),
            lambda section: resolve(step, flags, environ, section),
        )
        return int(perform(asked, options, session.world, session.system).exit)
    except CdkitError as error:
        unanswered(step.name, error, session.system, session.world)
        raise


def _section(step: AnyStep, session: Session) -> Any:  # noqa: ANN401 - the step's own Options
    return section_of(step, session.sections(needed_sections(step)))


def _help(step: AnyStep) -> str:
    return f"{step.summary}\n\n{step.question}\n\nMore: docs/steps/{step.name}.md"


def _param(given: Input) -> click.Parameter:
    if given.argument:
        return click.Argument([given.field], nargs=-1, metavar=f"[{given.name.upper()}]...")
    text = given.help
    if given.shown_default and given.shape != "switch":
        text += f" [default: {given.shown_default}]"
    name = given.flag or f"--{given.name}"
    if given.shape == "switch":
        return click.Option([f"{name}/--no-{given.name}", given.field], default=None, help=text)
    return click.Option(
        [name, given.field],
        help=text,
        metavar=given.metavar or _METAVARS.get(given.shape),
        multiple=given.shape in {"list", "map"},
        type=click.Choice(given.choices) if given.shape == "choice" else None,
    )
