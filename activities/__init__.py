"""The only code that touches the world: `record`, laboratory, notices, allocation. What implements the ports is in `adapters`."""
