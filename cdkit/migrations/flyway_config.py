"""Flyway's configuration, as far as it says which files are migrations and how they run.

Sources: Flyway documentation, "Flyway namespace" (each parameter's page: names, defaults),
"Configuration files" (flyway.conf, flyway.toml), "Script configuration files" (`V1__x.sql.conf`).
"""

import re
from collections.abc import Callable, Mapping

from msgspec import Struct, structs

from cdkit.core.errors import CdkitError
from cdkit.core.verdict import Reason, cannot_tell
from cdkit.migrations.lazy import pattern
from cdkit.migrations.look import Look, ancestors, join

FILES = ("flyway.toml", "flyway.conf", "conf/flyway.toml", "conf/flyway.conf")
_VERSION = r"\d+(?:[._]\d+)*"
_PROPERTY = pattern(r"([^#!\s=:][^=:\s]*)[ \t]*[=:][ \t]*(.*)")

CODE = (".java", ".kt", ".groovy", ".class", ".cs", ".py", ".sh", ".ps1", ".bat", ".js")
"""The suffixes of migrations that are programs."""


class Config(Struct, frozen=True, kw_only=True):
    """A configuration: its folder, its settings by their names without `flyway.`, its faults.

    `names` matches the name of a migration, which begins with one of `initials`; its only named
    group that matches is the kind (V, U, B, R), and holds the version.
    """

    folder: str
    settings: Mapping[str, str]
    names: Callable[[], re.Pattern[str]]
    initials: tuple[str, ...] = ()
    faults: tuple[Reason, ...] = ()

    def get(self, name: str, default: str = "") -> str:
        """Return a setting, or what Flyway takes without it."""
        return self.settings.get(name) or default

    def is_on(self, name: str, *, default: bool = False) -> bool:
        """Whether a switch is on."""
        return self.get(name, str(default)).strip().lower() == "true"

    @property
    def suffixes(self) -> tuple[str, ...]:
        """The suffixes that SQL migrations have."""
        return tuple(x.strip() for x in self.get("sqlMigrationSuffixes", ".sql").split(","))

    @property
    def prefixes(self) -> tuple[tuple[str, str], ...]:
        """The kinds of migrations (V, U, B, R), each with what its names begin with."""
        return (
            ("V", self.get("sqlMigrationPrefix", "V")),
            ("U", self.get("undoSqlMigrationPrefix", "U")),
            ("B", self.get("baselineMigrationPrefix", "B")),
            ("R", self.get("repeatableSqlMigrationPrefix", "R")),
        )

    @property
    def separator(self) -> str:
        """What stands between version and description."""
        return self.get("sqlMigrationSeparator", "__")

    @property
    def locations(self) -> tuple[str, ...]:
        """The folders that are named, as paths from the working directory; empty for none."""
        found = (x.strip().partition(":") for x in self.get("locations").split(",") if x.strip())
        plain = (rest if colon else kind for kind, colon, rest in found if kind != "classpath")
        return tuple(
            join(self.folder, x.removeprefix("./").partition("*")[0].rstrip("/")) for x in plain
        )

    @property
    def remote(self) -> tuple[str, ...]:
        """The locations that are no folders here (`s3:`, `gcs:`), as they are written."""
        named = (each.strip() for each in self.get("locations").split(","))
        return tuple(x for x in named if x.startswith(("s3:", "gcs:")))

    @property
    def engine(self) -> str:
        """The database that the URL names, empty where there is none."""
        scheme = re.match(r"jdbc:(?:tc:|p6spy:|otel:)*(\w+):", self.get("url"))
        return scheme[1] if scheme else ""

    @property
    def values(self) -> Mapping[str, str]:
        """What placeholders stand for: those that are given, and Flyway's own."""
        given = {
            name.removeprefix("placeholders."): value
            for name, value in self.settings.items()
            if name.startswith("placeholders.")
        }
        schema = self.get("defaultSchema") or self.get("schemas").partition(",")[0].strip()
        own = {"flyway:table": self.get("table", "flyway_schema_history")}
        # Without a setting it is the connection's own schema, which is where bare names are too.
        own["flyway:defaultSchema"] = schema or "public"
        return own | given


def configured(
    folder: str, settings: Mapping[str, str] | None = None, faults: tuple[Reason, ...] = ()
) -> Config:
    """Return a configuration of settings, by their names without `flyway.`."""
    given = settings or {}
    bare = Config(folder=folder, settings=given, names=pattern(""), faults=faults)
    separator = re.escape(bare.separator)
    suffix = "|".join(re.escape(each) for each in (*bare.suffixes, *CODE) if each)
    versioned = "|".join(
        f"{re.escape(prefix)}(?P<{kind}>{_VERSION})" for kind, prefix in bare.prefixes[:3]
    )
    repeated = re.escape(bare.prefixes[3][1]) + separator + "(?P<R>)"
    whole = f"(?:(?:{versioned})(?:{separator}.*)?|{repeated}.*)(?:{suffix})"
    initials = tuple(prefix for _, prefix in bare.prefixes)
    return structs.replace(bare, names=pattern(whole), initials=initials)


def config_of(folder: str, look: Look) -> Config:
    """Return the configuration that is nearest above a folder, or in it; empty for none."""
    return look.once(("flyway", folder), lambda: _nearest(folder, look))


def _nearest(folder: str, look: Look) -> Config:
    for each in dict.fromkeys((folder, *ancestors(folder), ".")):
        for name in FILES:
            if look.is_file(path := join(each, name)):
                return _read(path, each, look)
    return configured(folder)


def _read(path: str, folder: str, look: Look) -> Config:
    try:
        data = look.read(path).decode("utf-8")
        settings = _of_toml(data) if path.endswith(".toml") else properties(data)
    except CdkitError as fault:
        return configured(folder, faults=(fault.reason(),))
    except (ValueError, RecursionError) as fault:
        what = f"{path} cannot be read, so it is not known what Flyway runs: {fault}"
        return configured(folder, faults=(cannot_tell(what, remedy="mend the file"),))
    plain = {name.removeprefix("flyway."): value for name, value in settings.items()}
    said = ((name, plain[name]) for name in _SWITCHES if plain.get(name))
    unsure = tuple(
        cannot_tell(f"{path} says {value[:40]!r} for {name}: {NO_SWITCH}", remedy=SWITCHES)
        for name, value in said
        if not is_switch(value)
    )
    return configured(folder, plain, unsure)


_SWITCHES = (
    *("executeInTransaction", "mixed", "outOfOrder", "placeholderReplacement"),
    "postgresql.transactional.lock",
)
NO_SWITCH = "Flyway takes true or false, and refuses anything else"
SWITCHES = "write true or false"


def is_switch(value: str) -> bool:
    """Whether Flyway takes a value for a yes or a no (its source, ConfigUtils.removeBoolean)."""
    return value.strip().lower() in {"true", "false"}


def properties(data: str) -> dict[str, str]:
    """Return the settings of a Java properties file; a backslash continues a line."""
    lines = re.sub(r"\\\r?\n[ \t]*", "", data).splitlines()
    found = (_PROPERTY().match(line.strip()) for line in lines)
    return {one[1]: one[2] for one in found if one}


def _of_toml(data: str) -> dict[str, str]:
    import tomllib

    tree = tomllib.loads(data)
    flat: dict[str, str] = {}
    _flatten(tree, "", flat)
    chosen = flat.get("flyway.environment", "default")
    for name in ("url", "schemas"):
        inside = flat.get(f"environments.{chosen}.{name}")
        if inside and f"flyway.{name}" not in flat:
            flat[f"flyway.{name}"] = inside
    return flat


def _flatten(tree: Mapping[str, object], above: str, into: dict[str, str]) -> None:
    for name, value in tree.items():
        match value:
            case dict():
                _flatten(value, f"{above}{name}.", into)
            case list():
                into[above + name] = ",".join(map(str, value))
            case bool():
                into[above + name] = str(value).lower()
            case _:
                into[above + name] = str(value)


def root_of(path: str, folder: str, config: Config) -> str:
    """Return the root of the project that a file is of: the configuration's folder, or its own."""
    inside = any(path.startswith(f"{each}/") for each in config.locations)
    return config.folder if inside else folder


def script_config(path: str, look: Look) -> Mapping[str, str]:
    """Return the settings that stand beside a script (`V1__x.sql.conf`); empty without any."""
    beside = f"{path}.conf"
    if not look.is_file(beside):
        return {}
    return properties(look.read(beside).decode("utf-8", "replace"))
