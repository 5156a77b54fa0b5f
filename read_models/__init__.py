"""The trial as tables for analysts: made from the journal alone, dropped and made again. It decides nothing."""
