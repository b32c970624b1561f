"""What to do about code that cannot be read."""

REMEDY = (
    "write the statements out, or have somebody look at it and say so with "
    "`-- cdkit: allow unread-code (reason)`"
)

TOO_DEEP = "this is nested too deeply to be read"
"""What is told of a statement that neither we nor the decoder of its tree get to the bottom of."""
