"""Programs that measure. They print figures, with the bare Temporal floor run beside under the same settings."""
