"""Changes of JSON values and of bytes, each by a random number's choice, so that a seed tells them all."""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from random import Random

from fuzz.odd import DATES, NUMBERS, TEXTS, TYPES, Json

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


def paths(value: Json, start: Path = ()) -> Iterator[Path]:
    """Give the path of every value inside a value, its own first."""
    yield start
    for key, part in _parts(value):
        yield from paths(part, (*start, key))


def replaced(value: Json, path: Path, by: Json) -> Json:
    """Give a value with another one at a path. Raises LookupError where nothing stands there."""
    if not path:
        return by
    key = path[0]
    if isinstance(value, dict) and isinstance(key, str):
        return {**value, key: replaced(value[key], path[1:], by)}
    if isinstance(value, list) and isinstance(key, int):
        return [*value[:key], replaced(value[key], path[1:], by), *value[key + 1 :]]
    raise LookupError(key)


def without(value: Json, path: Path) -> Json:
    """Give a value without what stands at a path."""
    if len(path) > 1:
        return replaced(value, path[:1], without(at(value, path[:1]), path[1:]))
    if isinstance(value, dict):
        return {key: part for key, part in value.items() if (key,) != path}
    return [part for key, part in _parts(value) if (key,) != path]


def at(value: Json, path: Path) -> Json:
    """Give what stands at a path. Raises KeyError where nothing does."""
    for key in path:
        value = dict(_parts(value))[key]
    return value


def _parts(value: Json) -> Iterable[tuple[str | int, Json]]:
    """Give what stands directly inside a value, each with its key."""
    return value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()


def mutated(value: Json, random: Random) -> Json:
    """Give a value with one to three things changed."""
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        path = random.choice(list(paths(value)))
        value = random.choice(_CHANGES)(value, path, random)
    return value


def _odd(value: Json, path: Path, random: Random) -> Json:
    return replaced(value, path, random.choice(random.choice(_ODD)))


def _left_out(value: Json, path: Path, random: Random) -> Json:
    return without(value, path) if path else _odd(value, path, random)


def _a_name_more(value: Json, path: Path, random: Random) -> Json:
    known = at(value, path)
    if not isinstance(known, dict):
        return _odd(value, path, random)
    return replaced(value, path, {**known, random.choice(("colour", "kind", "", "\u202e", "x" * 90)): 1})


def _repeated(value: Json, path: Path, random: Random) -> Json:
    known = at(value, path)
    if not isinstance(known, list) or not known:
        return _odd(value, path, random)
    return replaced(value, path, known * random.choice((2, 50)))


def _in_a_list(value: Json, path: Path, _random: Random) -> Json:
    return replaced(value, path, [at(value, path)])


_ODD: tuple[tuple[Json, ...], ...] = (TYPES, TEXTS, NUMBERS, DATES)
_CHANGES: tuple[Callable[[Json, Path, Random], Json], ...] = (
    _left_out,
    _a_name_more,
    _repeated,
    _in_a_list,
    *[_odd] * 4,
)
"""Ways to change a value at a path. One that does not fit what stands there puts something odd in its place."""


def scrambled(raw: bytes, random: Random) -> bytes:
    """Give bytes with some of them cut, doubled, flipped, or replaced by what means something to a parser."""
    made = bytearray(raw)
    for _ in range(random.choice((1, 1, 2, 4))):
        start = random.randrange(len(made) + 1)
        end = min(len(made), start + random.choice((0, 1, 1, 2, 8)))
        made[start:end] = random.choice(_SPLICES)(bytes(made[start:end]), random)
    return bytes(made)


_SPLICES: tuple[Callable[[bytes, Random], bytes], ...] = (
    lambda _cut, _random: b"",
    lambda cut, random: cut * random.choice((2, 40)),
    lambda cut, random: random.randbytes(len(cut)),
    lambda cut, random: random.choice(_TOKENS) + cut,
    lambda _cut, random: random.choice(_TOKENS) * random.choice((1, 1, 40)),
)
"""What may come in the place of a few bytes that are cut out."""
