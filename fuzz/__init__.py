"""Bad input of every class by every channel, against one real installation and against the core alone."""
