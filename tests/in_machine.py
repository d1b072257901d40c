"""Inside of a virtual machine of the local Azure, as its user works there: commands, plain requests, tokens."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from local_azure.instance import Instance

METADATA = "http://169.254.169.254/metadata/identity/oauth2/token"
HSM = "https://managedhsm.azure.net"
_SECONDS = 60.0
_ASK = """
import json, sys, urllib.error, urllib.request
method, url, headers, body = json.loads(sys.stdin.read())
request = urllib.request.Request(url, body and json.dumps(body).encode(), headers, method=method)
try:
    answer = urllib.request.urlopen(request, timeout=20)
except urllib.error.HTTPError as refused:
    answer = refused
print(json.dumps([answer.status, dict(answer.headers), answer.read().decode()]))
"""


@dataclass(frozen=True)
class Answer:
    """What a request got."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.text)

    @property
    def error(self) -> dict[str, Any]:
        """The error of an Azure service."""
        found: dict[str, Any] = self.json["error"]
        return found


@dataclass(frozen=True)
class InMachine:
    """One machine by its name, or ``internet``."""

    instance: Instance
    name: str

    def run(self, *command: str, given: str = "") -> subprocess.CompletedProcess[str]:
        """Runs a command by ``python -m local_azure vm``; nothing is said of how it ended."""
        return subprocess.run(
            [sys.executable, "-m", "local_azure", "vm", self.name, "--", *command],
            env=self.instance.environment({"PATH": os.environ["PATH"]}),
            input=given,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )

    def python(self, program: str, *arguments: str) -> Any:
        """What a program prints as JSON."""
        done = self.run(sys.executable, "-c", program, *arguments)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def ask(
        self, method: str, url: str, token: str | None = None, body: Any = None, headers: dict[str, str] | None = None
    ) -> Answer:
        """One request without any SDK."""
        wanted = {**({"Content-Type": "application/json"} if body is not None else {}), **(headers or {})}
        if token is not None:
            wanted["Authorization"] = f"Bearer {token}"
        # By standard input, not by argument: there is a token in it.
        done = self.run(sys.executable, "-I", "-c", _ASK, given=json.dumps([method, url, wanted, body]))
        assert done.returncode == 0, done.stderr
        return Answer(*json.loads(done.stdout))

    def ask_for_token(self, resource: str = HSM, **selector: str) -> Answer:
        """What the metadata service says to somebody who wants a token."""
        query = urlencode({"api-version": "2018-02-01", "resource": resource, **selector})
        return self.ask("GET", f"{METADATA}?{query}", headers={"Metadata": "true"})

    def token(self, resource: str = HSM, **selector: str) -> str:
        """A token of one of the machine's identities."""
        answer = self.ask_for_token(resource, **selector)
        assert answer.status == 200, answer.text
        return str(answer.json["access_token"])
