"""The only code that touches the world: `record`, laboratory, notices, allocation. `adapters` implements its ports."""
