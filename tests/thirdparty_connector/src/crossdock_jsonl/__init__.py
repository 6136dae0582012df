"""JSON lines through a local folder, as a connector of its own distribution."""
