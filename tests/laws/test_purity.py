"""The core is pure: it imports the standard library and pydantic, and asks no clock, no chance and no machine.

So is what workflows and activities share; and what runs inside a workflow imports these two and Temporal.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOMAIN = ROOT / "domain"
MODULES = sorted(DOMAIN.rglob("*.py"))
SHARED = [ROOT / "activities" / "__init__.py", ROOT / "activities" / "contract.py", ROOT / "activities" / "report.py"]
"""What workflows import of the activities: names and types."""
OURS = {"domain", "pydantic"}
UNITS = {"ucumvert", "pint", "lark", "threading"}
"""The units library, and the lock it needs: it breaks when two threads ask it at once."""
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
    ROOT / "workflows" / f"{name}.py"
    for name in (
        "attributes",
        "details",
        "effects",
        "identity",
        "inbound",
        "inbox",
        "interpreter",
        "kept",
        "patient_journey",
        "recording",
        "trial_register",
        "watch",
    )
]
"""What runs inside a workflow, outside Temporal's sandbox (ADR 8)."""
SHELL_MAY = (
    "activities.contract",
    "activities.report",
    "asyncio",
    "domain",
    "temporalio",
    *(f"workflows.{path.stem}" for path in SHELL),
)
"""What the shell may import, each with what lies in it. The rest of the activities is none of its business."""
DOORS = {"open", "input", "print", "exec", "eval", "__import__", "breakpoint"}


def _imports(tree: ast.AST) -> Iterator[str]:
    """Give the modules a module imports, or imports from, wherever it does so."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "an import names its package in full"
            yield node.module or ""


def _package(module: str) -> str:
    return module.split(".", maxsplit=1)[0]


def _may(module: str) -> bool:
    """Say whether the shell may import a module."""
    ours = any(f"{module}.".startswith(f"{allowed}.") for allowed in SHELL_MAY)
    return ours or _package(module) in sys.stdlib_module_names - IMPURE


@pytest.mark.parametrize("path", [*MODULES, *SHARED], ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_of_the_core_or_of_the_contract_is_pure(path: Path) -> None:
    """Its imports, its calls and its attributes."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    ours = OURS | {"activities"} if path in SHARED else OURS  # which of them: the import contracts say
    allowed = ours | (sys.stdlib_module_names - IMPURE) | (UNITS if path == DOMAIN / "units.py" else set())
    assert {_package(module) for module in _imports(tree)} - allowed == set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            assert not (node.func.attr in CLOCKS and isinstance(node.func.value, ast.Name | ast.Attribute)), node.lineno
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in DOORS, node.lineno


@pytest.mark.parametrize("path", SHELL, ids=lambda path: path.name)
def test_a_module_of_the_shell_asks_no_clock_but_the_workflows(path: Path) -> None:
    """Its imports and its calls. `workflow.now` is the workflow's own; the event loop is Temporal's."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert [module for module in _imports(tree) if not _may(module)] == []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CLOCKS:
            assert ast.unparse(node.func) == "workflow.now", node.lineno
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            assert ast.unparse(node.func) != "asyncio.sleep", node.lineno
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in DOORS, node.lineno


def test_the_shell_is_all_there() -> None:
    """Whatever a workflow imports of ours is held to the list; the client's side is not part of it."""
    outside = {
        "__init__",
        "client",
        "connection",
        "health",
        "recovery",
        "search_attributes",
        "serving",
        "setting_up",
        "waking",
        "walks",
    }
    outside |= {"fitness", "rebuilding", "reconciling", "releasing", "remembered", "replaying", "retained"}
    outside |= {"versions", "workers"}
    assert {path.stem for path in (ROOT / "workflows").glob("*.py")} == outside | {path.stem for path in SHELL}


def test_the_core_is_all_there() -> None:
    """The patient's and the trial's rooms are among what was looked at."""
    assert len(MODULES) > 30
    assert {path.parent.name for path in MODULES} >= {"domain", "patient", "trial", "nct06978153"}
