"""Checks what a faulty run left behind. It imports nothing of the product: a mistake there cannot hide itself here."""
