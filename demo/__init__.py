"""Stand-ins for a hospital's own systems, used in demonstrations only."""
