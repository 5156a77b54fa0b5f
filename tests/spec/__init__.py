"""The specification: given facts, when a command comes, then facts. The names of the tests are its sentences."""
