"""`make conformance`: tools and clients of others against `vendash vtn`; ends with 1 on a failure.

Each runs in an environment of its own under build/conformance. What schemathesis would find
although the VTN is right is in explained.toml, with the reason.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.conformance.environments import BUILD, MissingPythonError, environment
from tests.conformance.schema import write_schema

_HERE = Path(__file__).parent
_EXAMPLES, _SEED = "40", "1"


def main() -> int:
    """Run everything, or what the arguments name; 1 when something failed."""
    checks: dict[str, Callable[[], int]] = {
        "schemathesis-3.1.0": lambda: _schemathesis("3.1.0", "3.1"),
        "schemathesis-3.0.1": lambda: _schemathesis("3.0.1", "3.0.1"),
        "openadr3-client": lambda: _client("openadr3-client", "2.4.2", (3, 12)),
        "python-oa3-client": lambda: _client("python-oa3-client", "0.5.0", (3, 11)),
    }
    wanted = sys.argv[1:] or list(checks)
    if unknown := [name for name in wanted if name not in checks]:
        print(f"{unknown[0]} is not known: there are {', '.join(checks)}.")  # noqa: T201
        return 2
    BUILD.mkdir(parents=True, exist_ok=True)
    outcomes = {}
    for name in wanted:
        print(f"=== {name}", flush=True)  # noqa: T201
        try:
            outcomes[name] = "ok" if checks[name]() == 0 else "FAILED"
        except MissingPythonError as missing:
            outcomes[name] = f"skipped: {missing}"
        except subprocess.CalledProcessError as error:
            outcomes[name] = f"FAILED: it could not be installed ({error})"
    print("===")  # noqa: T201
    for name, outcome in outcomes.items():
        print(f"{name:20} {outcome}")  # noqa: T201
    return int(any(outcome.startswith("FAILED") for outcome in outcomes.values()))


def _schemathesis(version: str, dialect: str) -> int:
    python = environment("schemathesis", "schemathesis==4.32.5", (3, 11))
    schema = BUILD / f"openadr3-{version}.yaml"
    write_schema(version, schema)
    with _vtn(dialect) as (url, client_id, secret):
        token = _token(url, client_id, secret)
        program = str(python.parent / "schemathesis")
        against = ("--url", url, "--header", f"Authorization: Bearer {token}")
        # Its health checks are about how fast it generates, which is not about the VTN.
        quiet = ("--suppress-health-check", "all", "--warnings", "off", "--no-color")
        how = ("--max-examples", _EXAMPLES, "--seed", _SEED, *quiet)
        command = [program, "run", str(schema), *against, *how]
        hooks = {"PYTHONPATH": str(_HERE), "SCHEMATHESIS_HOOKS": "hooks"}
        return _run(command, hooks)


def _client(package: str, pinned: str, oldest: tuple[int, int]) -> int:
    python = environment(package, f"{package}=={pinned}", oldest)
    script = _HERE / f"{package.replace('-', '_')}_check.py"
    outcome = 0
    dialects = ("3.1", "3.0.1") if package == "openadr3-client" else ("3.1",)
    for dialect in dialects:
        with _vtn(dialect) as (url, client_id, secret):
            access = {"VTN_URL": url, "CLIENT_ID": client_id, "CLIENT_SECRET": secret}
            outcome |= _run([str(python), str(script), dialect], access)
    return outcome


def _run(command: list[str], more: Mapping[str, str]) -> int:
    return subprocess.run(command, check=False, cwd=BUILD, env=os.environ | more).returncode


@contextmanager
def _vtn(dialect: str) -> Iterator[tuple[str, str, str]]:
    """A VTN as a process: its URL, a client id and its secret."""
    command = [sys.executable, "-m", "vendash", "vtn", "--port", "0", "--dialect", dialect]
    clean = {k: v for k, v in os.environ.items() if not k.startswith("OAUTH_")}
    with subprocess.Popen(
        [*command, "--announce", "--with-stdin"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=clean,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        try:
            announced = json.loads(process.stdout.readline())
            yield announced["url"], announced["client_id"], announced["client_secret"]
        finally:
            process.stdin.close()


def _token(url: str, client_id: str, secret: str) -> str:
    form = {"grant_type": "client_credentials"}
    answer = httpx.post(f"{url}/auth/token", data=form, auth=(client_id, secret))
    return str(answer.raise_for_status().json()["access_token"])


if __name__ == "__main__":
    sys.exit(main())
