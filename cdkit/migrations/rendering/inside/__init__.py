"""Programs that run in the project's own Python; nothing of cdkit imports them."""
