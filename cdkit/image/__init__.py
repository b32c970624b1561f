"""Images by name: tags, and the identity that cannot move."""
