"""The search attributes of a stream: their types, and how recorded values become Temporal's."""

from datetime import datetime
from typing import Any

from temporalio.common import SearchAttributeKey, SearchAttributePair, SearchAttributeUpdate, TypedSearchAttributes

KEYS: dict[str, SearchAttributeKey[Any]] = {
    "TrialId": SearchAttributeKey.for_keyword("TrialId"),
    "SiteId": SearchAttributeKey.for_keyword("SiteId"),
    "SubjectNo": SearchAttributeKey.for_keyword("SubjectNo"),
    "Epoch": SearchAttributeKey.for_keyword("Epoch"),
    "Cycle": SearchAttributeKey.for_int("Cycle"),
    "Arm": SearchAttributeKey.for_keyword("Arm"),
    "NextDue": SearchAttributeKey.for_datetime("NextDue"),
    "Overdue": SearchAttributeKey.for_bool("Overdue"),
}


def change_of(name: str, value: Any) -> SearchAttributeUpdate[Any]:  # noqa: ANN401 - keywords, numbers, times
    """Give the change that shows a value."""
    key = KEYS[name]
    return key.value_unset() if value is None else key.value_set(_attribute(name, value))


def _attribute(name: str, value: Any) -> Any:  # noqa: ANN401 - keywords, numbers, times
    return datetime.fromisoformat(value) if name == "NextDue" else value


def all_of(attributes: dict[str, Any]) -> TypedSearchAttributes:
    """Give all attributes for a new run. One that a newer release showed, and this one does not know, is left out."""
    given = {name: value for name, value in attributes.items() if value is not None and name in KEYS}
    return TypedSearchAttributes(
        [SearchAttributePair(KEYS[name], _attribute(name, value)) for name, value in given.items()]
    )
