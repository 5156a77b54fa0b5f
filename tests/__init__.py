"""Tests: the specification, the laws, and the journeys on real servers."""
