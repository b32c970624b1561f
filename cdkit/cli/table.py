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
    Entry(
        "copy-evidence",
        "cdkit.steps.copy_evidence",
        "Copy the facts about an image to where it is promoted to.",
    ),
    Entry("check-gate", "cdkit.steps.check_gate", "May this image enter this stage?"),
    Entry("waive", "cdkit.steps.waive", "Let an image pass without one requirement, for a while."),
    Entry(
        "review-glass",
        "cdkit.steps.review_glass",
        "Say that a person looked at a gate that was opened by force.",
    ),
    Entry(
        "emit-event", "cdkit.steps.emit_event", "Tell everybody what happened, and never lose it."
    ),
    Entry(
        "flush-events", "cdkit.steps.flush_events", "Deliver what earlier jobs could not deliver."
    ),
    Entry(
        "read-event",
        "cdkit.steps.read_event",
        "Read the event that started this run, if it may be believed.",
    ),
    Entry("report-dora", "cdkit.steps.report_dora", "How well do we deliver, by DORA's metrics?"),
)

COMMANDS = (
    Entry("run", "cdkit.cli.run", "Walk a cdkit.yaml through its steps, on this machine."),
    Entry("init", "cdkit.cli.init", "Look at a repository and write a cdkit.yaml for it."),
    Entry("ratchet", "cdkit.cli.ratchet", "Tighten a policy to what the last releases reached."),
    Entry("policy", "cdkit.cli.policy", "Write admission policies that trust only the gate."),
    Entry("passport", "cdkit.cli.passport", "Write one page with all that is known of an image."),
    Entry("where", "cdkit.cli.where", "Say where an image or a service runs."),
    Entry("what", "cdkit.cli.what", "Say what runs in an environment."),
    Entry("audit", "cdkit.cli.audit", "List every deployment with the decision that let it in."),
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
