"""What a document was made from: each ends with it, so that anybody can tell how far the record went then."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from read_models.record import Head

NO_CHAIN = "none: this journal keeps no chain"


@dataclass(frozen=True, slots=True)
class MadeFrom:
    """The streams with their heads, and the instant of the making (real time)."""

    heads: Sequence[Head]
    at: datetime

    @property
    def instant(self) -> str:
        """The instant in ISO 8601, UTC."""
        return self.at.astimezone(UTC).isoformat(timespec="seconds")

    def as_json(self) -> dict[str, Any]:
        """Give it as JSON values."""
        streams = [{"stream": head.stream, "seq": head.seq, "hash": head.hash or None} for head in self.heads]
        return {"streams": streams, "made_at": self.instant}

    def sentences(self) -> list[str]:
        """Give it in words, one stream a line."""
        return [
            f"stream {head.stream}, facts 1 to {head.seq}, hash {head.hash or NO_CHAIN}; made at {self.instant}"
            for head in self.heads
        ]
