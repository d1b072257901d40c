"""Every rule of the gate: how grave it is, what it says, and the way on. The documentation lists them from here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from types import MappingProxyType
from typing import Final


class Verdict(IntEnum):
    """How a step is judged; the gravest one of a preview is the preview's."""

    FINE = 0
    APPROVAL = 1
    """Somebody has to approve exactly this step, at exactly this commit."""
    BLOCK = 2
    """No approval lifts it."""


@dataclass(frozen=True)
class Rule:
    """One thing that a step can mean."""

    id: str
    verdict: Verdict
    means: str
    """What it means for an HSM, as a sentence."""
    way: str
    """What to do about it; empty where there is nothing to do."""


_BY_HAND: Final = "If it is meant, it is done by hand, by people, outside of the pipeline (docs/gated-pipeline.md)."
_LOOK: Final = "Look at the step; approve it if it is meant."

_BLOCKING: Final = (
    (
        "pool-deleted",
        "The pool is deleted: every key in it is lost with it unless a backup and a quorum of custodians survive.",
        "Take the change back. A stack is taken down by the teardown pipeline, which asks for the pool's name.",
    ),
    (
        "pool-replaced",
        "The pool is replaced by an empty one: every key of the old one is lost to whoever uses it.",
        "Take the change back; another pool is a stack of its own.",
    ),
    ("group-deleted", "The resource group goes, and with it everything in it, whoever put it there.", _BY_HAND),
    (
        "activation-lost",
        "The activation is taken out of the stack or made anew: the record of who can recover the pool is lost.",
        "Take the change back; custodians are changed by managed-hsm:securityDomain.reissue.",
    ),
    (
        "key-purged",
        "The key is purged: what it protects can never be read again.",
        "Set onRemove: softDelete for it in a change of its own first.",
    ),
    (
        "key-replaced",
        "The key is destroyed and another one is made under its name: what it protects can never be read again.",
        "Give the new key another name.",
    ),
    (
        "last-administrator",
        "The last Managed HSM Administrator that the stack knows loses the role: nobody may be able to manage it.",
        "Give the role to the successor in the same change.",
    ),
    (
        "pool-overwritten",
        "A full restore takes everything in the pool away, its roles too, and puts what a backup holds in its place.",
        _BY_HAND,
    ),
    (
        "soft-deleted-pool-purged",
        "A deleted pool that could still be recovered is purged: every key in it is lost for good.",
        _BY_HAND,
    ),
    (
        "firewall-opened",
        "The pool's data plane is opened to every address of the internet.",
        "Name the addresses (ipRules), or come through a private endpoint.",
    ),
    (
        "cut-off",
        "The last private endpoint of a pool without any public way goes: nobody reaches it any more.",
        "Make the new way in a change before this one.",
    ),
    (
        "safeguard-lowered",
        "Purge protection, soft delete or the retention goes down: what is deleted can be gone for good sooner.",
        "Take the change back; the service refuses most of them anyway.",
    ),
    (
        "secret-shown",
        "What was a secret is about to be kept in plain text: in the state, in outputs, in this preview.",
        "Make it a secret again (pulumi.Output.secret); treat the value as known to others and change it.",
    ),
    ("policy-violated", "The stack would break a rule of the policy pack.", "docs/policy-pack.md says how to mend it."),
    (
        "provider-changed",
        "Other code than before is to carry out this resource.",
        "Look at what changed in dynamic/; the engine runs what the state names.",
    ),
    ("unknown-type", "The gate does not know this type of resource.", "Add it to policy/gate/rules, with a test."),
    ("unknown-operation", "The gate does not know this operation.", "Is the engine newer than the gate? Teach it."),
    (
        "unknown-property",
        "The gate does not know what this property means.",
        "Add it to policy/gate/rules, with a test.",
    ),
    (
        "unexplained-update",
        "The engine is to change something without saying what.",
        "Refresh the stack, or look at pulumi preview --diff.",
    ),
    (
        "not-whole",
        "The preview leaves out what stays the same, so that nobody sees secrets or protection lost there.",
        "Run pulumi preview --json --show-sames --show-replacement-steps --show-reads.",
    ),
)

_APPROVABLE: Final = (
    ("quorum-changed", "Another number of custodians is needed to recover the pool.", _LOOK),
    ("custodians-changed", "Other people can recover the pool.", _LOOK),
    ("custody-places-changed", "The security domain is kept in other places.", _LOOK),
    (
        "activation-repeated",
        "The security domain is downloaded again: a new file that opens the pool comes into being.",
        "Take reissue out of the configuration afterwards.",
    ),
    ("pool-changed", "The pool itself is changed.", _LOOK),
    ("purge-protection-on", "Purge protection is switched on, for good: the name and the bill stay.", _LOOK),
    ("purge-armed", "A destroy of the stack will purge from now on, not only delete softly.", _LOOK),
    ("key-deleted", "The key is deleted softly: it works no more, and can be recovered for the retention.", _LOOK),
    ("key-abandoned", "The key leaves the stack and stays in the pool, looked after by nobody.", _LOOK),
    ("key-purge-armed", "Once the key leaves the configuration it will be purged, not only deleted softly.", _LOOK),
    ("key-disabled", "The key works no more until it is enabled again.", _LOOK),
    ("key-use-changed", "The key can be used for other things than before, or by other means.", _LOOK),
    ("key-life-changed", "The key begins or ceases to work at another time.", _LOOK),
    ("key-release-changed", "The key can leave the pool on other conditions than before.", _LOOK),
    ("key-rotated", "The key gets a new version: what asks for the old one by its id does not follow.", _LOOK),
    ("administrator-added", "Somebody may manage the pool: give roles, or take part in its recovery.", _LOOK),
    ("role-granted", "Somebody may do more than before with more than one key.", _LOOK),
    ("role-widened", "A role that somebody has reaches further than before.", _LOOK),
    ("role-removed", "Somebody loses a role: what they run may stop.", _LOOK),
    ("role-redefined", "A role of one's own permits other things: for everybody who has it.", _LOOK),
    ("firewall-widened", "More addresses or services get to the pool, or to the vault.", _LOOK),
    ("private-endpoint-removed", "A private way goes, or is made anew: whoever uses it is cut off meanwhile.", _LOOK),
    ("dns-removed", "The private name goes, or is made anew: it resolves publicly or not at all meanwhile.", _LOOK),
    ("network-changed", "The network that the private way lies in changes.", _LOOK),
    ("diagnostics-removed", "The audit log goes no longer there.", _LOOK),
    ("diagnostics-reduced", "Less is logged, or kept for another time.", _LOOK),
    ("proof-removed", "Nothing proves the private path any more.", _LOOK),
    ("workload-changed", "A workload's machine or identity goes or is another one.", _LOOK),
    ("vault-removed", "The vault or a secret in it goes, or is made anew.", _LOOK),
    ("vault-access-changed", "Other people read the vault's secrets, or may do other things with them.", _LOOK),
    ("secret-changed", "A secret gets another value, which is nobody's to see here.", _LOOK),
    ("cloud-role-changed", "Somebody's rights in Azure itself change.", _LOOK),
    ("protection-removed", "The engine would delete or replace it from now on, which it refused until now.", _LOOK),
    ("retention-removed", "A destroy deletes it from now on, where it was left standing until now.", _LOOK),
    ("forgotten", "It leaves the stack and stays in Azure, looked after by nobody.", _LOOK),
    ("changes-ignored", "Other changes than before are ignored: drift there is seen no more.", _LOOK),
    ("behaviour-changed", "The engine treats the resource in another way from now on.", _LOOK),
    ("adopted", "Something that was there before is taken over: from now on it goes with the stack.", _LOOK),
    ("environment-changed", "Another environment: other policies hold, and other safeguards by default.", _LOOK),
    ("deployer-changed", "Somebody else deploys from now on, and has what the deployer has.", _LOOK),
    ("output-added", "The stack shows something new to whoever may read it; is it a secret?", _LOOK),
    ("data-kept-elsewhere", "What holds logs or backups goes, or keeps them for another time.", _LOOK),
    ("data-access-changed", "Other people or addresses get to the logs, or by other means.", _LOOK),
    ("alert-changed", "Somebody may no longer be told of what must not pass unseen.", _LOOK),
    ("lock-removed", "The lock that keeps the pool from being deleted goes, or is another one.", _LOOK),
    ("soft-deleted-pool-recovered", "A deleted pool comes back, keys and roles and all.", _LOOK),
    ("key-management-through-arm", "Keys can be managed through Azure's own roles too, past the pool's.", _LOOK),
)

_HARMLESS: Final = (
    ("new", "It is new.", ""),
    ("changed", "It changes in a way that endangers nothing.", ""),
    ("tightened", "Less is allowed than before.", ""),
    ("repeated", "It is looked at again.", ""),
    ("renamed", "The program calls it by another name; it stays what it is (an alias).", ""),
    ("part-removed", "It goes with what it belongs to.", ""),
    ("policy-advises", "The policy pack advises against it.", "docs/policy-pack.md says how to mend it."),
)

RULES: Final[Mapping[str, Rule]] = MappingProxyType(
    {
        rule: Rule(rule, verdict, means, way)
        for verdict, rules in ((Verdict.BLOCK, _BLOCKING), (Verdict.APPROVAL, _APPROVABLE), (Verdict.FINE, _HARMLESS))
        for rule, means, way in rules
    }
)
"""By id, the gravest first."""
