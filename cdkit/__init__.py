"""Pipeline steps that let a team deploy every merge safely, without a person at a gate."""

__version__ = "0.1.0"
