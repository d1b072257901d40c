"""A file for OpenSSL that nobody else can open: it takes keys by path only (``ssl.SSLContext.load_cert_chain``)."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

_OPEN_FILES = Path("/proc/self/fd")


@contextlib.contextmanager
def private_file(content: bytes) -> Iterator[str]:
    """A path that is good within the block.

    Where the kernel has anonymous files (memfd_create(2)) there is nothing in any file system; elsewhere it is a file
    of mode 0600 that is removed at once. Either way ``content`` must be encrypted: memory can be swapped out, and a
    process that is killed in between leaves a file behind.
    """
    if hasattr(os, "memfd_create") and _OPEN_FILES.is_dir():
        descriptor = os.memfd_create("client-certificate", os.MFD_CLOEXEC)
        try:
            os.write(descriptor, content)
            yield f"{_OPEN_FILES}/{descriptor}"
        finally:
            os.close(descriptor)
        return
    with tempfile.NamedTemporaryFile(prefix="client-certificate-") as file:
        file.write(content)
        file.flush()
        yield file.name
