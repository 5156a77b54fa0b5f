"""The core alone, in one process: byte strings to the envelope's parser, commands to their validators and to `decide`.

python -m fuzz.core SEED BYTES EXAMPLES COMMAND_LINES FILE
"""

import json
import sys
import time
import traceback
from collections.abc import Callable
from datetime import date
from functools import cache
from pathlib import Path
from random import Random

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from domain.decider import PATIENT, TRIAL
from domain.intake import Message, argument_of, carried_id, content_id, kind_of, message_text, read
from domain.submission import Refused
from fuzz import argv
from fuzz.looking import lacking
from fuzz.messages import good, kinds
from fuzz.mutating import mutated, scrambled, written
from fuzz.oracle import wrong_verdicts
from fuzz.tally import Tally
from fuzz.typed import Typed
from observability import configure
from tests.given import START, Story, when
from tests.laws.plays import opened
from tests.laws.strategies import model
from tests.stories import PHASES

SLOWEST_SECONDS = 4.0
"""Longest processor time of one message: `record` has 5 s."""
IN_PROCESS = "in process"
NOISE = 0.3
"""Share of the byte strings that are nothing but noise."""
LONGEST_BASE = 3000
"""Bytes of a good envelope that is scrambled: the longer ones take their time."""


@cache
def story_of(phase: str) -> Story | None:
    """Give the story of a phase, of the `trial`, or (without a phase) none. It is told once."""
    return opened() if phase == "trial" else PHASES[phase]() if phase else None


@cache
def shown_of(phase: str) -> str:
    """Give what the story of a phase shows before anything was sent."""
    story = story_of(phase)
    return shown(story) if story else ""


def shown(story: Story) -> str:
    """Give what a story shows, as text."""
    return repr(story.decider.show(story.state))


def refused(refusal: Refused, kind: str) -> str:
    """Give the outcome of a refusal: wrong, unless it says what the record must say."""
    told = {name: getattr(refusal, name) for name in ("reason", "detail", "rule", "field", "accepts")}
    return "wrong" if lacking({**told, "kind": kind, "first_seq": None}) else "refused"


def taken(message: Message, phase: str = "") -> str:
    """Take a message as `record` does, in a phase. Give its outcome; whatever else is raised is a fault."""
    people, system = (TRIAL.people, TRIAL.system) if phase == "trial" else (PATIENT.people, PATIENT.system)
    carried_id(message), content_id("s", message), kind_of(message), message_text(message)
    try:
        submission = read(message, "00000000-0000-4000-8000-000000000000", people, system)
    except Refused as refusal:
        return refused(refusal, kind_of(message))
    story = story_of(phase)
    if story is None:
        return "accepted"
    outcome = when(story, submission.command, confirmed=True, reason="so it was")
    if outcome.refusal is not None:
        return refused(outcome.refusal, submission.command.kind) if shown(story) == shown_of(phase) else "wrong"
    after = outcome.story
    story.decider.details(after.state), story.decider.attributes(after.state), story.decider.show(after.state)
    unused = [fact for fact in outcome.facts if getattr(fact, "unused", ()) and not fact.accepted]
    for fact in outcome.facts:
        story.decider.fact.validate_json(fact.model_dump_json())
    return "kept as query" if unused else "accepted"


class Core:
    """One run of it: where it counts, and the seed's choices."""

    def __init__(self, chosen: str, tally: Tally) -> None:
        """Begin with a seed."""
        self.random = Random(f"{chosen}/core")
        self.tally = tally

    def one(self, group: str, message: Message, phase: str = "") -> None:
        """Take one message and count it; keep it when it does harm."""
        shown_of(phase)
        begun = time.process_time()
        try:
            outcome = taken(message, phase)
        except Exception:  # noqa: BLE001 - what it looks for
            self._keep(group, "tracebacks", message, phase, traceback.format_exc()[-1500:])
            return
        took = time.process_time() - begun
        if took > SLOWEST_SECONDS:
            self._keep(group, "stuck", message, phase, f"{took:.1f} s")
        elif outcome == "wrong":
            self._keep(
                group, "wrong", message, phase, "a refusal that says too little, or changed what the story shows"
            )
        else:
            self.tally.add(group, IN_PROCESS, outcome)

    def _keep(self, group: str, outcome: str, message: Message, phase: str, why: str) -> None:
        arguments = [argument.data[:100_000] for argument in message.arguments]
        self.tally.crash(group, IN_PROCESS, outcome, kind=message.name, phase=phase, arguments=arguments, why=why)

    def byte_strings(self, count: int) -> None:
        """Give the envelope's parser bytes by chance: noise, and good envelopes that were scrambled."""
        about = {"id": "00000000-0000-4000-8000-000000000001", "staff": "INV1", "occurred_at": "2025-06-02T10:00:00Z"}
        bases = [written({**about, "command": {"kind": kind, **good(kind, START)}}) for kind in kinds()]
        bases = [base for base in bases if len(base) < LONGEST_BASE]
        for _ in range(count):
            is_noise, base = self.random.random() < NOISE, self.random.choice(bases)
            raw = self.random.randbytes(self.random.randrange(200)) if is_noise else scrambled(base, self.random)
            self.one("byte strings", Message(channel="update", name="submit", arguments=(argument_of(raw),)))

    def validators(self, examples: int) -> None:
        """Give each kind's validator examples of its strategy with something changed, and decide on what it takes."""
        for number, (kind, known) in enumerate(kinds().items(), start=1):
            self._validator(kind, known, examples)
            if number % 10 == 0:
                print(f"validators: {number} of {len(kinds())} kinds", flush=True)

    def _validator(self, kind: str, known: type[BaseModel], examples: int) -> None:
        phases = ["trial"] if kind in TRIAL.people else sorted(PHASES)
        some_dates = st.dates(date(2025, 5, 1), date(2025, 9, 30))

        @seed(self.random.randrange(2**32))
        @settings(max_examples=examples, deadline=None, database=None, phases=[Phase.generate],
                  suppress_health_check=list(HealthCheck))  # fmt: skip
        @given(model(known, some_dates), st.randoms(use_true_random=False), st.integers(0, 9))
        def one(command: BaseModel, random: Random, how: int) -> None:
            body = json.loads(command.model_dump_json(exclude={"kind"}))
            body = body if how == 0 else mutated(body, random)
            message = Message(channel="update", name=kind, arguments=(argument_of(written(body)),))
            self.one("validators", message, random.choice(phases))

        one()

    def command_lines(self, count: int) -> None:
        """Type words by chance, with a journal at hand and no server in reach."""
        with Typed(self.tally) as typed:
            for _ in range(count):
                typed.type(argv.words(self.random))

    def oracle(self) -> None:
        """Hold eligibility at every boundary against the independent table."""
        rows, wrong = wrong_verdicts()
        self.tally.add("eligibility, against the table", IN_PROCESS, "accepted", rows - len(wrong))
        for text in wrong:
            self.tally.crash("eligibility, against the table", IN_PROCESS, "dropped", why=text)


def run(chosen: str, sizes: tuple[int, int, int], say: Callable[[str], None]) -> Tally:
    """Run all of it; `sizes`: byte strings, examples a validator, command lines."""
    configure("WARNING")
    tally = Tally()
    core = Core(chosen, tally)
    core.oracle()
    say(f"oracle done, {tally.bad} wrong")
    core.command_lines(sizes[2])
    say(f"command lines done, {tally.bad} did harm")
    core.byte_strings(sizes[0])
    say(f"byte strings done, {tally.bad} did harm")
    core.validators(sizes[1])
    say(f"validators done, {tally.bad} did harm")
    return tally


if __name__ == "__main__":
    _, chosen, *counts, file = sys.argv
    found = run(chosen, (int(counts[0]), int(counts[1]), int(counts[2])), lambda text: print(text, flush=True))
    Path(file).write_text(json.dumps(found.told()))
