"""Whether a version of the informed consent form was the approved one on the date of its signature. Source: I1.1."""

from collections.abc import Mapping
from datetime import date


def version_problem(version: str, signed_on: date, approved: Mapping[str, date | None]) -> str:
    """Say what is wrong with a version at the date of its signature; nothing when it is the approved one.

    `approved` holds since when each version is approved; None: since the beginning.
    """
    about = f"consent of {signed_on} to {version}"
    if version not in approved:
        return f"{about}, which is not approved"
    approved_on = approved[version]
    if approved_on is not None and signed_on < approved_on:
        return f"{about}, approved on {approved_on}"
    newer = {name: on for name, on in approved.items() if on and on < signed_on}
    latest = max(newer, key=lambda name: newer[name], default=version)
    if latest != version and (approved_on is None or approved_on < newer[latest]):
        return f"{about}, replaced by {latest} on {newer[latest]}"
    return ""
