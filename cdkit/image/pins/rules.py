"""What `pin-images` finds: references that can move, and what it says of them."""

from cdkit.core.finding import Severity
from cdkit.core.rule import Example, Rule

_DOMAIN = "images"
_DIGEST = "a" * 64
_COMMIT = "b" * 40

MUTABLE_IMAGE = Rule(
    id="mutable-image",
    domain=_DOMAIN,
    language="yaml",
    title="An image is named by something that can move.",
    severity=Severity.HIGH,
    why="A tag is a label: whoever may push to the repository can move it, and then the same file "
    "starts other code. What was scanned and tested is not what runs, two machines that start at "
    "different times run different things, and a roll back is none.",
    instead="Name the digest, and keep the tag for people: `nginx:1.27@sha256:…`. `cdkit "
    "pin-images` writes it, and `cdkit pin-images --update` follows the tag when you want to. "
    "Where a tag must stay, say why: `# cdkit: allow mutable-image (reason) until 2027-01-31`, or "
    "`except-files` and `except-images` in cdkit.yaml.",
    sources=(
        "https://github.com/opencontainers/distribution-spec/blob/main/spec.md",
        "https://docs.docker.com/reference/cli/docker/image/pull/",
    ),
    bad=(
        Example(
            text="apiVersion: v1\nkind: Pod\nspec:\n  containers:\n    - image: nginx:1.27\n",
            line=5,
        ),
        Example(text="apiVersion: v1\nkind: Pod\nspec: {containers: [{image: nginx}]}\n", line=3),
    ),
    good=(
        Example(
            text="apiVersion: v1\nkind: Pod\nspec:\n  containers:\n"
            f"    - image: nginx:1.27@sha256:{_DIGEST}\n"
        ),
        Example(
            text="apiVersion: v1\nkind: Pod\nspec:\n  containers:\n"
            "    - image: nginx:1.27  # cdkit: allow mutable-image (a throw-away pod)\n"
        ),
    ),
)

MUTABLE_ACTION = Rule(
    id="mutable-action",
    domain=_DOMAIN,
    language="yaml",
    title="An action is named by a tag or branch.",
    severity=Severity.HIGH,
    why="A tag of an action's repository can be moved to any commit, and the next run executes it "
    "with the job's token and secrets. It has happened to widely used actions (CVE-2025-30066).",
    instead="Name the full commit, and keep the version in a comment, where people and update bots "
    "find it: `uses: owner/name@<40 hexadecimal digits> # v6`. `cdkit pin-images` writes both.",
    sources=(
        "https://docs.github.com/en/actions/reference/security/secure-use",
        "https://nvd.nist.gov/vuln/detail/CVE-2025-30066",
    ),
    bad=(
        Example(text="jobs:\n  a:\n    steps:\n      - uses: actions/checkout@v6\n", line=4),
        Example(text="jobs:\n  a:\n    uses: acme/ci/.github/workflows/a.yml@main\n", line=3),
    ),
    good=(
        Example(text=f"jobs:\n  a:\n    steps:\n      - uses: actions/checkout@{_COMMIT} # v6\n"),
        Example(text="jobs:\n  a:\n    steps:\n      - uses: ./.github/actions/greet\n"),
    ),
)

ILLEGAL_REFERENCE = Rule(
    id="illegal-reference",
    domain=_DOMAIN,
    language="yaml",
    title="What should name an image or an action cannot be one.",
    severity=Severity.HIGH,
    why="No engine can pull it: the file is broken, or says something else than was meant.",
    instead="Mend it at the character that the message points at.",
    sources=("https://github.com/opencontainers/distribution-spec/blob/main/spec.md",),
    bad=(
        Example(text="apiVersion: v1\nkind: Pod\nspec: {containers: [{image: Nginx:1}]}\n", line=3),
    ),
    good=(
        Example(
            text="apiVersion: v1\nkind: Pod\n"
            f"spec: {{containers: [{{image: 'nginx:1@sha256:{_DIGEST}'}}]}}\n"
        ),
    ),
)

VARIABLE_REFERENCE = Rule(
    id="variable-reference",
    domain=_DOMAIN,
    language="yaml",
    title="Something fills an image's name in later.",
    severity=Severity.INFO,
    why="What the file will say is not known here. It is told and counted, and makes the answer no "
    "only with `variables: refuse`.",
    instead="See that what fills it in names a digest, as the output `image` of `verify-image` "
    "does; or write the reference out.",
    bad=(
        Example(
            text="apiVersion: v1\nkind: Pod\nspec: {containers: [{image: '${IMAGE}'}]}\n", line=3
        ),
    ),
    good=(
        Example(
            text="apiVersion: v1\nkind: Pod\n"
            f"spec: {{containers: [{{image: '${{REGISTRY}}/a@sha256:{_DIGEST}'}}]}}\n"
        ),
    ),
)

RULES = {
    rule.id: rule for rule in (MUTABLE_IMAGE, MUTABLE_ACTION, ILLEGAL_REFERENCE, VARIABLE_REFERENCE)
}


def rules() -> tuple[Rule, ...]:
    """Return every rule."""
    return tuple(RULES.values())
