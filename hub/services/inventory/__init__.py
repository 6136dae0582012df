"""What each node has, will receive and may promise, and what channels are to show of it."""
