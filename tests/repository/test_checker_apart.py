"""The checker of the fault harness shares no line with the product: a mistake there cannot hide itself here."""

import ast
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CHECKER = ROOT / "chaos" / "checker"
ALLOWED = {"chaos", "sqlalchemy"} | set(sys.stdlib_module_names)
LOADED = """
import sys, pathlib, chaos.checker.__main__
root = pathlib.Path(sys.argv[1])
files = [getattr(module, "__file__", None) for module in list(sys.modules.values())]
ours = {pathlib.Path(file).relative_to(root) for file in files if file and pathlib.Path(file).is_relative_to(root)}
print(*sorted(str(file) for file in ours if ".venv" not in file.parts))
"""


def imported(file: Path) -> set[str]:
    """Give the modules that a file imports, by their whole names."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        if isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
    return found


def test_the_checker_imports_nothing_of_the_product() -> None:
    """Each import is of the standard library, of SQLAlchemy, or of the checker itself."""
    files = sorted(CHECKER.glob("*.py"))
    names = {name for file in files for name in imported(file)}

    assert len(files) > 10
    assert {name for name in names if name.split(".")[0] not in ALLOWED} == set()
    assert {name for name in names if name.startswith("chaos") and not name.startswith("chaos.checker")} == set()


def test_nothing_of_the_product_is_loaded_beside_the_checker() -> None:
    """What runs when the checker runs is its own folder and its package's docstring."""
    told = subprocess.run(
        [sys.executable, "-c", LOADED, str(ROOT)], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    loaded = {Path(name).parent for name in told.stdout.split()}

    assert loaded == {Path("chaos"), Path("chaos/checker")}
