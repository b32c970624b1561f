"""Our own configuration files: strict YAML, every fault at its file, line and column."""

from cdkit.core.config.load import load, sections

__all__ = ["load", "sections"]
