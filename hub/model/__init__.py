"""The canonical documents: frozen values, exact numbers, aware times, no I/O."""
