"""Changes of JSON values and of bytes, each by a random number's choice, so that a seed tells them all."""

import json
import re
from collections.abc import Iterator
from random import Random
from typing import Any

from fuzz.odd import DATES, NUMBERS, TEXTS, TYPES

Path = tuple[str | int, ...]
_AS_IT_IS = re.compile(rb'"@@(.*?)@@"')
_TOKENS = (
    b"{",
    b"}",
    b"[",
    b"]",
    b'"',
    b",",
    b":",
    b"null",
    b"true",
    b"-",
    b"1e",
    b"\\u",
    b"\\ud800",
    b"\x00",
    b"\xff",
)


def written(value: object) -> bytes:
    """Give a value as JSON; what stands between `@@` is written without its quotes, also what is no JSON."""
    return _AS_IT_IS.sub(rb"\1", json.dumps(value).encode())


def paths(value: object, start: Path = ()) -> Iterator[Path]:
    """Give the path of every value inside a value, its own first."""
    yield start
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in inner:
        yield from paths(part, (*start, key))


def replaced(value: Any, path: Path, by: object) -> Any:  # noqa: ANN401 - any JSON value
    """Give a value with another one at a path."""
    if not path:
        return by
    copied: Any = dict(value) if isinstance(value, dict) else list(value)
    copied[path[0]] = replaced(value[path[0]], path[1:], by)
    return copied


def without(value: Any, path: Path) -> Any:  # noqa: ANN401 - as above
    """Give a value without what stands at a path."""
    if len(path) > 1:
        return replaced(value, path[:1], without(value[path[0]], path[1:]))
    copied: Any = dict(value) if isinstance(value, dict) else list(value)
    del copied[path[0]]
    return copied


def at(value: Any, path: Path) -> Any:  # noqa: ANN401 - as above
    """Give what stands at a path."""
    for key in path:
        value = value[key]
    return value


def mutated(value: Any, random: Random) -> Any:  # noqa: ANN401 - as above
    """Give a value with one to three things changed."""
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        path = random.choice(list(paths(value)))
        known = at(value, path)
        what = random.randrange(8)
        if what == 0 and path:
            value = without(value, path)
        elif what == 1 and isinstance(known, dict):
            value = replaced(value, path, {**known, random.choice(("colour", "kind", "", "\u202e", "x" * 90)): 1})
        elif what == 2 and isinstance(known, list) and known:  # noqa: PLR2004 - one case of eight
            value = replaced(value, path, known * random.choice((2, 50)))
        elif what == 3:  # noqa: PLR2004 - as above
            value = replaced(value, path, [known])
        else:
            odd = random.choice((TYPES, TEXTS, NUMBERS, DATES))
            value = replaced(value, path, random.choice(odd))
    return value


def scrambled(raw: bytes, random: Random) -> bytes:
    """Give bytes with some of them cut, doubled, flipped, or replaced by what means something to a parser."""
    made = bytearray(raw)
    for _ in range(random.choice((1, 1, 2, 4))):
        start = random.randrange(len(made) + 1)
        end = min(len(made), start + random.choice((0, 1, 1, 2, 8)))
        what = random.randrange(5)
        if what == 0:
            made[start:end] = b""
        elif what == 1:
            made[start:end] = made[start:end] * random.choice((2, 40))
        elif what == 2:  # noqa: PLR2004 - one case of five
            made[start:end] = random.randbytes(end - start)
        elif what == 3:  # noqa: PLR2004 - as above
            made[start:start] = random.choice(_TOKENS)
        else:
            made[start:end] = random.choice(_TOKENS) * random.choice((1, 1, 40))
    return bytes(made)
