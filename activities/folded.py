"""Streams of the journal, folded and kept: each look reads only what came since the last one."""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from domain.decider import Decider, decider_of
from journal.store import StoredFact, Stream

CACHED_STREAMS = 2000


@dataclass(frozen=True, slots=True)
class Folded:
    """A folded stream: its state, how far it goes, and the last fact of it."""

    state: Any
    seq: int = 0
    last: StoredFact | None = None

    @property
    def last_at(self) -> str:
        """Give the latest recorded instant."""
        return self.last.recorded_at if self.last else ""


class FoldedStreams:
    """The streams folded last. Safe to use from several threads."""

    def __init__(self) -> None:
        """Begin with none."""
        self._cache: OrderedDict[str, Folded] = OrderedDict()
        self._guard = threading.Lock()

    def of(self, stream: Stream, name: str) -> Folded:
        """Give a stream as this transaction sees it: the one that is held, or another."""
        decider = decider_of(name)
        with self._guard:
            known = self._cache.get(name) or Folded(decider.initial)
        found = stream.facts_of(name, max(known.seq - 1, 0))  # the last one known too: the journal may be another now
        if known.last is not None and found[:1] != [known.last]:
            known, found = Folded(decider.initial), stream.facts_of(name, 0)
        new = found if known.last is None else found[1:]
        if not new:
            return known
        facts, last = facts_in(decider, new), new[-1].seq
        state = decider.fold_on(known.state, facts, lambda: facts_in(decider, stream.facts_of(name, 0)[:last]))
        return Folded(state, last, new[-1])

    def keep(self, name: str, folded: Folded) -> None:
        """Keep a stream as it is stored now: never before the transaction that added to it has ended."""
        with self._guard:
            self._cache[name] = folded
            self._cache.move_to_end(name)
            while len(self._cache) > CACHED_STREAMS:
                self._cache.popitem(last=False)

    def state_of(self, stream: Stream, name: str) -> Any:  # noqa: ANN401 - the state of either decider
        """Give the state of a stream to which this transaction adds nothing, and keep it."""
        folded = self.of(stream, name)
        self.keep(name, folded)
        return folded.state


def facts_in(decider: Decider, stored: Sequence[StoredFact]) -> list[Any]:
    """Read stored facts."""
    return [decider.read(fact.body) for fact in stored]
