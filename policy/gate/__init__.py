"""The preview gate: reads what the engine is about to do, knows what it means for an HSM, and says whether it may.

:func:`~policy.gate.preview.read` makes a :class:`~policy.gate.preview.Preview` of the engine's JSON,
:func:`~policy.gate.judging.judge` says what each step means. ``python -m policy.gate --help`` is the command.
"""
