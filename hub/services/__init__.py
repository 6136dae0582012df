"""Use cases, one file each, in packages that import downwards; domain transactions begin and end here."""
