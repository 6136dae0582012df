"""Measurements, always as ratios to a floor or a peer measured in the same run; `make bench`."""
