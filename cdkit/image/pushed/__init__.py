"""What a registry holds of what was pushed, and what it does against tags that move."""
