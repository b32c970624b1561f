"""Keeping the facts that a step leaves: signed if somebody signs, where they are found again."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct, field

from cdkit.core.documents.statement import Statement, encode_statement, state
from cdkit.core.errors import CannotTell, CdkitError, MissingExtra, NotAllowed, RequestError
from cdkit.core.step import Options, Outcome
from cdkit.core.verdict import Reason
from cdkit.core.world import World

if TYPE_CHECKING:
    from cdkit.evidence.signing.signer import Signer
    from cdkit.evidence.store import Store

NONE = "none"
AUTO = "auto"
BESIDE = "oci"
FOLDER = ".cdkit/records"
_SCHEME = "oci://"
_TERMINAL = "terminal"
_IMAGES = ("image", "tag")
"""Options of steps that name an image which has been pushed: what a fact will be about."""


class Kept(Struct, frozen=True, kw_only=True):
    """Where the facts stand, why some do not, what people should know.

    `moved` maps where a step said that its fact would stand to where it does, which only the
    signature decides.
    """

    records: tuple[str, ...] = ()
    reasons: tuple[Reason, ...] = ()
    notes: tuple[str, ...] = ()
    moved: dict[str, str] = field(default_factory=dict)


class Keeper:
    """Keeps what one step leaves. `options` are the step's, with `records` decided."""

    def __init__(
        self,
        options: Options,
        world: World,
        *,
        store: "Store | None",
        signer: "Signer | None",
        beside: str,
        is_change: bool,
        notes: Iterable[str],
    ) -> None:
        self.options = options
        self._world = world
        self._store = store
        self._signer = signer
        self._beside = beside
        self._is_change = is_change
        self._notes = list(notes)

    def keep(self, outcome: Outcome) -> Kept:
        """Put the facts into the store, and where the user asked; return where they stand."""
        facts = list(outcome.more)
        if outcome.document is not None:
            facts.insert(0, (outcome.document, outcome.subjects))
        asked = self.options.records != NONE or self.options.record
        if not asked and not outcome.written and not outcome.attached:
            return self._kept([], {}, ())  # nobody would read what is signed
        statements = [state(document, *subjects) for document, subjects in facts]
        records: list[str] = []
        moved: dict[str, str] = {}
        try:
            if outcome.stands:
                self._write(outcome)  # what follows may fail, and the answer stands all the same
            signed = [(statement, self._signed(statement)) for statement in statements]
            about = [pair for pair in signed if pair[0].subject]
            if self.options.records != NONE and about:
                records = self._put(about, moved)
            if self.options.record and signed:
                whole = b"".join(data for _, data in signed)
                self._world.files.write(self.options.record, whole)
                records = records or [self.options.record]
            if not outcome.stands:
                self._write(outcome)
            self._attach(outcome)
        except CdkitError as error:
            return self._kept(records, moved, (error.reason(),))
        return self._kept(records, moved, ())

    def _kept(self, records: list[str], moved: dict[str, str], reasons: tuple[Reason, ...]) -> Kept:
        return Kept(records=tuple(records), reasons=reasons, notes=tuple(self._notes), moved=moved)

    def _signed(self, statement: Statement) -> bytes:
        data = encode_statement(statement)
        return self._signer.sign(data) if self._signer and statement.subject else data

    def _write(self, outcome: Outcome) -> None:
        for path, statement in outcome.written:
            self._world.files.write(path, self._signed(statement))

    def _attach(self, outcome: Outcome) -> None:
        """Keep what is for others where facts are kept, and beside the image in its registry.

        Last of all: what others rely on stands nowhere that the decision itself does not.
        """
        if not outcome.attached:
            return
        if self._signer is None:
            self._notes.append("nothing is attached to the image, since nobody signs it")
            return
        from cdkit.evidence.store import open_store

        kept = self.options.records.partition(",")[0].strip()
        places = dict.fromkeys((kept, f"{_SCHEME}{_repository(self.options)}"))
        stores = [open_store(place, self._world) for place in places if place != NONE]
        for statement in outcome.attached:
            data = self._signed(statement)
            where = [store.attach(data) for store in stores]
            self._notes.append(f"attached: {statement.predicate_type} in {', '.join(where)}")

    def _put(self, signed: list[tuple[Statement, bytes]], moved: dict[str, str]) -> list[str]:
        """Put every fact into the store; into the folder where a change may not write to it."""
        from cdkit.evidence.store import open_store

        store = self._store or open_store(self.options.records, self._world)
        try:
            records = [_put(store, store, pair, moved) for pair in signed]
        except NotAllowed as fault:
            if not self._is_change:
                raise
            self._note_kept_here(fault)
            folder = open_store(FOLDER, self._world)
            return [_put(folder, store, pair, moved) for pair in signed]
        if self._beside:
            self._put_beside([data for _, data in signed])
        return records

    def _put_beside(self, signed: list[bytes]) -> None:
        """Put every fact beside the image too, which nobody asked for: what hinders it is noted."""
        from cdkit.evidence.store import open_store

        try:
            store = open_store(self._beside, self._world)
            places = [store.keep(data) for data in signed]
        except CdkitError as fault:
            self._note_kept_here(fault)
        else:
            self._notes.append(f"kept beside the image too: {', '.join(places)}")

    def _note_kept_here(self, fault: CdkitError) -> None:
        remedy = f"{fault.remedy[:1].upper()}{fault.remedy[1:]}"
        self._notes.append(f"facts are kept in {FOLDER} only: {fault}. {remedy}.")


def open_keeper(options: Options, world: World) -> Keeper:
    """Decide where facts go and who signs them, before the step runs.

    Raises RequestError where that cannot be: no such signer, no key, no image to keep facts beside.
    In a pull request without secrets, which a fork's is, nothing is signed, and what its token may
    not store stays in the folder. `auto` keeps facts in the folder, and in a CI job that names an
    image beside that too; what the registry does not take is noted, and a gate elsewhere misses it.
    """
    notes: list[str] = []
    is_change = bool(world.context.pull_request)
    signer = None
    if options.sign != NONE and (options.sign or world.environ.get("CDKIT_SIGNING_KEY")):
        signer = _signer(options, world, notes, is_change=is_change)
    if getattr(options, "attach", False) and not is_change:
        _check_attaching(options, signer)
    beside = _beside(options, world)
    decided = f"{FOLDER},{beside}" if beside else _decided(options)
    store = None
    if decided != NONE:
        from cdkit.evidence.store import open_store

        store = open_store(decided, world)
    return Keeper(
        msgspec.structs.replace(options, records=decided),
        world,
        store=store,
        signer=signer,
        beside=beside,
        is_change=is_change,
        notes=notes,
    )


def _check_attaching(options: Options, signer: "Signer | None") -> None:
    """Raise RequestError where nobody signs what is to be attached, or no registry is named."""
    if signer is None:
        raise RequestError(
            "a summary that nobody signed proves nothing, and nobody signs here",
            where="attach",
            remedy="set CDKIT_SIGNING_KEY, or say `sign: keyless` or the key of a cloud",
        )
    if not _repository(options):
        raise RequestError(
            "no image with a registry is named that it could stand beside",
            where="attach",
            remedy="name the image with its registry: docker.io/acme/orders@sha256:…",
        )


def _signer(
    options: Options, world: World, notes: list[str], *, is_change: bool
) -> "Signer | None":
    from cdkit.evidence.signing.keyless import NoIdentity
    from cdkit.evidence.signing.keys import NoKey
    from cdkit.evidence.signing.signer import open_signer

    try:
        return open_signer(options.sign, world)
    except (NoKey, NoIdentity) as fault:
        if not is_change:
            raise RequestError(fault.what, where=fault.where, remedy=fault.remedy) from fault
        notes.append(f"the fact is not signed, as a fork's never is: {fault.what}")
        return None
    except MissingExtra as fault:
        raise RequestError(fault.what, where="sign", remedy=fault.remedy) from fault
    except CannotTell as fault:
        return _Down(fault)


class _Down:
    """A signer that is out of reach: the step answers all the same, its fact cannot be kept."""

    name = "nobody"

    def __init__(self, fault: CannotTell) -> None:
        self._fault = fault

    def sign(self, statement: bytes) -> bytes:
        """Say why nobody signs."""
        del statement
        raise self._fault


def _beside(options: Options, world: World) -> str:
    """Return the registry where facts are kept and looked for unasked, if there is one."""
    if options.records != AUTO or world.context.system == _TERMINAL:
        return ""
    repository = _repository(options)
    return f"{_SCHEME}{repository}" if repository else ""


def _decided(options: Options) -> str:
    """Return the place that was asked for, by its name."""
    if options.records == AUTO:
        return FOLDER
    if options.records != BESIDE:
        return options.records
    if repository := _repository(options):
        return f"{_SCHEME}{repository}"
    raise RequestError(
        "`oci` is the registry of the image, and no image with a registry is named",
        where="records",
        remedy="name the image, or write oci://registry/repository",
    )


def _repository(options: Options) -> str:
    """Return the repository of the image that is named; none where it is on no registry."""
    from cdkit.core.oci.reference import DOCKER_HUB, parse

    for name in _IMAGES:
        text = getattr(options, name, "")
        if not isinstance(text, str) or not text.strip():
            continue
        text = text.split()[0]
        try:
            reference = parse(text)
        except RequestError:
            continue  # the step itself says what is wrong with it
        if reference.registry != DOCKER_HUB or text.startswith(f"{DOCKER_HUB}/"):
            return reference.name
    return ""


def _put(
    store: "Store", asked: "Store", pair: tuple[Statement, bytes], moved: dict[str, str]
) -> str:
    statement, data = pair
    promised, place = asked.place(statement), store.keep(data)
    if place != promised:
        moved[promised] = place
    return place
