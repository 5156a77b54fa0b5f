"""The command line: it sends, reads and shows. It decides nothing."""
