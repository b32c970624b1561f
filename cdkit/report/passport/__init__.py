"""The passport of an image: one page with all that is known of it, which needs no network."""
