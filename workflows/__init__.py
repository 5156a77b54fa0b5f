"""The imperative shell: it interprets recorded steps. It knows nothing clinical and decides nothing."""
