"""Mutation testing of the core: mutmut changes the code one place at a time, and the specification must notice."""
