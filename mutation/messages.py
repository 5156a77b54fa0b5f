"""Which mutants change nothing but words that people read. They are set aside: no rule is lost with them."""

import ast
import functools
from collections.abc import Iterator

MESSAGE_ARGUMENTS = {
    "passes": 0,
    "fails": 0,
    "unknown": 0,
    "conflict": 0,
    "pending": 0,
    "missing": 0,
    "used": 0,
    "holds": 1,
    "stale": 1,
    "not_applicable": 1,
    "judged": 2,
    "Refused": 1,
}
MESSAGE_KEYWORDS = frozenset({"sentence", "detail", "accepts", "what"})
CONTENT_KEYWORDS = frozenset({"value", "upper_limit"})
"""Evidence and inputs of a dose are kept as text: what stands there is content, however it is put together."""
Function = ast.FunctionDef | ast.AsyncFunctionDef


@functools.cache
def is_message_only(original: str, mutant: str) -> bool:
    """Say whether the only difference between two sources of one function lies within a message.

    A message is an f-string, a string with a blank in it, what is handed over as the sentence of a finding or a
    refusal, a local name that is read nowhere but in messages, and a condition that chooses between such words alone.
    """
    first, second = _function(original), _function(mutant)
    words = _Words(first)
    paths = list(_differences([], first, second))
    return bool(paths) and all(any(words.are(node) for node in path) for path in paths)


def _function(source: str) -> Function:
    found = ast.parse(source).body[0]
    if not isinstance(found, Function):
        raise TypeError("a mutant is one function")
    found.name = ""
    found.decorator_list = []
    return found


class _Words:
    """The nodes of one function that only make up messages."""

    def __init__(self, function: Function) -> None:
        self._names: set[str] = set()
        self._nodes: set[int] = set()
        self._function = function
        self._content = _content(function)
        while self._grow():
            pass

    def are(self, node: ast.AST) -> bool:
        """Say whether a node is a message."""
        return id(node) in self._nodes

    def _grow(self) -> bool:
        before = len(self._nodes)
        for node in ast.walk(self._function):
            if id(node) not in self._content and self._is_message(node):
                self._nodes.add(id(node))
            if isinstance(node, ast.Call):
                self._nodes.update(id(argument) for argument in _message_arguments(node))
        self._names |= self._only_read_in_messages()
        return len(self._nodes) > before

    def _is_message(self, node: ast.AST) -> bool:
        match node:
            case ast.JoinedStr():
                return True
            case ast.Constant(value=str() as text):
                return " " in text.strip()
            case (
                ast.Assign(targets=[ast.Name(id=name)])
                | ast.AugAssign(target=ast.Name(id=name))
                | ast.AnnAssign(target=ast.Name(id=name))
            ):
                return name in self._names
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return self.are(left) or self.are(right)
            case _:
                return self._only_chooses(node)

    def _only_chooses(self, node: ast.AST) -> bool:
        match node:
            case ast.If(body=body, orelse=orelse):
                return all(self.are(statement) for statement in [*body, *orelse])
            case ast.IfExp(body=good, orelse=bad):
                return all(self.are(branch) or _is_empty(branch) for branch in (good, bad))
            case _:
                return False

    def _only_read_in_messages(self) -> set[str]:
        inside: set[str] = set()
        outside: set[str] = set()
        stored = {n.id for n in ast.walk(self._function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        stack: list[tuple[ast.AST, bool]] = [(self._function, False)]
        while stack:
            node, words = stack.pop()
            words = words or self.are(node)
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                (inside if words else outside).add(node.id)
            stack.extend((child, words) for child in ast.iter_child_nodes(node))
        return (inside - outside) & stored


def _content(function: Function) -> set[int]:
    """Give the nodes that make up evidence or inputs: handed over as such, or put into a name that is."""
    handed = [node for node in ast.walk(function) if isinstance(node, ast.keyword) and node.arg in CONTENT_KEYWORDS]
    names = {node.value.id for node in handed if isinstance(node.value, ast.Name)}
    given: list[ast.AST] = [node.value for node in handed]
    given += [
        node
        for node in ast.walk(function)
        if isinstance(node, ast.Assign)
        and {target.id for target in node.targets if isinstance(target, ast.Name)} & names
    ]
    return {id(node) for top in given for node in ast.walk(top)}


def _is_empty(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value == ""


def _message_arguments(call: ast.Call) -> Iterator[ast.AST]:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    place = MESSAGE_ARGUMENTS.get(name)
    if place is not None and len(call.args) > place:
        yield call.args[place]
    for keyword in call.keywords:
        if keyword.arg in MESSAGE_KEYWORDS:
            yield keyword
            yield keyword.value


def _differences(path: list[ast.AST], first: ast.AST, second: ast.AST) -> Iterator[list[ast.AST]]:
    """Give the way from the function down to each smallest node of the first tree that differs in the second."""
    here = [*path, first]
    if type(first) is not type(second):
        yield here
        return
    for (_, left), (_, right) in zip(ast.iter_fields(first), ast.iter_fields(second), strict=True):
        if isinstance(left, list) and isinstance(right, list):
            yield from _in_lists(here, left, right)
        elif isinstance(left, ast.AST) and isinstance(right, ast.AST):
            yield from _differences(here, left, right)
        elif left != right:
            yield here


def _in_lists(path: list[ast.AST], left: list[object], right: list[object]) -> Iterator[list[ast.AST]]:
    if len(left) == len(right):
        for one, other in zip(left, right, strict=True):
            if isinstance(one, ast.AST) and isinstance(other, ast.AST):
                yield from _differences(path, one, other)
            elif one != other:
                yield path
        return
    kept = [ast.dump(node) for node in right if isinstance(node, ast.AST)]
    dropped = [node for node in left if isinstance(node, ast.AST) and ast.dump(node) not in kept]
    for node in dropped:
        # A positional argument that goes shifts those after it: that is more than words.
        yield [*path, node] if isinstance(node, ast.keyword) else path
    if not dropped:
        yield path
