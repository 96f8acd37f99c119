"""The marking layer: what is a right answer. Imports the standard library and torch only."""
