"""Acme's orders service: takes, shows, lists and cancels orders over HTTP."""

__version__ = "1.5.0"
