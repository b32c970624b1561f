"""What is scanned: an image wherever it lies, or what stands for one."""

from msgspec import Struct
from msgspec.structs import replace

from cdkit.core.digest import Digest
from cdkit.core.oci.image import Image, PlatformImage
from cdkit.core.oci.reference import Reference
from cdkit.core.subject import Subject, image_subject
from cdkit.scan.report import ScanReport
from cdkit.scan.scanner import TargetKind


class Part(Struct, frozen=True, kw_only=True):
    """The image of one platform, which a report must name by its `config_digest`.

    `image` is what a registry or a layout holds of it. A root file system and a list of packages
    have no config: theirs is empty, and only a scan that was made here and now is known to be of
    them.
    """

    platform: str = ""
    config_digest: str = ""
    image: PlatformImage | None = None

    @property
    def called(self) -> str:
        """The platform with its digest, for people."""
        digest = str(self.image.digest) if self.image else self.config_digest
        return f"{self.platform or 'the image'} ({digest})" if digest else "it"


class Target(Struct, frozen=True, kw_only=True):
    """What is to be scanned.

    `path` is where it lies on this machine (empty for a registry), `called` what people call it,
    `name` its name in a registry. `parts` are what must be covered; `others` belong to the same
    image and were not asked for. `subject` is the whole of it: None where nothing identifies it,
    and then no fact is left. `is_passing` says that the file at `path` is gone after the scan, so
    that no message sends anybody there. `notes` are for people.
    """

    kind: TargetKind
    path: str = ""
    called: str
    name: Reference | None = None
    image: Image | None = None
    parts: tuple[Part, ...]
    others: tuple[Part, ...] = ()
    subject: Subject | None = None
    is_passing: bool = False
    notes: tuple[str, ...] = ()

    @property
    def where(self) -> str:
        """What stands in messages."""
        if self.is_passing:
            return self.called
        return self.path or (self.name.familiar if self.name else self.called)

    @property
    def judged(self) -> tuple[Subject, ...]:
        """What a fact is about: all of it, or each platform by itself where others are left out.

        What is known of some platforms is not known of the image: a gate wants each one's fact.
        """
        if self.subject is None or not self.others:
            return (self.subject,) if self.subject else ()
        images = (part.image for part in self.parts)
        return tuple(image_subject(self.subject.name, one.digest) for one in images if one)

    @property
    def platforms(self) -> frozenset[str]:
        """The digests of the images of all its platforms, judged or not."""
        everything = (*self.parts, *self.others)
        return frozenset(str(part.image.digest) for part in everything if part.image)

    def part_of(self, report: ScanReport) -> Part | None:
        """Return the part that a report is of: by its config, its manifest, or a lone one's index.

        A report that names a config is of that one, whatever else it names. One whose format knows
        layers alone is of the part with exactly these: what is in them is then the same.
        """
        everything = (*self.others, *self.parts)
        if report.image_id:
            known = {part.config_digest: part for part in everything}
            return known.get(report.image_id)
        if report.layers:
            found = [p for p in everything if p.image and _layers(p.image) == report.layers]
            return found[0] if len(found) == 1 else None
        manifests = {str(part.image.digest): part for part in everything if part.image}
        if len(everything) == 1 and self.subject:
            manifests |= dict.fromkeys(self.subject.keys(), everything[0])
        return next((manifests[one] for one in report.digests if one in manifests), None)

    def only_part(self, report: ScanReport) -> Part | None:
        """Return what a report that names no image could be of: the one platform that there is."""
        unnamed = not (report.image_id or report.digests or report.layers)
        alone = len(self.parts) == 1 and not self.others and not self.is_bare
        return self.parts[0] if unnamed and alone else None

    def digests_of(self, part: Part) -> frozenset[str]:
        """Return every digest that a part is known under, and that of the whole around it."""
        whole = self.subject.keys() if self.subject else frozenset[str]()
        own = {part.config_digest, str(part.image.digest) if part.image else ""}
        return frozenset({*whole, *own} - {""})

    @property
    def is_bare(self) -> bool:
        """Whether it has no config by which a report could name it."""
        return self.kind in {TargetKind.ROOTFS, TargetKind.SBOM}


def image_target(
    image: Image, *, name: Reference | None, layout: str = "", platform: str = ""
) -> Target:
    """Return the target for an image in a layout, or without one in a registry.

    RequestError where it has no image, or several, for this platform.
    """
    wanted = (image.choose(platform),) if platform else image.platforms
    parts = _parts(image)
    chosen = tuple(parts.pop(digest) for digest in dict.fromkeys(part.digest for part in wanted))
    called = name.name if name else layout
    return Target(
        kind=TargetKind.LAYOUT if layout else TargetKind.REFERENCE,
        path=layout,
        called=called,
        name=name,
        image=image,
        parts=chosen,
        others=tuple(parts.values()),
        subject=image_subject(called, image.digest),
    )


def _layers(image: PlatformImage) -> tuple[str, ...]:
    return tuple(map(str, image.config.rootfs.diff_ids))


def _parts(image: Image) -> dict[Digest, Part]:
    """Return the parts by digest: what an index holds for several platforms is scanned once."""
    parts: dict[Digest, Part] = {}
    for one in image.platforms:
        known, part = parts.get(one.digest), _part(one)
        both = replace(part, platform=f"{known.platform}, {part.platform}") if known else part
        parts[one.digest] = both
    return parts


def _part(image: PlatformImage) -> Part:
    return Part(platform=image.platform, config_digest=str(image.config_digest), image=image)
