"""The fault harness: breaks a whole installation in every way it must survive, and has it checked from outside."""
