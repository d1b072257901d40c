"""The proof of the private path, run on the workload's virtual machines."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from config.fields import Boolean, Integer, Section, Text, setting

_LONGEST_PATIENCE = 450
"""Within the time that the script has, which is ten minutes."""


class Proof(Section):
    """Whether and when it is run. Where no machine has a key that it may use, there is nothing to prove."""

    run: Boolean = setting(
        True,
        what="Whether `up` proves on each machine that the right identity gets in privately, and nobody publicly.",
        accepted="true or false",
        example=True,
    )
    patience_seconds: Annotated[Integer, Field(ge=0, le=_LONGEST_PATIENCE)] = setting(
        120,
        what="How long names, roles and firewall rules that are new may take to be in force before the proof fails.",
        accepted=f"0 to {_LONGEST_PATIENCE} seconds",
        example=120,
    )
    again: Text | None = setting(
        None,
        what="Another word here runs the proof again, though nothing has changed.",
        accepted="any text",
        example="2026-11-21",
    )
