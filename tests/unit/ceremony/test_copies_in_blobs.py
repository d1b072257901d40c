"""The record of a ceremony names copies in storage accounts, once they are read and compared."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ceremony.command_line import main
from data_plane import session
from data_plane.activation import Activation, Wanted
from data_plane.pool import Pool
from data_plane.security_domain_file import Destination
from tests.support import Azure
from tests.unit.data_plane.blob_ground import NAME, URL, Custody
from tests.unit.data_plane.support import certificates

pytestmark = pytest.mark.daemon


def test_the_record_names_a_blob_that_is_the_same_and_none_that_is_not(
    pool: Pool, signed_in: Azure, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    custody, path, output = Custody(signed_in), tmp_path / "sd.json", tmp_path / "record"
    places = (Destination(path), Destination(custody.place))
    Activation(session.current(), Wanted(pool.id, pool.uri, certificates(1, 2, 3), 2, places)).run()
    assert main(["manifest", str(path), "--copy", URL, "--output", str(output)]) == 0
    record = json.loads(output.with_suffix(".json").read_text())
    assert [each["place"] for each in record["copies"]] == [str(path), URL]
    capsys.readouterr()
    again = ["manifest", str(path), "--output", str(tmp_path / "again"), "--copy"]
    assert main([*again, f"{URL}x"]) != 0
    assert f"{URL}x: there is no such blob" in capsys.readouterr().err
    custody.container.upload_blob(NAME, b"something else", overwrite=True)
    assert main([*again, URL]) != 0
    assert f"{URL}: is no copy of {path}" in capsys.readouterr().err
    assert main([*again, f"{URL}?sig=abc"]) != 0
    assert "is not the address of a blob" in capsys.readouterr().err
    assert not list(tmp_path.glob("again*"))
