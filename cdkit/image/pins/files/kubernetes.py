"""Kubernetes: any kind with a pod template, and fields of custom kinds by their path."""

from collections.abc import Iterator

import yaml

from cdkit.image.pins import templated
from cdkit.image.pins.document import Document
from cdkit.image.pins.tree import fields, get, image, items, members, scalar, written
from cdkit.image.pins.use import FileFormat, Use

_FIELDS = frozenset(
    {"containers", "initContainers", "ephemeralContainers", "volumes", "apiVersion"}
)
_OTHERS = frozenset({"tekton.dev", "triggers.tekton.dev", "kustomize.config.k8s.io"})
"""API groups with a format of their own."""
_BY_PATH = {
    ("monitoring.coreos.com", "Prometheus"): ("spec.image",),
    ("monitoring.coreos.com", "Alertmanager"): ("spec.image",),
    ("monitoring.coreos.com", "ThanosRuler"): ("spec.image",),
    ("postgresql.cnpg.io", "Cluster"): ("spec.imageName",),
    ("kafka.strimzi.io", "Kafka"): ("spec.kafka.image", "spec.zookeeper.image"),
    ("kafka.strimzi.io", "KafkaConnect"): ("spec.image",),
    ("opentelemetry.io", "OpenTelemetryCollector"): ("spec.image",),
    ("keycloak.org", "Keycloak"): ("spec.image",),
    ("sparkoperator.k8s.io", "SparkApplication"): (
        "spec.image",
        "spec.driver.image",
        "spec.executor.image",
    ),
    ("argoproj.io", "Workflow"): ("spec.templates.container.image", "spec.templates.script.image"),
    ("argoproj.io", "WorkflowTemplate"): (
        "spec.templates.container.image",
        "spec.templates.script.image",
    ),
    ("argoproj.io", "CronWorkflow"): (
        "spec.workflowSpec.templates.container.image",
        "spec.workflowSpec.templates.script.image",
    ),
}
"""Where custom kinds name images outside a pod template: the kind's own reference, by API group."""


def claims(document: Document) -> bool:
    """Whether it is a Kubernetes object, or a template that will be one."""
    if document.templated:
        return "apiVersion:" in document.text and "kind:" in document.text
    root = document.root
    group = written(get(root, "apiVersion")).partition("/")[0]
    return bool(group and written(get(root, "kind"))) and group not in _OTHERS


def find(document: Document) -> Iterator[Use]:
    """Yield the images of every container and image volume, and those at known paths.

    Containers are found wherever they stand, so that a custom kind with a pod template in it, and
    a List of objects, need no rule of their own.
    """
    if document.templated:
        yield from templated.images(document.source)
        return
    for node, name, value in fields(document.root, _FIELDS):
        if name == "volumes":
            for volume in items(value):
                yield from image(document.source, get(volume, "image", "reference"))
        elif name == "apiVersion":
            yield from _by_path(document, node)
        else:
            for container in members(value):
                yield from image(document.source, get(container, "image"))


def _by_path(document: Document, node: yaml.Node) -> Iterator[Use]:
    kind = scalar(get(node, "kind"))
    group = scalar(get(node, "apiVersion")).partition("/")[0]
    for path in (*_BY_PATH.get((group, kind), ()), *document.around.fields.get(kind, ())):
        yield from at_path(document, node, path)


def at_path(document: Document, node: yaml.Node | None, path: str) -> Iterator[Use]:
    """Yield the image at a dotted path; a sequence on the way stands for each of its items."""
    first, _, rest = path.partition(".")
    below = get(node, first)
    for one in items(below) if isinstance(below, yaml.SequenceNode) else (below,):
        if rest:
            yield from at_path(document, one, rest)
        else:
            yield from image(document.source, one)


FORMAT = FileFormat(
    name="kubernetes",
    title="Kubernetes manifests",
    known_by="YAML or JSON with `apiVersion` and `kind`, templates too",
    syntax="tree",
    paths=(r"\.ya?ml", r"\.json"),
    needles=(b"image", b"apiVersion"),
    claims=claims,
    find=find,
    source="https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/",
)
