"""Crossdock: a distributed order management hub."""
