"""X12: bytes to interchanges, groups and transaction sets, and back; knows no partner."""
