"""Health, metrics and the JSON the console reads."""
