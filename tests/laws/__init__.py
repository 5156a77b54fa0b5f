"""Laws that hold for every journey, checked on generated ones."""
