"""Documents of a subject or the trial, made of facts: the same facts give the same document. No clock, no files."""
