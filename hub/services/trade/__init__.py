"""Documents with suppliers, 3PLs and the ERP that keeps our books: sent, answered, shipped, billed."""
