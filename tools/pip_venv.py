"""Runs a script again inside a virtual environment with the packages that it needs."""
import os
import subprocess
import sys
from importlib import metadata

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def installed_versions(requirements):
    """The versions that this Python sees of what is required, None for what is missing."""
    found = {}
    for name in requirements:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = None
    return found


def run(command):
    """Runs a command; ends with its name when it fails."""
    if subprocess.run(command, check=False).returncode != 0:
        sys.exit(f"failed: {' '.join(command)}")


def restart_in_venv(venv, requirements):
    """Runs the script again inside `venv`, which is made and filled first where needed."""
    python = os.path.join(venv, "bin", "python")
    if os.path.abspath(sys.prefix) == os.path.abspath(venv):
        packages = [f"{name}=={version}" for name, version in requirements.items()]
        print(f"installing {', '.join(packages)} into {venv} (pip, PyPI)", file=sys.stderr)
        run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages])
    elif not os.path.exists(python):
        print(f"making the virtual environment {venv}", file=sys.stderr)
        run([sys.executable, "-m", "venv", venv])
    os.execv(python, [python, os.path.abspath(sys.argv[0]), *sys.argv[1:]])
