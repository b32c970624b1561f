"""What a requirement asks, in words, and the command that would answer it."""

from cdkit.gate.policy import Requirement

_FILES = {"unit": "reports/junit.xml", "coverage": "reports/coverage.xml"}


def asked(stage: str, wanted: Requirement) -> str:
    """Return a requirement as one line: `unit: executed at least 1 (development)`."""
    parts = [f"let into {wanted.stage}"] if wanted.stage else []
    parts += [f"{name} at least {bound:g}" for name, bound in wanted.at_least.items()]
    parts += [f"{name} at most {bound:g}" for name, bound in wanted.at_most.items()]
    parts += [f"not older than {wanted.max_age}"] if wanted.max_age else []
    parts += ["on the image's own source"] if wanted.same_source else []
    parts += ["from the run that built it"] if wanted.same_run else []
    parts += [f"signed by {' or '.join(wanted.signed_by)}"] if wanted.signed_by else []
    parts += [f"the test {name}" for name in wanted.tests]
    parts += [f"{name} worse by {margin:g} % at most" for name, margin in wanted.no_worse.items()]
    parts += [f"{name} is {pattern}" for name, pattern in wanted.says.items()]
    if wanted.approvals:
        by = f" of {', '.join(wanted.approvals.by)}" if wanted.approvals.by else ""
        parts.append(f"approved by {wanted.approvals.count}{by}")
    parts += ["about the image itself"] if wanted.about == "image" else []
    if wanted.contracts:
        where = ", ".join(wanted.contracts.environments) or "every environment"
        who = f" of {', '.join(wanted.contracts.services)}" if wanted.contracts.services else ""
        parts.append(f"contracts held against what runs{who} in {where}")
    more = f": {', '.join(parts)}" if parts else ""
    return f"{wanted.evidence}{more} ({stage})"


def command(kind: str, image: str) -> str:
    """Return the command that leaves a fact of this kind about this image."""
    match kind:
        case "decision":
            return f"cdkit check-gate --image {image}"
        case "identity":
            return f"cdkit tag-image --digest {image}"
        case "vulnerabilities":
            return f"cdkit scan-image --image {image}"
        case "migrations":
            return "cdkit lint-migrations"
        case "review" | "approval":
            return f"cdkit record-evidence --image {image} --{kind} {kind}"
        case _:
            file = _FILES.get(kind, "FILE")
            return f"cdkit record-evidence --image {image} --report {kind}={file}"


def opening(kind: str, image: str) -> str:
    """Return what would open a requirement that no fact answers."""
    run = f"run `{command(kind, image)}`"
    if kind == "decision":
        return f"{run} for that stage, where its facts are, and bring its decision along"
    if kind == "migrations":
        return (
            f"{run} in the checkout that the image was built from; a service without a database "
            "takes `migrations` out of its policy"
        )
    if kind in {"identity", "vulnerabilities"}:
        return run
    if kind in {"review", "approval"}:
        return f"{run} in a job of GitHub or GitLab, or with a report that says so"
    return f"{run} with the report that the tests wrote"
