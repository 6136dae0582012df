"""The connectors that come with Crossdock; each stands alone and is found by its entry point."""
