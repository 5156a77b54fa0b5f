"""The two ways to say where a value comes from."""

from domain.protocol import Source


def rule(rule_id: str, text: str = "") -> Source:
    """Name the rule of the clinical specification a value is taken from."""
    return Source(rule=rule_id, text=text)


def assumed(rule_id: str, question: str, text: str) -> Source:
    """Name the rule the registry record leaves open, the question to the protocol owner, and our default."""
    return Source(rule=rule_id, question=question, text=text)
