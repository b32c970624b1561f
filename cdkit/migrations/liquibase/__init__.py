"""Liquibase's changelogs: read in its four formats, each changeset rendered into SQL."""
