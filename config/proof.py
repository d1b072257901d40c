"""The proof of the private path, run on the workload's virtual machines."""

from __future__ import annotations

from config.fields import Boolean, Section, Text, setting


class Proof(Section):
    """Whether and when it is run. Where no machine has a key that it may use, there is nothing to prove."""

    run: Boolean = setting(
        True,
        what="Whether `up` proves on each machine that the right identity gets in privately, and nobody publicly.",
        accepted="true or false",
        example=True,
    )
    again: Text | None = setting(
        None,
        what="Another word here runs the proof again, though nothing has changed.",
        accepted="any text",
        example="2026-11-21",
    )
