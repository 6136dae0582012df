"""Simulated partners that speak the real protocols on loopback; they share no codec with the connectors."""
