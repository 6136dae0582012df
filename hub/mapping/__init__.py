"""Mapping files: one file describes a partner, its connection and its documents."""
