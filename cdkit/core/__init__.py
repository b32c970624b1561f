"""The nouns that every room speaks, and the doors to the outside."""
