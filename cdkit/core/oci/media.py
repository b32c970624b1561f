"""Media types of images, as registries and layouts name them (OCI image-spec, media-types.md)."""

OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"

INDEXES = frozenset({OCI_INDEX, DOCKER_LIST})
MANIFESTS = frozenset({OCI_MANIFEST, DOCKER_MANIFEST})
CONFIGS = frozenset(
    {
        "application/vnd.oci.image.config.v1+json",
        "application/vnd.docker.container.image.v1+json",
    }
)

EMPTY = "application/vnd.oci.empty.v1+json"
"""The config of an artifact that is no image: two bytes, `{}` (image-spec, manifest.md, "Guidelines
for Artifact Usage")."""

ACCEPT = f"{OCI_INDEX}, {OCI_MANIFEST}, {DOCKER_LIST}, {DOCKER_MANIFEST}"
"""All four, always: a registry that is not told of one of them answers with another manifest, hence
another digest, or with 404 as if the tag did not exist (Distribution 2.8)."""

SCHEMA1 = frozenset(
    {
        "application/vnd.docker.distribution.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.v1+prettyjws",
    }
)
"""The form before 2016. A registry that answers with it has converted the image on the fly, and its
digest is not the image's."""
