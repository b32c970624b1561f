"""Extension points: a folder whose every public module exports one constant."""

import importlib
import pkgutil
from collections.abc import Mapping
from types import ModuleType
from typing import TypeVar

from cdkit.core.doors.files import DiskFiles

T = TypeVar("T")


def names(package: ModuleType) -> tuple[str, ...]:
    """Return the modules of an extension folder, sorted; a leading underscore hides one."""
    files = DiskFiles()
    if not all(map(files.is_dir, package.__path__)):  # in an archive, say
        found = [module.name for module in pkgutil.iter_modules(package.__path__)]
    else:  # which is quicker, and asked of a hundred rules at every start
        found = [
            name.removesuffix(".py")
            for folder in package.__path__
            for name in files.names(folder)
            if name.endswith(".py") or files.is_file(f"{folder}/{name}/__init__.py")
        ]
    return tuple(sorted(name for name in found if not name.startswith("_")))


def load(package: ModuleType, name: str, constant: str, kind: type[T]) -> T:
    """Import one module of an extension folder and return its constant.

    Raises TypeError, naming the module, where the constant is missing or of another type: an
    extension that does not take part is a fault of ours, never a silent skip.
    """
    module = importlib.import_module(f"{package.__name__}.{name}")
    value = getattr(module, constant, None)
    if not isinstance(value, kind):
        msg = f"{module.__name__} must export {constant}, a {kind.__name__}"
        raise TypeError(msg)
    return value


def collect(package: ModuleType, constant: str, kind: type[T]) -> Mapping[str, T]:
    """Return the constants of all modules of an extension folder, by module name, sorted."""
    return {name: load(package, name, constant, kind) for name in names(package)}
