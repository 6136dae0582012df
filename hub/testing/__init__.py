"""What tests of the hub and of connectors need: a clock moved by hand, a context in memory, the contract kit."""
