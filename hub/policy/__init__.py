"""Routing files: rule sets and workflows, read with lines and suggestions, and what they say of one order."""
