"""Installing: `make setup` says plainly what is lacking, and what is installed is all that is needed and no more."""

import ast
import configparser
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SETUP = ROOT / "tests" / "setup.sh"


def setup(folder: Path, python: str, **environment: str) -> subprocess.CompletedProcess:
    """setup.sh in an empty folder, without network."""
    (folder / "constraints.txt").write_text("")
    (folder / "setup.cfg").write_text("[metadata]\nname = nothing\n[options]\npackages =\n")
    return subprocess.run(["sh", str(SETUP), python, ".venv"], cwd=folder, capture_output=True, text=True, timeout=120,
                          env={"PATH": "/usr/bin:/bin", "PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": "/dev/null", **environment},
                          check=False)


def interpreter(folder: Path, lacking: str) -> str:
    """A Python in which `import MODULE` fails for every module named."""
    (folder / "hidden").mkdir()
    for name in lacking.split():
        (folder / "hidden" / f"{name}.py").write_text(f"raise ImportError('{name}')\n")
    program = folder / "python3"
    program.write_text(f'#!/bin/sh\nPYTHONPATH="{folder}/hidden" exec "{sys.executable}" "$@"\n')
    program.chmod(0o755)
    return str(program)


@pytest.mark.parametrize(("python", "word"), [("", "3.11"), ("/nonexistent/python3", "/nonexistent/python3"), ("/bin/false", "3.11")])
def test_a_missing_or_old_python_is_said(python, word, tmp_path):
    """With how to name another one."""
    ended = setup(tmp_path, python)
    assert ended.returncode == 1 and "无法安装：" in ended.stderr and word in ended.stderr and "PYTHON=" in ended.stderr
    assert not (tmp_path / ".venv").exists()


def test_a_python_without_venv_is_said_for_root_and_for_others(tmp_path):
    """Debian without python3-venv."""
    ended = setup(tmp_path, interpreter(tmp_path, "ensurepip virtualenv"))
    assert ended.returncode == 1 and "python3-venv" in ended.stderr and "virtualenv" in ended.stderr
    assert not (tmp_path / ".venv").exists()


def test_packages_that_cannot_be_fetched_are_said(tmp_path):
    """No network: proxy and mirror are named; the next call goes on with the environment that stands."""
    ended = setup(tmp_path, sys.executable)
    assert ended.returncode == 1 and "PIP_INDEX_URL" in ended.stderr and "无法安装：" in ended.stderr


def test_a_broken_environment_is_built_anew(tmp_path):
    """An interrupted run, or a folder that was moved."""
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "python").symlink_to(sys.executable)
    (tmp_path / ".venv" / "scrap").write_text("")
    setup(tmp_path, sys.executable)
    assert (tmp_path / ".venv" / "bin" / "pip").exists() and not (tmp_path / ".venv" / "scrap").exists()


#: used by name only: (requirement, where)
NOT_IMPORTED = {"onnxruntime": "rapidocr's engine", "pytest-timeout": "a plugin of pytest", "ruff": "Makefile",
                "import-linter": "Makefile", "pytest": "runs the tests"}


def requirements() -> dict[str, set[str]]:
    """Names of the distributions that setup.cfg asks for: to run, and to test."""
    settings = configparser.ConfigParser()
    settings.read(ROOT / "setup.cfg", encoding="utf-8")
    texts = {"run": settings["options"]["install_requires"], "test": settings["options.extras_require"]["test"]}
    return {use: {plain(re.split(r"[<>=!~;\s\[]", line)[0]) for line in text.split("\n") if line.strip()}
            for use, text in texts.items()}


def plain(name: str) -> str:
    """A distribution's name as PyPI compares it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def imported(*folders: str) -> set[str]:
    """The distributions whose modules are imported (or asked for by name) under the folders."""
    owners = metadata.packages_distributions()
    found: set[str] = set()
    for path in (path for folder in folders for path in (ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) and node.module and not node.level else []
            names += [node.value] if isinstance(node, ast.Constant) and node.value in ("pillow_heif", "pymap") else []
            for module in {name.split(".")[0] for name in names} - set(sys.stdlib_module_names):
                found.update(plain(owner) for owner in owners.get(module, [])[:1])
    return found - {"intake"}


def test_what_is_imported_is_required_and_what_is_required_is_imported():
    """No more and no less, so that a new machine has all of it."""
    needed = requirements()
    assert imported("intake", "rules", "store") - needed["run"] == set()
    assert imported("tests", "bench") - needed["run"] - needed["test"] == set()
    everything = imported("intake", "rules", "store", "tests", "bench")
    assert (needed["run"] | needed["test"]) - everything - set(NOT_IMPORTED) == set()


def test_every_requirement_has_one_exact_version():
    """constraints.txt pins what setup.cfg asks for, and this environment has just that."""
    lines = [line.strip() for line in (ROOT / "constraints.txt").read_text("utf-8").splitlines()]
    pins = dict(line.split("==") for line in lines if line and not line.startswith("#"))
    pins = {plain(name): version for name, version in pins.items()}
    needed = requirements()
    assert (needed["run"] | needed["test"]) - set(pins) == set()
    assert {name: metadata.version(name) for name in needed["run"]} == {name: pins[name] for name in needed["run"]}


def test_the_package_carries_everything_that_is_no_module(tmp_path):
    """Templates, blank forms, sample mails, service units: a wheel has them all, and no left-over bytecode."""
    built = subprocess.run([sys.executable, "-c", "from setuptools import setup; setup()", "-q", "build_py", "-d", str(tmp_path)],
                           cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert built.returncode == 0, built.stderr
    ours = {path.relative_to(ROOT) for folder in ("intake", "rules", "store") for path in (ROOT / folder).rglob("*")
            if path.is_file() and path.suffix != ".pyc"}
    packed = {path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file()}
    assert ours - packed == set() and not [path for path in packed if path.suffix == ".pyc"]
