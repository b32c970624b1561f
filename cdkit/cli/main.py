"""The command `cdkit`: commands come from a table and are imported when they are called."""

import gc
import sys
from typing import NoReturn

import click

import cdkit
from cdkit.cli.table import COMMANDS, STEPS
from cdkit.core.doors.leaving import leave
from cdkit.core.doors.stopping import Stop


class Commands(click.Group):
    """A group that knows the names and one-line helps of its commands without importing them."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the names, in the order in which a pipeline uses them."""
        return [entry.name for entry in (*STEPS, *COMMANDS)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """Import one command."""
        import importlib

        entry = next((e for e in (*STEPS, *COMMANDS) if e.name == cmd_name), None)
        if entry is None:
            return None
        module = importlib.import_module(entry.module)
        if entry in STEPS:
            from cdkit.cli.command import command_of

            return command_of(module.STEP)
        command: click.Command = module.COMMAND
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find a command; for an unknown one say which is near."""
        if args and args[0] not in self.list_commands(ctx):
            import difflib

            near = difflib.get_close_matches(args[0], self.list_commands(ctx), n=1)
            hint = f" Did you mean {near[0]!r}?" if near else " `cdkit --help` lists them."
            raise click.UsageError(f"there is no command {args[0]!r}.{hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        """Write the two lists of commands."""
        for heading, entries in (("Steps", STEPS), ("Around them", COMMANDS)):
            with formatter.section(heading):
                formatter.write_dl([(entry.name, entry.help) for entry in entries])


GROUP = Commands(
    name="cdkit",
    help="CI/CD steps that let a team deploy every merge safely, without a person at a gate.\n\n"
    "Begin with `cdkit init`. Exit codes: 0 yes, 1 no, 2 wrong request, 3 no input, 4 cannot tell.",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    no_args_is_help=True,
)


@GROUP.result_callback()
def _exit(code: int | None) -> int:
    return code or 0


_GARBAGE = 1_000_000
"""Objects made before the collector looks for cycles: a command lives for seconds, makes trees of
nodes that are no cycles, and feels each look."""


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line and exit with the code that docs/exit-codes.md promises."""
    argv = sys.argv[1:] if arguments is None else arguments
    if argv == ["--version"]:
        print(f"cdkit {cdkit.__version__}")
        sys.exit(0)
    Stop().listen()
    gc.set_threshold(_GARBAGE, 50, 50)
    code = _guarded(argv)
    gc.freeze()  # or the interpreter looks for cycles in everything once more, only to end
    sys.exit(code)


def run(arguments: list[str]) -> NoReturn:
    """Run the command line, and end the process with its code at once."""
    try:
        main(arguments)
    except SystemExit as end:
        if not isinstance(end.code, int):
            raise
        leave(end.code)


def _guarded(argv: list[str]) -> int:
    """Run, and turn everything that can happen into a message and a code."""
    from cdkit.cli import failures

    try:
        code = GROUP.main(args=argv, prog_name="cdkit", standalone_mode=False)
        sys.stdout.flush()
    except Exception as error:  # noqa: BLE001 - the outermost frame: each becomes a message
        return failures.report(error, argv)
    except (KeyboardInterrupt, SystemExit) as stop:
        return failures.stopped(stop)
    return int(code or 0)
