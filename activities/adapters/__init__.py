"""What implements the ports. Only composition roots import these."""
