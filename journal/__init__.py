"""The append-only store of facts: append, read, migrate. It knows streams and rows, and no rule."""
