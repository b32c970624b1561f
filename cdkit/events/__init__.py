"""Events: what they say (CDEvents), how they travel (CloudEvents), and that none is lost."""
