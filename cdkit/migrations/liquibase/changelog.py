"""Changelogs as Liquibase reads them: includes followed, properties known, changesets in order.

Source: Liquibase documentation, "What is a Changelog?", "include", "includeAll" (files in the order
of their paths), "Changelog property substitution" (the first definition counts), "Changesets".
"""

from collections.abc import Iterable, Mapping

from msgspec import Struct, structs

from cdkit.core.errors import CdkitError, Unreadable
from cdkit.core.finding import Location
from cdkit.core.verdict import Reason, cannot_tell
from cdkit.migrations.folder import is_sql
from cdkit.migrations.liquibase import formatted
from cdkit.migrations.liquibase.changeset import (
    ChangeSet,
    Options,
    filled,
    maybe_of,
    normal,
    runs_on,
    unknown_databases,
    unsure_of,
)
from cdkit.migrations.liquibase.filters import Filter
from cdkit.migrations.liquibase.names import truth
from cdkit.migrations.liquibase.node import Node, tree_of
from cdkit.migrations.liquibase.sniff import is_changelog, is_formatted
from cdkit.migrations.look import Look, ancestors, join, parent

_RESOURCES = ("src/main/resources", "src/test/resources", "resources")
_CHANGELOGS = (".sql", ".xml", ".yaml", ".yml", ".json")
_AROUND = frozenset(
    {"comment", "preConditions", "validCheckSum", "rollback", "changes", "modifySql"}
)
_KNOWN = frozenset({"preConditions", "comment", "removeChangeSetProperty", "modifyChangeSets", ""})
_SET_ATTRIBUTES = frozenset(
    {
        *("id", "author", "context", "contextFilter", "labels", "dbms", "runOnChange"),
        *("runAlways", "failOnError", "onValidationFail", "runInTransaction", "logicalFilePath"),
        *("ignore", "objectQuotingStrategy", "created", "runOrder", "comment", "rollback"),
        "validCheckSum",
    }
)
_DEEPEST = 50
_NO_CONDITIONS = frozenset({"onFail", "onError", "onFailMessage", "onErrorMessage", "onSqlOutput"})
_THERE = frozenset(
    {
        *("tableExists", "columnExists", "viewExists", "indexExists", "sequenceExists"),
        *("foreignKeyConstraintExists", "primaryKeyExists", "uniqueConstraintExists"),
    }
)
_ASKS = ("dbms", "context", "contextFilter", "labels")


class Book(Struct, frozen=True, kw_only=True):
    """What the changelogs of a project hold: changesets in order, and all files of theirs.

    `left` counts the changesets that do not run here: for other databases, contexts or labels.
    """

    changesets: tuple[ChangeSet, ...] = ()
    reached: frozenset[str] = frozenset()
    unread: tuple[Reason, ...] = ()
    left: int = 0


def book_of(
    tops: Iterable[str],
    look: Look,
    engine: str,
    given: Mapping[str, str],
    taken: Filter | None = None,
) -> Book:
    """Read changelogs and all that they include, for an engine, with properties from outside."""
    reader = _Reader(look, engine, given, taken or Filter())
    for top in tops:
        reader.file(normal(top), ())
    return Book(
        changesets=tuple(reader.changesets),
        reached=frozenset(reader.reached - {""}),
        unread=tuple(reader.unread),
        left=reader.left,
    )


def resolved(written: str, beside: str, look: Look, *, relative: bool) -> str:
    """Return the path that a changelog means by a file's name, empty where there is none.

    Without `relativeToChangelogFile` it is looked for in the folders above, from the top, and in
    the resources of a build, which are Liquibase's search path mostly.
    """
    plain = written.removeprefix("classpath:").lstrip("/").replace("\\", "/")
    if relative:
        found = normal(join(parent(beside), plain))
        return found if look.is_file(found) or look.is_dir(found) else ""
    bases = list(reversed([*ancestors(beside)]))
    bases += [join(base, below) for base in bases for below in _RESOURCES]
    for base in bases:
        found = normal(join(base, plain))
        if look.is_file(found) or look.is_dir(found):
            return found
    return ""


class _Reader:
    """Follows includes; what stands against a file is kept as a reason, and the rest read on."""

    def __init__(self, look: Look, engine: str, given: Mapping[str, str], taken: Filter) -> None:
        self._look = look
        self._taken = taken
        self._around: list[Node] = []
        self._unsure: dict[str, str] = {}
        self.left = 0
        self._engine = engine
        self._properties: Mapping[str, str] = dict(given)
        self._names: dict[tuple[str, str], int] = {}
        self.changesets: list[ChangeSet] = []
        self.reached: set[str] = set()
        self.unread: list[Reason] = []

    def file(self, path: str, stack: tuple[str, ...], line: int = 0) -> None:
        """Read one changelog."""
        if path in stack or len(stack) > _DEEPEST:
            self._against(f"includes {path}, which includes it", stack[-1], line, "end the circle")
            return
        self.reached.add(path)
        try:
            data = self._look.read(path)
            if is_formatted(data):
                self._formatted(path, data)
            elif is_sql(path):
                options = Options(id="raw", author="includeAll")
                self._add(ChangeSet(path=path, line=1, options=options, sql=data))
            else:
                self._tree(tree_of(path, data), path, (*stack, path))
        except CdkitError as fault:
            self.unread.append(fault.reason())

    def _formatted(self, path: str, data: bytes) -> None:
        for said in formatted.properties_of(data):
            self._define(said)
        for changeset in formatted.changesets_of(path, data):
            self._add(changeset)

    def _tree(self, root: Node, path: str, stack: tuple[str, ...]) -> None:
        self._around.append(root)
        self._parts(root, path, stack)
        self._around.pop()

    def _parts(self, root: Node, path: str, stack: tuple[str, ...]) -> None:
        for node in root.children:
            if node.name == "property":
                self._property(node, path)
            elif node.name == "changeSet":
                self._changeset(node, path)
            elif node.name == "include":
                self._include(node, path, stack)
            elif node.name == "includeAll":
                self._include_all(node, path, stack)
            elif node.name not in _KNOWN:
                remedy = "see that its name is right; extensions only Liquibase itself can read"
                self._against(
                    f"holds {node.name[:60]!r}, which is unknown", path, node.line, remedy
                )

    def _against(self, what: str, path: str, line: int, remedy: str) -> None:
        where = Location(path=path, line=line)
        self.unread.append(cannot_tell(what, where=where, remedy=remedy))

    def _define(self, said: Mapping[str, str]) -> None:
        name, value = said.get("name", ""), said.get("value", "")
        if not name or not runs_on(said.get("dbms", ""), self._engine):
            return
        context, labels = said.get("contextfilter") or said.get("context", ""), said.get("labels")
        if not self._taken.takes((context,), (labels or "",)):
            return
        sure = not ((context and not self._taken.contexts) or (labels and not self._taken.labels))
        if name not in self._properties and name not in self._unsure and sure:
            self._properties = {**self._properties, name: value}
        elif name not in self._properties:
            # Which of several values counts depends on what the run names: then none is known.
            first = self._unsure.setdefault(name, value)
            if sure and value == first:
                self._properties = {**self._properties, name: value}

    def _property(self, node: Node, path: str) -> None:
        file = node.get("file")
        if not file:
            self._define({key.lower(): node.get(key) for key in ("name", "value", *_ASKS)})
            return
        relative = truth(node.get("relativeToChangelogFile"))
        found = resolved(file, path, self._look, relative=relative)
        if not found:
            self._against(f"the property file {file} is not there", path, node.line, "add it")
            return
        for name, value in properties(self._look.read(found)).items():
            asks = {key.lower(): node.get(key) for key in _ASKS}
            self._define({**asks, "name": name, "value": value})

    def _include(self, node: Node, path: str, stack: tuple[str, ...]) -> None:
        if truth(node.get("ignore")):
            return
        file = filled(node.get("file"), self._properties)
        relative = truth(node.get("relativeToChangelogFile"))
        found = resolved(file, path, self._look, relative=relative)
        if found and self._look.is_file(found):
            self._around.append(node)
            self.file(found, stack, node.line)
            self._around.pop()
        elif node.get("errorIfMissing").lower() != "false":
            remedy = "add it, or run cdkit where its path begins"
            self._against(f"includes {file[:200]!r}, which is not there", path, node.line, remedy)

    def _include_all(self, node: Node, path: str, stack: tuple[str, ...]) -> None:
        if truth(node.get("ignore")):
            return
        folder = filled(node.get("path"), self._properties)
        if node.get("filter") or node.get("resourceComparator"):
            remedy = "name the files by `include`, in their order"
            self._against("leaves the choice of files to a class of yours", path, node.line, remedy)
            return
        relative = truth(node.get("relativeToChangelogFile"))
        found = resolved(folder, path, self._look, relative=relative)
        files = sorted(self._look.below(found)) if found else []
        ends = node.get("endsWithFilter")
        chosen = [each for each in files if each.endswith(ends or _CHANGELOGS)]
        if not chosen and node.get("errorIfMissingOrEmpty").lower() != "false":
            remedy = "add the folder, or run cdkit where its path begins"
            self._against(f"includes all of {folder[:200]!r}: nothing", path, node.line, remedy)
        self._around.append(node)
        for each in chosen:
            if is_sql(each) or is_changelog(each, self._look.read(each)):
                self.file(normal(each), stack, node.line)
        self._around.pop()

    def _changeset(self, node: Node, path: str) -> None:
        unknown = [name for name in node.attributes if name not in _SET_ATTRIBUTES]
        if unknown:
            remedy = "see that it is spelt right; cdkit knows what open-source Liquibase knows"
            self._against(f"a changeset says {unknown[0][:60]!r}", path, node.line, remedy)
        if not node.get("id") or not node.get("author"):
            self._against("a changeset has no id or no author", path, node.line, "give it both")
        plain = [each for each in node.children if each.name not in _AROUND]
        changes = [each for each in plain if each.name not in _SET_ATTRIBUTES]
        changes += (each for wrapper in node.all("changes") for each in wrapper.children)
        changes += node.all("modifySql")
        rollbacks = list(node.all("rollback"))
        self._files((*changes, *rollbacks), path)
        back = rollbacks or ("rollback" in node.attributes)
        if "rollback" in node.attributes:
            rollbacks.append(
                Node(name="rollback", text=node.attributes["rollback"], line=node.line)
            )
        self._add(
            ChangeSet(
                path=path,
                line=node.line,
                options=_options(node),
                changes=tuple(changes),
                rollback=tuple(rollbacks) if back else None,
            )
        )

    def _files(self, changes: Iterable[Node], path: str) -> None:
        """Know the SQL files that changes run, below rollbacks too."""
        for each in changes:
            self._files(each.children, path)
            if each.name in {"sqlFile", "createProcedure"} and (written := each.get("path")):
                relative = truth(each.get("relativeToChangelogFile"))
                plain = filled(written, self._properties)
                self.reached.add(resolved(plain, path, self._look, relative=relative))

    def _add(self, changeset: ChangeSet) -> None:
        options = changeset.options
        if options.ignore or not self._runs(changeset):
            self.left += 1
            return
        name = (changeset.path, options.key)
        if name in self._names and options.id != "raw":
            remedy = "give each changeset of a file its own id"
            before = f"{options.key[:100]} is the name of line {self._names[name]}'s changeset too"
            self._against(before, changeset.path, changeset.line, remedy)
            return
        self._names[name] = changeset.line
        self.changesets.append(structs.replace(changeset, properties=self._properties))

    def _runs(self, changeset: ChangeSet) -> bool:
        """Whether the run takes a changeset; where that cannot be read, it is said and it does."""
        options, line = changeset.options, changeset.line
        for name in options.unknown:
            remedy = "see that it is spelt right; cdkit knows what open-source Liquibase knows"
            self._against(f"a changeset says {name[:60]!r}", changeset.path, line, remedy)
        for name in unknown_databases(options.dbms):
            what = f"{name[:60]!r} is no database that Liquibase is known to have"
            remedy = "write `postgresql`, `mysql`, `mariadb`, `sqlite`"
            self._against(what, changeset.path, line, remedy)
        contexts = [options.context, *(_context(each) for each in self._around)]
        labels = [options.labels, *(each.get("labels") for each in self._around)]
        try:
            taken = self._taken.takes(contexts, labels)
        except Unreadable as fault:
            self._against(fault.what, changeset.path, line, fault.remedy or "")
            taken = True
        return taken and runs_on(options.dbms, self._engine)


def _is_guard(conditions: Node) -> bool:
    """Whether preconditions only ask that what the changeset makes is not there yet.

    That is IF NOT EXISTS in other words: afterwards it is there in any case.
    """
    asked = [each for each in conditions.children if each.name not in _NO_CONDITIONS]
    plain = [x for each in asked for x in (each.children if each.name == "and" else (each,))]
    return bool(plain) and all(
        each.name == "not" and each.children and all(x.name in _THERE for x in each.children)
        for each in plain
    )


def _context(node: Node) -> str:
    return node.get("contextFilter") or node.get("context")


def _options(node: Node) -> Options:
    conditions = [each for each in node.all("preConditions") if not _is_guard(each)]
    sums = [each.text or each.get("checkSum") for each in node.all("validCheckSum")]
    sums += [each.text for wrapper in node.all("validCheckSum") for each in wrapper.children]
    sums.append(node.attributes.get("validCheckSum", ""))
    return Options(
        id=node.get("id"),
        author=node.get("author"),
        dbms=node.get("dbms"),
        run_in_transaction=node.get("runInTransaction").strip().lower() != "false",
        unknown=unsure_of(node.attributes),
        repeats=truth(node.get("runOnChange")) or truth(node.get("runAlways")),
        ignore=truth(node.get("ignore")),
        quote_all=node.get("objectQuotingStrategy") == "QUOTE_ALL_OBJECTS",
        any_checksum=any(each.strip().lower() in {"any", "1:any"} for each in sums),
        context=_context(node),
        labels=node.get("labels"),
        maybe=maybe_of(
            on_fail="".join(each.get("onFail") for each in conditions),
            on_error="".join(each.get("onError") for each in conditions),
            fail_on_error=node.get("failOnError"),
        ),
    )


def properties(data: bytes) -> dict[str, str]:
    """Return what a properties file says: `name=value` or `name: value`, `#` before comments."""
    found = {}
    for line in data.decode("utf-8", "replace").splitlines():
        plain = line.strip()
        if plain and plain[0] not in "#!":
            at = min((plain.find(sign) for sign in "=:" if sign in plain), default=-1)
            if at > 0:
                found[plain[:at].strip()] = plain[at + 1 :].strip()
    return found
