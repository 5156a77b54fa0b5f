"""The units library is asked by many threads of one worker: each gets the right factor, from the first moment on."""

import subprocess
import sys
from pathlib import Path

import pytest

from domain.units import UnknownUnit, factor

ROOT = Path(__file__).parents[2]
PROGRAM = """
import sys, threading
from domain import units

sys.setswitchinterval(0.0001)
pairs = [
    ("g/dL", "g/L"), ("mg/dL", "g/L"), ("mmol/L", "umol/L"), ("10*3/uL", "10*9/L"), ("kU/L", "U/L"), ("ug/L", "ng/mL"),
]
found = {}

def ask(pair):
    try:
        found[pair] = f"{units.factor(*pair):f}"
    except BaseException as problem:
        found[pair] = repr(problem)

threads = [threading.Thread(target=ask, args=(pair,)) for pair in pairs]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(*(found[pair] for pair in pairs), sep="\\n")
"""


def test_threads_that_ask_at_once_while_the_library_loads_get_the_right_factors() -> None:
    """3.5: a half-made table would know no unit, and a result in a good unit would be refused or UNKNOWN."""
    asked = subprocess.run([sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, check=True)

    assert asked.stdout.split("\n")[:-1] == ["10", "0.01", "1000", "1", "1000", "1"]


@pytest.mark.parametrize(
    ("of", "to"), [("B", "Np"), ("dB", "1"), ("[pH]", "mol/L"), ("mg/dL", "{INR}"), ("g/(7.h)", "g/h")]
)
def test_a_unit_that_cannot_be_converted_exactly_is_refused(of: str, to: str) -> None:
    """3.5: logarithms, annotations, other dimensions, and a number in the unit that has no end."""
    with pytest.raises(UnknownUnit):
        factor(of, to)
