"""The core is pure: it imports the standard library and pydantic, and asks no clock, no chance and no machine."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

DOMAIN = Path(__file__).parents[2] / "domain"
MODULES = sorted(DOMAIN.rglob("*.py"))
OURS = {"domain", "pydantic"}
UNITS = {"ucumvert", "pint", "lark"}
IMPURE = {
    "asyncio",
    "concurrent",
    "ctypes",
    "logging",
    "multiprocessing",
    "os",
    "pathlib",
    "random",
    "secrets",
    "shutil",
    "signal",
    "socket",
    "sqlite3",
    "ssl",
    "subprocess",
    "tempfile",
    "threading",
    "time",
    "urllib",
}
CLOCKS = {"now", "today", "utcnow", "monotonic", "perf_counter", "uuid1", "uuid4", "urandom", "getenv"}
SHELL = [
    Path(__file__).parents[2] / "workflows" / f"{name}.py"
    for name in ("attributes", "identity", "interpreter", "patient_journey", "recording", "trial_register")
]
"""What runs inside a workflow, outside Temporal's sandbox (ADR 8)."""
SHELL_MAY = {"activities", "asyncio", "domain", "temporalio", "workflows"}
DOORS = {"open", "input", "print", "exec", "eval", "__import__", "breakpoint"}


def _imports(tree: ast.AST) -> Iterator[str]:
    """Give the top packages a module imports, wherever it does so."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "an import names its package in full"
            yield (node.module or "").split(".")[0]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(DOMAIN)))
def test_a_module_of_the_core_is_pure(path: Path) -> None:
    """Its imports, its calls and its attributes."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    allowed = OURS | (sys.stdlib_module_names - IMPURE) | (UNITS if path == DOMAIN / "units.py" else set())
    assert set(_imports(tree)) - allowed == set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            assert not (node.func.attr in CLOCKS and isinstance(node.func.value, ast.Name | ast.Attribute)), node.lineno
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in DOORS, node.lineno


@pytest.mark.parametrize("path", SHELL, ids=lambda path: path.name)
def test_a_module_of_the_shell_asks_no_clock_but_the_workflows(path: Path) -> None:
    """Its imports and its calls. `workflow.now` is the workflow's own; the event loop is Temporal's."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    allowed = SHELL_MAY | (sys.stdlib_module_names - IMPURE)
    assert set(_imports(tree)) - allowed == set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CLOCKS:
            assert ast.unparse(node.func) == "workflow.now", node.lineno
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            assert ast.unparse(node.func) != "asyncio.sleep", node.lineno
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in DOORS, node.lineno


def test_the_shell_is_all_there() -> None:
    """Whatever a workflow imports of ours is held to the list; the client's side is not part of it."""
    rooms = Path(__file__).parents[2] / "workflows"
    outside = {"__init__", "client", "connection", "search_attributes", "waking"}
    assert {path.stem for path in rooms.glob("*.py")} == outside | {path.stem for path in SHELL}


def test_the_core_is_all_there() -> None:
    """The patient's and the trial's rooms are among what was looked at."""
    assert len(MODULES) > 30
    assert {path.parent.name for path in MODULES} == {"domain", "patient", "trial", "nct06978153"}
