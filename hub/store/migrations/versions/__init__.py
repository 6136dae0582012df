"""The steps, in the order in which each names its forerunner."""
