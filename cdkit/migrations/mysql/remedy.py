"""What to do about code that cannot be read."""

REMEDY = (
    "write it in a plainer form, or have somebody look at it and say so with "
    "`-- cdkit: allow unread-code (reason)`"
)
