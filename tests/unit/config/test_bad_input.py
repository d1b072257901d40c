"""Each mistake that a person makes: one line with the key's path, the value, and what is accepted."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from config import Settings

Values = dict[str, Any]
Mistakes = Callable[[Values], list[str]]

HSM = "managed-hsm:hsm"
DOMAIN = "managed-hsm:securityDomain"
ROLES = "managed-hsm:roleAssignments"
DEFINITIONS = "managed-hsm:roleDefinitions"
KEYS = "managed-hsm:keys"
NETWORK = "managed-hsm:network"
CERTIFICATE = "a file with one RSA certificate of 2048 bits or more, PEM or DER"
PEM = "a file with one key; its passphrase, if it has one, in importPassphrases or passphraseVariable"
NO_KEY = "has no private key in PEM or DER in it, and not the 16, 24 or 32 bytes of a symmetric key"
NAME = "3 to 24 letters, digits and hyphens, starting with a letter and ending with a letter or digit"
PUBLIC = "at most 10 public IPv4 addresses or networks, such as 203.0.113.10 or 203.0.113.0/24"
MOMENT = "a date or moment in ISO 8601 with time zone, such as"


@pytest.mark.parametrize("name", ["ab", "a" * 25, "1hsm", "hsm-", "my_hsm", "hsm.contoso", "hsm\n"])
def test_a_pool_name_of_wrong_length_or_characters(dev: Values, mistakes: Mistakes, name: str) -> None:
    dev[HSM]["name"] = name
    [line] = mistakes(dev)
    assert line.startswith("hsm.name: ")
    assert line.endswith(f" is not accepted; {NAME}")


@pytest.mark.parametrize("days", [6, 91, -1, 28.5, "many", True, None, [28]])
def test_a_retention_outside_of_7_to_90_days(dev: Values, mistakes: Mistakes, days: object) -> None:
    dev[HSM]["retentionDays"] = days
    [line] = mistakes(dev)
    assert line.startswith("hsm.retentionDays: ")
    assert line.endswith(" is not accepted; 7 to 90 days")


def test_a_quorum_above_the_number_of_certificates(dev: Values, mistakes: Mistakes) -> None:
    dev[DOMAIN]["quorum"] = 4
    assert mistakes(dev) == ["securityDomain.quorum: 4 is not accepted; 2 to 3, as there are 3 custodians"]


@pytest.mark.parametrize("quorum", [1, 0, -2, 11])
def test_a_quorum_below_2_or_above_10(dev: Values, mistakes: Mistakes, quorum: int) -> None:
    dev[DOMAIN]["quorum"] = quorum
    assert mistakes(dev) == [f"securityDomain.quorum: {quorum} is not accepted; 2 to 10"]


def test_2_certificates(dev: Values, mistakes: Mistakes) -> None:
    del dev[DOMAIN]["custodians"][2]
    assert mistakes(dev) == ["securityDomain.custodians: 2 custodians are not accepted; 3 to 10 custodians"]


def test_11_certificates(dev: Values, mistakes: Mistakes) -> None:
    dev[DOMAIN]["custodians"] = [{"name": f"c{n}", "certificate": f"{n}.cer"} for n in range(11)]
    lines = mistakes(dev)
    assert lines[0] == "securityDomain.custodians: 11 custodians are not accepted; 3 to 10 custodians"
    assert len(lines) == 12  # and each certificate that is not there


def test_the_same_certificate_twice(dev: Values, mistakes: Mistakes) -> None:
    dev[DOMAIN]["custodians"][2]["certificate"] = ".local/custodians/cert_1.cer"
    assert mistakes(dev) == [
        "securityDomain.custodians[2].certificate: .local/custodians/cert_1.cer is not accepted;"
        " each custodian a key of their own (custodians[0] has the same certificate)"
    ]


def test_two_certificates_of_the_same_key(dev: Values, mistakes: Mistakes, project: Path, material: Path) -> None:
    shutil.copy(material / "same_key.cer", project / ".local/custodians/cert_2.cer")
    assert mistakes(dev) == [
        "securityDomain.custodians[1].certificate: .local/custodians/cert_2.cer is not accepted;"
        " each custodian a key of their own (custodians[0] has the same public key)"
    ]


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        ("ec.cer", "has a key that is not RSA"),
        ("small.cer", "has an RSA key of only 1024 bits"),
        ("missing.cer", "does not exist"),
        ("empty", "is empty"),
        ("cert_1.key", "has a private key in it"),
        ("cert_1.key.der", "is no certificate that can be read"),
        ("key_and_certificate.pem", "has a private key in it"),
        ("two.cer", "has 2 certificates in it"),
        ("text", "is no certificate that can be read"),
        ("broken.cer", "is no certificate that can be read"),
        (".", "is a directory"),
    ],
)
def test_a_file_that_is_no_custodians_certificate(
    dev: Values, mistakes: Mistakes, material: Path, file: str, reason: str
) -> None:
    path = material / file
    dev[DOMAIN]["custodians"][1]["certificate"] = str(path)
    assert mistakes(dev) == [f"securityDomain.custodians[1].certificate: {path} {reason}; {CERTIFICATE}"]


def test_an_unknown_role_with_a_suggestion(dev: Values, mistakes: Mistakes) -> None:
    dev[ROLES][0]["role"] = "Managed HSM Crypto Usr"
    assert mistakes(dev) == [
        "roleAssignments[0].role: Managed HSM Crypto Usr is not accepted;"
        " the name or GUID of a local role; did you mean Managed HSM Crypto User?"
    ]


@pytest.mark.parametrize("scope", ["keys", "/key", "/keys/", "/keys/a/b", "//", "/keys/my_key", ""])
def test_a_bad_scope(dev: Values, mistakes: Mistakes, scope: str) -> None:
    dev[ROLES][0]["scope"] = scope
    [line] = mistakes(dev)
    assert line.startswith("roleAssignments[0].scope: ")
    assert line.endswith(" is not accepted; /, /keys or /keys/<name>")


def test_a_scope_of_a_key_that_is_not_configured(dev: Values, mistakes: Mistakes) -> None:
    dev[ROLES][0]["scope"] = "/keys/myrsakeys"
    assert mistakes(dev) == [
        "roleAssignments[0].scope: /keys/myrsakeys is not accepted;"
        " /, /keys, or /keys/ and the name of an entry of keys; did you mean myrsakey?"
    ]


def test_a_principal_that_is_no_guid(dev: Values, mistakes: Mistakes) -> None:
    dev[ROLES][0]["principal"] = {"objectId": "alice"}
    assert mistakes(dev) == [
        'roleAssignments[0].principal: {"objectId": "alice"} is not accepted; an object id (a GUID) after objectId'
    ]


@pytest.mark.parametrize("principal", ["alice", {}, {"group": ""}, {"group": "a", "user": "b"}, {"team": "a"}, 5, None])
def test_a_principal_of_no_known_form(dev: Values, mistakes: Mistakes, principal: object) -> None:
    dev[ROLES][0]["principal"] = principal
    [line] = mistakes(dev)
    assert line.startswith("roleAssignments[0].principal: ")
    assert " is not accepted; deployer, or one of {identity: …}, {objectId: …}" in line


def test_an_identity_that_is_not_declared(dev: Values, mistakes: Mistakes) -> None:
    dev[ROLES][2]["principal"] = {"identity": "testvmhsm"}
    assert mistakes(dev) == [
        "roleAssignments[2].principal.identity: testvmhsm is not accepted;"
        " the name of an entry of identities; did you mean testvmmhsm?"
    ]


def test_the_same_role_assignment_twice_in_other_words(dev: Values, mistakes: Mistakes) -> None:
    dev[ROLES].append(
        {"role": "21DBD100-6940-42C2-9190-5D6CB909625B", "principal": {"identity": "testvmmhsm"}, "scope": "/"}
    )
    assert mistakes(dev) == ["roleAssignments[3]: says the same as roleAssignments[2]; each assignment once"]


@pytest.mark.parametrize(
    "principals",
    [({"group": "payments"}, {"servicePrincipal": "payments"}), ("deployer", {"identity": "deployer"})],
)
def test_two_principals_that_are_called_the_same(
    dev: Values, mistakes: Mistakes, principals: tuple[object, object]
) -> None:
    dev["managed-hsm:identities"]["deployer"] = {"vm": {}}
    dev[ROLES] = [{"role": "Crypto Auditor", "principal": each, "scope": "/"} for each in principals]
    assert mistakes(dev) == [
        "roleAssignments[1].principal: is called as that of roleAssignments[0], which has the same role and scope;"
        " one of them by {objectId: …}, or another name"
    ]


@pytest.mark.parametrize(
    ("key", "lines"),
    [
        ({"type": "RSA"}, ["type: RSA is not accepted; RSA-HSM, EC-HSM or oct-HSM"]),
        ({"type": "RSA-HSM"}, ["size: is missing; 2048, 3072 or 4096 for an RSA-HSM key"]),
        (
            {"type": "RSA-HSM", "size": 1024},
            ["size: 1024 is not accepted; 2048, 3072 or 4096 for an RSA-HSM key"],
        ),
        (
            {"type": "RSA-HSM", "size": 2048, "curve": "P-256"},
            ["curve: P-256 is not accepted; none for an RSA-HSM key, which has a size"],
        ),
        ({"type": "EC-HSM"}, ["curve: is missing; P-256, P-384, P-521 or P-256K for an EC-HSM key"]),
        (
            {"type": "EC-HSM", "curve": "P-256", "size": 256},
            ["size: 256 is not accepted; none for an EC-HSM key, which has a curve"],
        ),
        ({"type": "EC-HSM", "curve": "P-224"}, ["curve: P-224 is not accepted; P-256, P-384, P-521 or P-256K"]),
        ({"type": "oct-HSM", "size": 512}, ["size: 512 is not accepted; 128, 192 or 256 for an oct-HSM key"]),
        (
            {"type": "EC-HSM", "curve": "P-256", "operations": ["sign", "encrypt"]},
            ["operations[1]: encrypt is not accepted; sign, verify and deriveKey for an EC-HSM key"],
        ),
        (
            {"type": "RSA-HSM", "size": 2048, "operations": ["deriveKey"]},
            [
                "operations[0]: deriveKey is not accepted; encrypt, decrypt, sign, verify, wrapKey and unwrapKey for an"
                " RSA-HSM key"
            ],
        ),
        (
            {"type": "RSA-HSM", "size": 2048, "operations": ["import", "sign"]},
            ["operations[0]: import is not accepted; import only by itself (a key exchange key does nothing else)"],
        ),
        (
            {"type": "RSA-HSM", "size": 2048, "operations": ["sign", "sign"]},
            ["operations[1]: sign is not accepted; each operation once"],
        ),
    ],
)
def test_a_key_whose_type_size_curve_and_operations_do_not_go_together(
    dev: Values, mistakes: Mistakes, key: Values, lines: list[str]
) -> None:
    dev[KEYS]["a"] = key
    assert mistakes(dev) == [f"keys.a.{line}" for line in lines]


@pytest.mark.parametrize("name", ["a b", "a_b", "a/b", "k" * 128, "ключ"])
def test_a_key_name_with_other_characters(dev: Values, mistakes: Mistakes, name: str) -> None:
    dev[KEYS][name] = {"type": "RSA-HSM", "size": 2048}
    [line] = mistakes(dev)
    assert line.endswith(": the name is not accepted; 1 to 127 letters, digits and hyphens")


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("text", f"{NO_KEY}; {PEM}"),
        ("cert_1.cer", f"{NO_KEY}; {PEM}"),
        ("cert_1.encrypted", f"is encrypted with a passphrase; {PEM}"),
        ("two.key", f"has 2 private keys in it; {PEM}"),
        ("broken.key", f"has no private key in it that can be read; {PEM}"),
        ("brainpool.key", f"has a private key of a kind that no HSM key can be; {PEM}"),
        ("missing", f"does not exist; {PEM}"),
        ("empty", f"is empty; {PEM}"),
        ("ec.key", "has an EC key on P-256; a key that fits type RSA-HSM"),
        ("small.key", "has an RSA key of 1024 bits; 2048, 3072 or 4096 bits"),
    ],
)
def test_a_pem_that_is_no_key_to_import(dev: Values, mistakes: Mistakes, material: Path, file: str, text: str) -> None:
    path = material / file
    dev[KEYS]["mypemrsakey"]["importFrom"] = str(path)
    assert mistakes(dev) == [f"keys.mypemrsakey.importFrom: {path} {text}"]


def test_an_import_of_another_size_or_curve_than_configured(dev: Values, mistakes: Mistakes, material: Path) -> None:
    dev[KEYS]["mypemrsakey"]["size"] = 4096
    dev[KEYS]["curve"] = {"type": "EC-HSM", "curve": "P-384", "importFrom": str(material / "ec.key")}
    assert mistakes(dev) == [
        "keys.mypemrsakey.importFrom: .local/keys/mycert2.pem has an RSA key of 2048 bits; a key that fits size 4096",
        f"keys.curve.importFrom: {material}/ec.key has an EC key on P-256; a key that fits curve P-384",
    ]


@pytest.mark.parametrize(
    ("part", "value", "line"),
    [
        ("vnet", "10.0.0.0", "is not accepted; a network within the virtual network's 10.0.0.0/32"),
        ("vnet", "8.8.8.0/24", "a private IPv4 network of /8 to /29, such as 10.0.0.0/16"),
        ("vnet", "10.0.0.1/16", "a private IPv4 network of /8 to /29, such as 10.0.0.0/16"),
        ("vnet", "10.0.0.0/33", "a private IPv4 network of /8 to /29, such as 10.0.0.0/16"),
        ("vnet", "fd00::/48", "a private IPv4 network of /8 to /29, such as 10.0.0.0/16"),
        ("subnet", "10.1.1.0/24", "a network within the virtual network's 10.0.0.0/16"),
        ("subnet", "10.0.0.0/15", "a network within the virtual network's 10.0.0.0/16"),
        ("subnet", "10.0.1.0/30", "a network of at least /29"),
        ("subnet", "10.0.1.1/24", "such as 10.0.1.0/24"),
    ],
)
def test_cidrs_that_do_not_fit(dev: Values, mistakes: Mistakes, part: str, value: str, line: str) -> None:
    key = {"vnet": "addressSpace", "subnet": "addressPrefix"}[part]
    dev[NETWORK][part][key] = value
    told = mistakes(dev)
    if value == "10.0.0.0":
        assert told == [
            "network.vnet.addressSpace: 10.0.0.0/32 is not accepted; "
            "a private IPv4 network of /8 to /29, such as 10.0.0.0/16"
        ]
    else:
        assert len(told) == 1
        assert told[0].startswith(f"network.{part}.{key}: {value} is not accepted; ")
        assert told[0].endswith(line)


@pytest.mark.parametrize(
    ("wrong", "right"),
    [("managed-hsm:hms", "hsm"), ("managed-hsm:securitydomain", "securityDomain"), ("managed-hsm:nettwork", "network")],
)
def test_an_unknown_section_with_a_suggestion(dev: Values, mistakes: Mistakes, wrong: str, right: str) -> None:
    dev[wrong] = {}
    assert mistakes(dev) == [f"{wrong.partition(':')[2]}: there is no such key; did you mean {right}?"]


def test_an_unknown_key_with_a_suggestion_at_every_depth(dev: Values, mistakes: Mistakes) -> None:
    dev[HSM]["retentionsDays"] = 28
    dev[HSM]["firewall"]["iprules"] = []
    dev[DOMAIN]["custodians"][0]["certificat"] = "x"
    dev[KEYS]["myrsakey"]["Size"] = 2048
    dev[NETWORK]["vnet"]["addresses"] = "x"
    assert mistakes(dev) == [
        "hsm.firewall.iprules: there is no such key; did you mean ipRules?",
        "hsm.retentionsDays: there is no such key; did you mean retentionDays?",
        "securityDomain.custodians[0].certificat: there is no such key; did you mean certificate?",
        "keys.myrsakey.Size: there is no such key; did you mean size?",
        "network.vnet.addresses: there is no such key; did you mean addressSpace?",
    ]


def test_an_unknown_key_that_is_like_none(dev: Values, mistakes: Mistakes) -> None:
    dev[NETWORK]["vnet"]["zzz"] = 1
    assert mistakes(dev) == ["network.vnet.zzz: there is no such key; there are name, addressSpace"]


def test_a_key_that_does_not_go_with_another(dev: Values, mistakes: Mistakes) -> None:
    group = "/subscriptions/0b1f6471-1bf0-4dda-aec3-cb9272f09590/resourceGroups/ContosoNetworks"
    dev[NETWORK]["vnet"] = {"id": f"{group}/providers/Microsoft.Network/virtualNetworks/hub", "name": "hub"}
    assert mistakes(dev) == ["network.vnet.name: is not accepted; it does not go together with id"]


@pytest.mark.parametrize(
    "rule",
    ["10.0.0.1", "256.1.1.1", "1.2.3.0/33", "1.2.3.4/24", "1.2.3.4/255.0.0.0", "::1", "0.0.0.0/0", "172.0.0.0/8", 7],
)
def test_a_firewall_rule_that_is_no_public_ipv4_address(dev: Values, mistakes: Mistakes, rule: object) -> None:
    dev[HSM]["firewall"]["ipRules"] = [rule]
    assert mistakes(dev) == [f"hsm.firewall.ipRules[0]: {rule} is not accepted; {PUBLIC}"]


def test_more_than_ten_firewall_rules(dev: Values, mistakes: Mistakes) -> None:
    dev[HSM]["firewall"]["ipRules"] = [f"203.0.113.{last}" for last in range(11)]
    assert mistakes(dev) == ["hsm.firewall.ipRules: 11 rules are not accepted; at most 10"]


def test_firewall_rules_that_have_no_effect(dev: Values, mistakes: Mistakes) -> None:
    dev[HSM]["firewall"]["defaultAction"] = "Allow"
    assert mistakes(dev) == [
        'hsm.firewall.ipRules: ["203.0.113.10"] is not accepted; no rules unless defaultAction is Deny'
    ]


def test_a_firewall_rule_within_another(dev: Values, mistakes: Mistakes) -> None:
    dev[HSM]["firewall"]["ipRules"] = ["203.0.113.0/24", "203.0.113.10"]
    assert mistakes(dev) == [
        "hsm.firewall.ipRules[1]: 203.0.113.10 is not accepted; each address once (203.0.113.0/24 has it already)"
    ]


@pytest.mark.parametrize(
    "moment",
    [
        "tomorrow",
        "2031-01-01T00:00:00",
        "2031-13-01",
        1924905600,
        "1969-01-01",
        "9999-12-31T23:59:59-12:00",
        True,
    ],
)
def test_an_expiry_that_is_no_moment(dev: Values, mistakes: Mistakes, moment: object) -> None:
    dev[KEYS]["myrsakey"]["expires"] = moment
    [line] = mistakes(dev)
    assert line.startswith("keys.myrsakey.expires: ")
    assert f" is not accepted; {MOMENT}" in line


def test_more_tags_than_a_key_can_have(dev: Values, mistakes: Mistakes) -> None:
    dev[KEYS]["myrsakey"]["tags"] = {f"tag-{number}": "x" for number in range(16)}
    [line] = mistakes(dev)
    assert line.endswith(" is not accepted; at most 15 names with text values (256 characters)")


def test_an_expiry_before_the_beginning(dev: Values, mistakes: Mistakes) -> None:
    dev[KEYS]["myrsakey"] |= {"notBefore": "2031-01-01T00:00:00Z", "expires": "2030-01-01"}
    assert mistakes(dev) == [
        "keys.myrsakey.expires: 2030-01-01T00:00:00+00:00 is not accepted;"
        " a moment after notBefore (2031-01-01T00:00:00+00:00)"
    ]


def test_destinations_that_could_lose_the_security_domain(dev: Values, mistakes: Mistakes) -> None:
    dev[DOMAIN]["destinations"] = [
        {"path": "custody/domain.json"},
        {"path": ".local"},
        {"path": ".local/a", "optional": True},
        {"path": ".local/b/../a"},
        {"path": ".local/custodians/cert_1.cer"},
    ]
    committed = "a path outside of the project, or below .local, which is never committed"
    where = "securityDomain.destinations"
    assert mistakes(dev) == [
        f"{where}[0].path: custody/domain.json is not accepted; {committed}",
        f"{where}[1].path: .local is a directory; the path of a file",
        f"{where}[3].path: .local/b/../a is not accepted; a place of its own (destinations[2] is the same)",
        f"{where}[4].path: .local/custodians/cert_1.cer is not accepted; a file that is not a custodian's certificate",
    ]


def test_destinations_that_are_other_files_or_lie_in_each_others_way(dev: Values, mistakes: Mistakes) -> None:
    dev[DOMAIN]["destinations"] = [
        {"path": ".local/sd.json"},
        {"path": ".local/sd.json.manifest.json"},
        {"path": ".local/keys/../sd.json.lock"},
        {"path": ".local/keys/mycert2.pem"},
        {"path": ".local/custodians/cert_2.key"},
    ]
    where = "securityDomain.destinations"
    manifest = "a place whose sd.json.manifest.json is not destinations[1]: that is written beside it"
    lock = "a place whose sd.json.lock is not destinations[2]: that is written beside it"
    assert mistakes(dev) == [
        f"{where}[0].path: .local/sd.json is not accepted; {manifest}",
        f"{where}[0].path: .local/sd.json is not accepted; {lock}",
        f"{where}[3].path: .local/keys/mycert2.pem is not accepted; a file that is not keys.mypemrsakey.importFrom",
        f"{where}[4].path: .local/custodians/cert_2.key holds a private key; a place of its own",
    ]


@pytest.mark.parametrize("destinations", [[], [{"path": ".local/a", "optional": True}]])
def test_no_destination_that_has_to_succeed(dev: Values, mistakes: Mistakes, destinations: list[Values]) -> None:
    dev[DOMAIN]["destinations"] = destinations
    [line] = mistakes(dev)
    assert line.startswith("securityDomain.destinations: ")
    assert line.endswith(" not accepted; at least one destination that is not optional")


def test_a_wrong_type_in_plain_words(dev: Values, mistakes: Mistakes) -> None:
    dev["managed-hsm:network"] = "vnetwest"
    dev["managed-hsm:roleAssignments"] = {"role": "x"}
    dev["managed-hsm:keys"]["myrsakey"] = 3072
    dev["managed-hsm:identities"] = ["testvmmhsm"]
    dev["managed-hsm:hsm"]["purgeProtection"] = "no"
    assert mistakes(dev) == [
        "hsm.purgeProtection: no is not accepted; true or false",
        'roleAssignments: {"role": "x"} is not accepted; a list of role, principal and scope',
        "keys.myrsakey: 3072 is not accepted; a mapping of type, size, curve, operations, importFrom,"
        " passphraseVariable, enabled, expires, notBefore, tags, exportable, releasePolicy, rotation, restoreFrom,"
        " restoreFromBackup, backupTo, attestTo, usedBy, onRemove, protect",
        "network: vnetwest is not accepted; location, vnet, subnet, dns and privateEndpoints",
        'identities: ["testvmmhsm"] is not accepted; a mapping of names to {vm: …}, {userAssigned: true, vms: […]}'
        " or {id: …, vms: […]}",
    ]


def test_a_subscription_that_is_no_guid(dev: Values, mistakes: Mistakes) -> None:
    dev["managed-hsm:subscriptionId"] = "Contoso"
    assert mistakes(dev) == ["subscriptionId: Contoso is not accepted; a GUID"]


def test_backups_of_keys_at_places_that_are_taken_or_would_be_committed(dev: Values, mistakes: Mistakes) -> None:
    keys = dev["managed-hsm:keys"]
    keys["myrsakey"]["backupTo"] = keys["myaeskey"]["backupTo"] = ".local/keys.backup"
    assert mistakes(dev) == [
        "keys.myaeskey.backupTo: .local/keys.backup is not accepted; a file of its own (keys.myrsakey.backupTo has it)"
    ]
    keys["myrsakey"]["backupTo"], keys["myaeskey"]["backupTo"] = "keys.backup", ".local"
    accepted = "a path outside of the project, or below .local, which is never committed"
    assert mistakes(dev) == [
        f"keys.myrsakey.backupTo: keys.backup is not accepted; {accepted}",
        "keys.myaeskey.backupTo: .local is a directory; the path of a file",
    ]


@pytest.mark.parametrize("setting", ["backupTo", "attestTo"])
def test_nothing_is_written_over_a_file_that_is_read(dev: Values, mistakes: Mistakes, setting: str) -> None:
    keys = dev["managed-hsm:keys"]
    read = {
        keys["mypemrsakey"]["importFrom"]: "keys.mypemrsakey.importFrom",
        dev["managed-hsm:securityDomain"]["custodians"][0]["certificate"]: "securityDomain.custodians[0].certificate",
    }
    for file, place in read.items():
        keys["myrsakey"][setting] = file
        (line,) = (each for each in mistakes(dev) if "a file of its own" in each)
        assert line == f"keys.myrsakey.{setting}: {file} is not accepted; a file of its own ({place} has it)"


def test_an_attestation_is_not_written_over_the_record_of_a_backup_or_a_security_domain(
    dev: Values, mistakes: Mistakes
) -> None:
    keys = dev["managed-hsm:keys"]
    keys["myrsakey"] |= {"backupTo": ".local/a", "attestTo": ".local/a.manifest.json"}
    assert mistakes(dev) == [
        "keys.myrsakey.attestTo: .local/a.manifest.json is not accepted; a file of its own (keys.myrsakey.backupTo has"
        " it)"
    ]
    del keys["myrsakey"]["backupTo"]
    destination = keys["myrsakey"]["attestTo"] = dev["managed-hsm:securityDomain"]["destinations"][0]["path"]
    assert mistakes(dev) == [
        f"securityDomain.destinations[0].path: {destination} is not accepted; a file that is not keys.myrsakey.attestTo"
    ]


def test_a_key_is_backed_up_to_where_it_was_restored_from_and_no_other_key_is(
    dev: Values, accepted: Callable[[Values], Settings], mistakes: Mistakes
) -> None:
    keys = dev["managed-hsm:keys"]
    keys["myrsakey"] |= {"restoreFrom": ".local/a", "backupTo": ".local/a"}
    assert accepted(dev).keys["myrsakey"].backup_to is not None
    del keys["myrsakey"]["backupTo"]
    keys["myaeskey"]["backupTo"] = ".local/a"
    assert mistakes(dev) == [
        "keys.myaeskey.backupTo: .local/a is not accepted; a file of its own (keys.myrsakey.restoreFrom has it)"
    ]


def test_a_recovery_from_what_is_a_destination_or_a_directory(dev: Values, mistakes: Mistakes) -> None:
    accepted = "the path of a file that is no destination, nor written beside one, and no certificate"
    for place in (dev[DOMAIN]["destinations"][0]["path"], dev[DOMAIN]["custodians"][0]["certificate"]):
        dev[DOMAIN]["recoverFrom"] = place
        assert mistakes(dev) == [f"securityDomain.recoverFrom: {place} is not accepted; {accepted}"]
    dev[DOMAIN]["recoverFrom"] = ".local"
    assert mistakes(dev) == ["securityDomain.recoverFrom: .local is a directory; the path of a file"]


def test_a_confirmation_of_another_pool(dev: Values, mistakes: Mistakes) -> None:
    dev[DOMAIN]["reissue"] = "az401popMHSM"
    assert mistakes(dev) == [
        "securityDomain.reissue: az401popMHSM is not accepted; the pool's name az400popMHSM, as confirmation"
    ]


@pytest.mark.parametrize(
    ("action", "meant"),
    [
        ("keys/reed/action", "keys/read/action"),
        ("Microsoft.KeyVault/managedHsm/keys/sing/action", "keys/sign/action"),
        ("keys/encrypt", "keys/encrypt/action"),
    ],
)
def test_a_data_action_that_is_mistyped_with_a_suggestion(
    dev: Values, mistakes: Mistakes, action: str, meant: str
) -> None:
    dev[DEFINITIONS] = [{"name": "Signer", "dataActions": ["keys/read/action", action]}]
    [line] = mistakes(dev)
    assert line.startswith(f"roleDefinitions[0].dataActions[1]: {action} is not accepted; a data action such as ")
    assert f"; did you mean {meant}" in line


def test_a_role_of_ones_own_that_permits_nothing_or_takes_away_what_it_does_not_give(
    dev: Values, mistakes: Mistakes
) -> None:
    dev[DEFINITIONS] = [
        {"name": "Nothing", "dataActions": ["keys/delete"], "notDataActions": ["keys/delete"]},
        {"name": "Signer", "dataActions": ["keys/sign/action"], "notDataActions": ["keys/delete"]},
    ]
    assert mistakes(dev) == [
        "roleDefinitions[0]: permits nothing: notDataActions takes every one of the dataActions away again",
        "roleDefinitions[1].notDataActions[0]: keys/delete is not accepted; one of the role's dataActions",
    ]


@pytest.mark.parametrize("name", ["Managed HSM Crypto User", "crypto user", "21dbd100-6940-42c2-9190-5d6cb909625b"])
def test_a_role_of_ones_own_called_as_a_built_in_one(dev: Values, mistakes: Mistakes, name: str) -> None:
    dev[DEFINITIONS] = [{"name": name, "dataActions": ["keys/sign/action"]}]
    assert mistakes(dev) == [
        f"roleDefinitions[0].name: {name} is not accepted; a name that no built-in role has, and no GUID"
    ]


def test_a_preset_together_with_data_actions(dev: Values, mistakes: Mistakes) -> None:
    dev[DEFINITIONS] = [{"preset": "keyManager", "dataActions": ["keys/sign/action"]}]
    [line] = mistakes(dev)
    assert line.endswith("is not accepted; either preset or dataActions, not both")


def test_an_unknown_preset(dev: Values, mistakes: Mistakes) -> None:
    dev[DEFINITIONS] = [{"preset": "keymanager", "name": "Mine", "dataActions": ["keys/read/action"]}]
    assert mistakes(dev) == ["roleDefinitions[0].preset: keymanager is not accepted; keyManager"]


def test_exclusive_access_in_somebody_elses_pool_and_exceptions_from_nothing(dev: Values, mistakes: Mistakes) -> None:
    dev["managed-hsm:access"] = {"exclusive": "sometimes"}
    assert mistakes(dev) == ["access.exclusive: sometimes is not accepted; true, false or ownKeys"]
    dev["managed-hsm:access"] = {"exclusive": "ownKeys", "leave": ["/keys/team-a-*"]}
    assert mistakes(dev) == ["access.leave: means nothing without exclusive: true"]
    dev["managed-hsm:access"] = {"exclusive": "true", "leave": ["/keys/*-team"]}
    [line] = mistakes(dev)
    assert line.startswith("access.leave[0]: /keys/*-team is not accepted; scopes such as ")
