"""Migrations: find them, model the schema that they make, judge what they do to it."""
