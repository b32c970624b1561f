"""The commands: a closed table, so that `--help` needs to import none of them."""

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from cdkit.core.step import AnyStep


class Entry(Struct, frozen=True):
    """A command: its name, the module that holds it, its one-line help."""

    name: str
    module: str
    help: str


STEPS = (
    Entry("tag-image", "cdkit.steps.tag_image", "Give an image the one name that cannot move."),
    Entry(
        "verify-image",
        "cdkit.steps.verify_image",
        "Does the tag name exactly what was pushed, or is it free?",
    ),
    Entry("pin-images", "cdkit.steps.pin_images", "Does every file name exactly what it runs?"),
    Entry(
        "lint-migrations",
        "cdkit.steps.lint_migrations",
        "Will the running version live with the new schema?",
    ),
    Entry(
        "scan-image",
        "cdkit.steps.scan_image",
        "Does the image carry known vulnerabilities?",
    ),
    Entry(
        "record-evidence",
        "cdkit.steps.record_evidence",
        "Turn test and coverage reports into facts about an image.",
    ),
    Entry("check-gate", "cdkit.steps.check_gate", "May this image enter this stage?"),
    Entry(
        "emit-event", "cdkit.steps.emit_event", "Tell everybody what happened, and never lose it."
    ),
)

COMMANDS = (
    Entry("run", "cdkit.cli.run", "Walk a cdkit.yaml through its steps, on this machine."),
    Entry("init", "cdkit.cli.init", "Look at a repository and write a cdkit.yaml for it."),
    Entry(
        "passport", "cdkit.cli.passport", "Write all that is known of an image as one HTML page."
    ),
    Entry("explain", "cdkit.cli.explain", "Explain a rule, or a step."),
    Entry("doctor", "cdkit.cli.doctor", "Say what is here, what is missing, and who wants it."),
    Entry(
        "generate", "cdkit.cli.generate", "Write actions, schemas, hooks and docs from the steps."
    ),
)

STEP_NAMES = tuple(entry.name for entry in STEPS)


def all_steps() -> "dict[str, AnyStep]":
    """Import every step and return them by name, in the order of the table."""
    import importlib

    return {entry.name: importlib.import_module(entry.module).STEP for entry in STEPS}
