"""The scripts that talk to GitHub, and to Azure DevOps, each with a stand-in that writes down what it was asked."""

from __future__ import annotations

import base64
import gzip
import http.server
import json
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from local_azure.instance import REPOSITORY
from policy.gate.approvals import LABEL
from tests.previews import recorded

GH = """#!/usr/bin/env bash
printf '%s\\n' "$*" >> "$GH_LOG"
case "$*" in
  *--slurp*) cat "$GH_ANSWERS" ;;
  *"/activity "*) cat "$GH_ANSWERS.pushed" ;;
  *"--jq "*) cat "$GH_ANSWERS" ;;
esac
"""
"""``gh``: notes its arguments, and answers questions with a file, as if ``--jq`` had made it."""


@dataclass(frozen=True)
class GitHub:
    """A ``gh`` on PATH that asks nobody."""

    place: Path

    def run(self, script: str, *arguments: str, answer: str = "", pushed: str = "") -> tuple[list[str], str]:
        """Runs a script; what ``gh`` was asked, a line each, and what the script printed. ``pushed`` is who did."""
        (self.place / "answers.pushed").write_text(pushed)
        (self.place / "answers").write_text(answer)
        log = self.place / "log"
        log.write_text("")
        environment = {
            **os.environ,
            "PATH": f"{self.place}:{os.environ['PATH']}",
            "GH_LOG": str(log),
            "GH_ANSWERS": str(self.place / "answers"),
            "GITHUB_REPOSITORY": "contoso/managed-hsm",
        }
        command = [str(REPOSITORY / "pipelines" / "github" / f"{script}.sh"), *arguments]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        return log.read_text().splitlines(), done.stdout


@pytest.fixture
def github(tmp_path: Path) -> GitHub:
    (tmp_path / "gh").write_text(GH)
    (tmp_path / "gh").chmod(0o755)
    return GitHub(tmp_path)


@pytest.fixture
def comment(tmp_path: Path) -> str:
    (tmp_path / "comment.md").write_text("<!-- preview-gate prod -->\n### Fine\n")
    return str(tmp_path / "comment.md")


def test_the_first_comment_is_made(github: GitHub, comment: str) -> None:
    asked, _ = github.run("comment", "7", comment)
    assert asked[-1].startswith("api --method POST repos/contoso/managed-hsm/issues/7/comments")
    assert f"body=@{comment}" in asked[-1]


def test_the_next_one_takes_its_place(github: GitHub, comment: str) -> None:
    asked, _ = github.run("comment", "7", comment, answer="41\n42\n")
    assert "github-actions[bot]" in asked[0]
    assert asked[-1].startswith("api --method PATCH repos/contoso/managed-hsm/issues/comments/41 ")


def test_labels_that_somebody_else_put_there_become_tokens(github: GitHub) -> None:
    def event(actor: str, digit: str) -> dict[str, Any]:
        label = {"name": f"{LABEL}{digit * 16}"}
        return {
            "id": 1,
            "event": "labeled",
            "actor": {"login": actor, "type": "User"},
            "label": label,
            "created_at": "1",
        }

    pages = json.dumps([[event("kim", "1")], [event("robin", "2"), event("alex", "3")]])
    asked, printed = github.run("approvals", "7", "robin", "a&b", answer=pages, pushed="robin\nAlex\n")
    assert printed == f"{'1' * 16}\n"
    assert "--raw-field ref=refs/heads/a&b " in asked[0]
    _, printed = github.run("approvals", "7", "robin", "a&b", answer=pages)
    assert printed == ""


def test_nothing_that_a_preview_brings_along_is_taken_for_the_gate_s_word(tmp_path: Path) -> None:
    (tmp_path / "preview.json").write_text(json.dumps(recorded("the pool is replaced")))
    (tmp_path / "events.jsonl").write_text('{"cancelEvent": {}}\n')
    (tmp_path / "comment.md").write_text("### Fine\n")
    (tmp_path / "gate.sarif").mkdir()
    script = REPOSITORY / "pipelines" / "gate.sh"
    done = subprocess.run([str(script), "dev", str(tmp_path), "a" * 40], capture_output=True, text=True, check=False)
    assert done.returncode == 4, done.stderr
    assert "Blocked" in (tmp_path / "comment.md").read_text()
    assert (tmp_path / "gate.sarif").is_file()


def test_findings_are_handed_over_packed(github: GitHub, tmp_path: Path) -> None:
    (tmp_path / "gate.sarif").write_text('{"version": "2.1.0"}')
    (tmp_path / "gh").write_text(
        '#!/usr/bin/env bash\nfor each; do case "$each" in sarif=@*) cat "${each#sarif=@}";; esac; done'
    )
    _, printed = github.run("sarif", str(tmp_path / "gate.sarif"), "a" * 40, "refs/pull/7/head")
    assert json.loads(gzip.decompress(base64.b64decode(printed))) == {"version": "2.1.0"}


@pytest.mark.parametrize(
    ("there", "found", "asked"),
    [
        ("", True, "POST repos/contoso/managed-hsm/issues "),
        ("12\n", True, "PATCH repos/contoso/managed-hsm/issues/12 --field body=@"),
        ("12\n", False, "PATCH repos/contoso/managed-hsm/issues/12 --field state=closed"),
        ("", False, None),
    ],
)
def test_one_issue_tells_of_drift_while_there_is_some(
    github: GitHub, comment: str, there: str, found: bool, asked: str | None
) -> None:
    lines, _ = github.run("issue", "prod", *([comment] if found else []), answer=there)
    assert len(lines) == (1 if asked is None else 2)
    if asked is not None:
        assert asked in lines[-1]


def test_what_was_never_deployed_is_told(github: GitHub) -> None:
    _, printed = github.run("deployed", "deploy.yml", answer="a" * 40)
    assert printed == f"{'a' * 40}\n"
    with pytest.raises(subprocess.CalledProcessError) as told:
        github.run("deployed", "deploy.yml")
    assert "has never deployed" in told.value.stderr


@dataclass
class DevOps:
    """Azure DevOps, as far as two scripts use it."""

    port: int = 0
    answers: dict[str, Any] = field(default_factory=dict)
    asked: list[tuple[str, str, str, Any]] = field(default_factory=list)
    """Method, path, authorization, body."""

    def run(self, script: str, *arguments: str) -> None:
        environment = {
            **{name: value for name, value in os.environ.items() if "proxy" not in name.lower()},
            "SYSTEM_ACCESSTOKEN": "token",
            "SYSTEM_COLLECTIONURI": f"http://127.0.0.1:{self.port}/",
            "SYSTEM_TEAMPROJECTID": "project",
            "BUILD_REPOSITORY_ID": "repository",
        }
        command = [str(REPOSITORY / "pipelines" / "azure_devops" / f"{script}.sh"), *arguments]
        subprocess.run(command, env=environment, check=True, capture_output=True, text=True)


@pytest.fixture
def devops() -> Iterator[DevOps]:
    if shutil.which("jq") is None or shutil.which("curl") is None:
        pytest.skip("the scripts for Azure DevOps need curl and jq")
    found = DevOps()

    class Handler(http.server.BaseHTTPRequestHandler):
        def answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            found.asked.append((self.command, self.path, str(self.headers["Authorization"]), body))
            text = json.dumps(found.answers.get(self.command, {})).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = do_PATCH = answer  # noqa: N815 - so named by http.server

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield found
    server.shutdown()
    thread.join()
    server.server_close()


def test_azure_devops_gets_one_comment_too(devops: DevOps, comment: str) -> None:
    devops.answers = {"GET": {"value": [{"id": 5, "comments": [{"content": "hello"}]}]}}
    devops.run("comment", "7", comment)
    method, path, authorization, body = devops.asked[-1]
    assert (method, path) == (
        "POST",
        "/project/_apis/git/repositories/repository/pullRequests/7/threads?api-version=7.1",
    )
    assert authorization == "Bearer token"
    assert body["comments"][0]["content"] == Path(comment).read_text()
    devops.answers = {"GET": {"value": [{"id": 6, "comments": [{"content": Path(comment).read_text()}]}]}}
    devops.run("comment", "7", comment)
    assert devops.asked[-1][:2] == ("PATCH", path.replace("?", "/6/comments/1?"))


def test_azure_devops_gets_one_work_item_too(devops: DevOps, comment: str) -> None:
    devops.run("work_item", "prod", comment)
    assert devops.asked[-1][1] == "/project/_apis/wit/workitems/$Issue?api-version=7.1"
    assert "&lt;!-- preview-gate prod --&gt;" in devops.asked[-1][3][1]["value"]
    devops.answers = {"POST": {"workItems": [{"id": 9}]}}
    devops.run("work_item", "prod", comment)
    assert devops.asked[-1][:2] == ("PATCH", "/project/_apis/wit/workitems/9?api-version=7.1")
    devops.run("work_item", "prod")
    assert devops.asked[-1][3] == [{"op": "add", "path": "/fields/System.State", "value": "Done"}]
