"""The web console: what is stuck, why, and what to do; every verb is the same as the command line's."""
