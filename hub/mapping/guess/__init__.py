"""Guesses a mapping file from a sample: what a person would write after reading the headers and a few rows."""
