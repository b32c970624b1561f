"""The lint rules, one pattern a file: its docstring is its page, its examples are its tests."""
