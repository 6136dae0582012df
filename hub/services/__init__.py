"""Use cases, one file each; domain transactions begin and end here."""
