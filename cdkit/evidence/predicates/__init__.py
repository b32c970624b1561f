"""Predicates of other tools' in-toto statements, one file each."""
