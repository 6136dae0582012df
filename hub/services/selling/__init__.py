"""Sales orders: taken in, amended by their customers, and looked at again when their time has come."""
