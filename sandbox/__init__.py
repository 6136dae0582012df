"""Partner simulators on loopback: they speak the real protocols and share no parsing or writing code with the hub."""
