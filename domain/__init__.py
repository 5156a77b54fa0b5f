"""The pure core: the protocol as data, and what a subject and a trial may become. No clock, no I/O, no chance."""
