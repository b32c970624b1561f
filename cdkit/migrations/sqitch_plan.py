"""sqitch.plan and sqitch.conf: which changes there are, in which order, for which database.

Sources: Sqitch's manual, sqitchtutorial ("Reworking": the older script of a change that was
reworked is `<change>@<tag>`), App::Sqitch::Plan ("Plan File" grammar), sqitch-config.
"""

from collections.abc import Mapping

from msgspec import Struct

from cdkit.migrations.lazy import pattern
from cdkit.migrations.look import Look, ancestors, join

PLAN = "sqitch.plan"
CONF = "sqitch.conf"
_SECTION = pattern(r'\[\s*([\w.-]+)(?:\s+"([^"]*)")?\s*\]')


class Change(Struct, frozen=True, kw_only=True):
    """A change of the plan: its name, its script's possible names, the plan's line (from 1)."""

    name: str
    scripts: tuple[str, ...]
    line: int


def changes_of(data: bytes) -> tuple[Change, ...]:
    """Return the changes of a plan in their order; of a reworked one, each time that it stands.

    The script of one that is reworked later has one of the tags in between in its name: the first
    for which there is a file (App::Sqitch::Plan::Change).
    """
    found: list[tuple[str, int]] = []
    tags: list[tuple[int, str]] = []
    for number, raw in enumerate(data.decode("utf-8", "replace").splitlines(), start=1):
        line = raw.strip()
        if not line or line[0] in "%#":
            continue
        name = line.split(None, 1)[0]
        if name.startswith("@"):
            tags.append((len(found) - 1, name))
        elif not name.startswith("-"):
            found.append((name.removeprefix("+"), number))
    after: dict[str, int] = {}
    changes = []
    for index in range(len(found) - 1, -1, -1):
        name, line_number = found[index]
        end = after.get(name, -1)
        between = tuple(name + tag for at, tag in tags if index <= at < end)
        changes.append(Change(name=name, scripts=between or (name,), line=line_number))
        after[name] = index
    return tuple(reversed(changes))


class Conf(Struct, frozen=True, kw_only=True):
    """What sqitch.conf says: `core.engine`, `engine.pg.top_dir`, each by its full name."""

    folder: str
    settings: Mapping[str, str]

    def under(self, name: str) -> Mapping[str, str]:
        """Return what stands in a section, by its own names."""
        start = f"{name}."
        return {
            key.removeprefix(start): value
            for key, value in self.settings.items()
            if key.startswith(start)
        }


def conf_of(root: str, look: Look) -> Conf:
    """Return the sqitch.conf that is nearest above a project, or in it; empty for none."""
    for folder in dict.fromkeys((root, *ancestors(root), ".")):
        if look.is_file(path := join(folder, CONF)):
            return Conf(folder=folder, settings=_settings(look.read(path)))
    return Conf(folder=root, settings={})


def _settings(data: bytes) -> dict[str, str]:
    found: dict[str, str] = {}
    section = ""
    for raw in data.decode("utf-8", "replace").splitlines():
        line = raw.strip()
        if head := _SECTION().match(line):
            section = ".".join(filter(None, head.groups()))
        elif line and line[0] not in "#;" and "=" in line:
            name, _, value = line.partition("=")
            found[f"{section}.{name.strip()}"] = value.strip().strip('"')
    return found


def engine_of(root: str, conf: Conf) -> str:
    """Return the database of the plan at a root: of the engine whose folder it is, else the core's.

    Empty where neither is said.
    """
    for key, value in conf.settings.items():
        kind, _, rest = key.partition(".")
        engine, _, name = rest.rpartition(".")
        place = join(conf.folder, value.removeprefix("./").rstrip("/"))
        inside = {"top_dir": place, "plan_file": place.rpartition("/")[0]}.get(name)
        if kind == "engine" and engine and inside == root:
            return engine
    return conf.settings.get("core.engine", "")


def folder_of(kind: str, root: str, conf: Conf) -> str:
    """Return where the deploy, revert or verify scripts of a project are."""
    said = conf.settings.get(f"core.{kind}_dir")
    return join(conf.folder, said.removeprefix("./").rstrip("/")) if said else join(root, kind)


def variables_of(conf: Conf) -> Mapping[str, str]:
    """Return the psql variables that the configuration gives to deploy scripts."""
    engine = conf.settings.get("core.engine", "pg")
    sections = ("core", "deploy", f"engine.{engine}")
    return {k: v for each in sections for k, v in conf.under(f"{each}.variables").items()}
