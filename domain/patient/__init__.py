"""One subject: what may be said (commands), what is recorded (facts), what follows (decide, evolve, due)."""
