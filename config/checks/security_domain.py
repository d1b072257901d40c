"""Custodians, their certificates, and where the security domain is kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from config.certificates import Certificate, read_certificate
from config.checks import destinations
from config.files import UnusableFile, is_directory, real_path
from config.hsm import ExistingHsm, Hsm
from config.private_keys import private_keys_beside
from config.problems import Problem, not_accepted, relative, shown
from config.security_domain import SecurityDomain
from config.settings import Settings
from data_plane.recovered_domain import TRANSFER_KEY

_SECTION = "managed-hsm:securityDomain"
_CUSTODIANS = f"{_SECTION}.custodians"
_LEAST_CUSTODIANS, _MOST_CUSTODIANS = 3, 10
_LEAST_QUORUM, _MOST_QUORUM = 2, 10
_CERTIFICATE = "a file with one RSA certificate of 2048 bits or more, PEM or DER"


def problems(settings: Settings, base: Path) -> Iterator[Problem]:
    """Problems of the security domain."""
    domain = settings.security_domain
    elsewhere = isinstance(settings.hsm, ExistingHsm) or settings.hsm.activated_elsewhere
    if domain is None:
        if not elsewhere:
            yield Problem(_SECTION, "is missing; quorum, custodians and destinations, to activate the pool with")
        return
    if isinstance(settings.hsm, Hsm) and settings.hsm.activated_elsewhere:
        text = "is not accepted; none for a pool that is activated elsewhere"
        yield Problem(_SECTION, text, ("managed-hsm:hsm.activatedElsewhere",))
    yield from _quorum_problems(domain)
    yield from _custodian_problems(domain, base)
    yield from destinations.problems(settings, domain, base)
    yield from _recovery_problems(domain, settings.hsm.name, base)
    if domain.reissue is not None and domain.reissue != settings.hsm.name:
        accepted = f"the pool's name {settings.hsm.name}, as confirmation"
        yield not_accepted(f"{_SECTION}.reissue", domain.reissue, accepted, ("managed-hsm:hsm.name",))


def _quorum_problems(domain: SecurityDomain) -> Iterator[Problem]:
    count = len(domain.custodians)
    if not _LEAST_CUSTODIANS <= count <= _MOST_CUSTODIANS:
        plural = "custodian is" if count == 1 else "custodians are"
        yield Problem(
            _CUSTODIANS, f"{count} {plural} not accepted; {_LEAST_CUSTODIANS} to {_MOST_CUSTODIANS} custodians"
        )
    if not _LEAST_QUORUM <= domain.quorum <= _MOST_QUORUM:
        yield not_accepted(f"{_SECTION}.quorum", domain.quorum, f"{_LEAST_QUORUM} to {_MOST_QUORUM}")
    elif domain.quorum > count:
        accepted = f"{_LEAST_QUORUM} to {max(count, _LEAST_QUORUM)}, as there are {count} custodians"
        yield not_accepted(f"{_SECTION}.quorum", domain.quorum, accepted, (_CUSTODIANS,))


def _custodian_problems(domain: SecurityDomain, base: Path) -> Iterator[Problem]:
    names: dict[str, int] = {}
    certificates: dict[int, Certificate] = {}
    for index, custodian in enumerate(domain.custodians):
        path = f"{_CUSTODIANS}[{index}]"
        earlier = names.setdefault(custodian.name.casefold(), index)
        if earlier != index:
            yield not_accepted(f"{path}.name", custodian.name, f"a name that custodians[{earlier}] does not have")
        try:
            certificates[index] = read_certificate(custodian.certificate)
        except UnusableFile as reason:
            text = f"{relative(custodian.certificate, base)} {reason}; {_CERTIFICATE}"
            yield Problem(f"{path}.certificate", text)
    yield from _repeated(domain, certificates, base)
    if not domain.rehearsal:
        yield from _beside(domain, certificates, base)


def _repeated(domain: SecurityDomain, certificates: dict[int, Certificate], base: Path) -> Iterator[Problem]:
    owners: dict[str, int] = {}
    for index, certificate in certificates.items():
        earlier = owners.setdefault(certificate.public_key, index)
        if earlier == index:
            continue
        same = "certificate" if certificates[earlier].der == certificate.der else "public key"
        yield not_accepted(
            f"{_CUSTODIANS}[{index}].certificate",
            relative(domain.custodians[index].certificate, base),
            f"each custodian a key of their own (custodians[{earlier}] has the same {same})",
            (f"{_CUSTODIANS}[{earlier}].certificate",),
        )


def _beside(domain: SecurityDomain, certificates: dict[int, Certificate], base: Path) -> Iterator[Problem]:
    files = {domain.custodians[index].certificate: index for index in certificates}
    keys = [(path, certificates[index].public_key) for path, index in files.items()]
    for certificate, private_key in private_keys_beside(keys):
        yield not_accepted(
            f"{_CUSTODIANS}[{files[certificate]}].certificate",
            relative(certificate, base),
            f"a certificate without its private key at hand ({relative(private_key, base)});"
            " custodians keep their keys, only a dev stack may say rehearsal: true",
            (f"{_SECTION}.rehearsal",),
        )


def _recovery_problems(domain: SecurityDomain, pool: str, base: Path) -> Iterator[Problem]:
    path, key = domain.recover_from, f"{_SECTION}.recoverFrom"
    if path is None:
        return
    taken = destinations.written(domain, pool)
    if isinstance(path, str):
        if taken & {path, f"{path}{TRANSFER_KEY}"}:
            yield not_accepted(key, path, "the address of a blob that is no destination, nor written beside one")
        return
    taken |= {real_path(custodian.certificate) for custodian in domain.custodians}
    if is_directory(path):
        yield Problem(key, f"{shown(relative(path, base))} is a directory; the path of a file")
    elif taken & {real_path(path), real_path(path.with_name(f"{path.name}{TRANSFER_KEY}"))}:
        accepted = "the path of a file that is no destination, nor written beside one, and no certificate"
        yield not_accepted(key, relative(path, base), accepted)
