"""When flows run, what a run is, and whether a connection is open."""
