"""What to do about code that cannot be read."""

REMEDY = (
    "write the statements out, or have somebody look at it and say so with "
    "`-- cdkit: allow unread-code (reason)`"
)
