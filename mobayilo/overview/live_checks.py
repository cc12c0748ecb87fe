"""The site's part of `check_live`: mail, address, legal pages, and the work in the background."""

import re
import ssl
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parseaddr
from pathlib import Path

import dns.exception
import dns.resolver
import requests
from django.conf import settings
from django.core import signing
from django.core.checks import run_checks
from django.utils import timezone

from mobayilo.health import PROBE_SALT, cache_is_ready
from mobayilo.lib.findings import Finding, judge, right, unchecked, wrong
from mobayilo.lib.seller import missing_legal_pages
from mobayilo.overview.periodic import late_seconds

LEAST_DAYS_OF_CERTIFICATE = 14
OLDEST_BACKUP = timedelta(hours=12)
LATEST_WORK_SECONDS = 300
# Checks whose subject has a line of its own here.
NAMED_ELSEWHERE = {"billing.E003", "mobayilo.E008", "mobayilo.E009", "telephony.E007"}
FORGED_ADDRESS = "192.0.2.1"  # of documentation (RFC 5737): no proxy and no client has it


def findings() -> Iterator[Finding]:
    """Yield the findings about everything that is neither Twilio nor Stripe."""
    yield from of_configuration()
    yield from of_mail()
    yield from of_address()
    yield from of_background()


def of_configuration() -> Iterator[Finding]:
    """Yield findings about the settings: providers, errors of Django's checks, pages, support."""
    for name in ("TWILIO_API_URL", "STRIPE_API_URL"):
        if url := getattr(settings, name):
            yield unchecked(name, f"{url} was asked, and not the provider: unset it before opening")
    check_messages = run_checks(include_deployment_checks=True)
    errors = [
        message
        for message in check_messages
        if message.is_serious() and not message.is_silenced() and message.id not in NAMED_ELSEWHERE
    ]
    yield judge(
        "Configuration",
        not errors,
        "manage.py check finds no error",
        " ".join(str(error.msg) for error in errors),
        "See the hints of manage.py check --deploy.",
    )
    missing = missing_legal_pages()
    yield judge(
        "Legal pages",
        not missing,
        "terms, privacy, refunds",
        f"There is no page of {', '.join(missing)}.",
        "Set COMPANY_NAME and COMPANY_ADDRESS, or TERMS_URL, PRIVACY_URL and REFUNDS_URL.",
    )
    yield judge(
        "Support address",
        bool(settings.SUPPORT_EMAIL),
        settings.SUPPORT_EMAIL,
        "Customers can write to no one.",
        "Set SUPPORT_EMAIL.",
    )


def of_mail() -> Iterator[Finding]:
    """Yield findings about the sender's domain: SPF (RFC 7208), DMARC (7489) and DKIM (6376)."""
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2]
    records = {
        "SPF": (domain, "v=spf1", "Publish the record that your mail provider names."),
        "DMARC": (f"_dmarc.{domain}", "v=DMARC1", "Publish one, such as v=DMARC1; p=quarantine."),
    }
    if selector := settings.MAIL_DKIM_SELECTOR:
        name = f"{selector}._domainkey.{domain}"
        # Tags come in any order, and an empty key is a revoked one (RFC 6376 section 3.6.1).
        key = r"([^;]*;)*\s*p=\s*[^;\s]"
        records["DKIM"] = (name, key, "Publish the key that your mail provider names.")
    else:
        yield unchecked("DKIM", "MAIL_DKIM_SELECTOR names no selector")
    for subject, (name, pattern, remedy) in records.items():
        try:
            texts = text_records(name)
        except dns.exception.DNSException as error:
            yield wrong(subject, f"{name} cannot be looked up: {error}", "Look at DNS_RESOLVER.")
            continue
        is_there = any(re.match(pattern, text) for text in texts)
        yield judge(subject, is_there, name, f"{name} has no record of it.", remedy)


def text_records(name: str) -> list[str]:
    """Return the TXT records of a name; none where there is no such name."""
    resolver = dns.resolver.Resolver(configure=not settings.DNS_RESOLVER)
    if settings.DNS_RESOLVER:
        address, _, port = settings.DNS_RESOLVER.partition(":")
        resolver.nameservers, resolver.port = [address], int(port or 53)
    resolver.lifetime = 5.0
    try:
        answer = resolver.resolve(name, "TXT")
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    return [b"".join(record.strings).decode(errors="replace") for record in answer]


def of_address() -> Iterator[Finding]:
    """Yield findings about the public address: an answer, the certificate, the trusted proxies."""
    probe = signing.dumps("probe", salt=PROBE_SALT)
    url = f"{settings.PUBLIC_URL}/probe/{probe}"
    try:
        with requests.Session() as session:
            session.trust_env = not settings.IS_LOCAL
            headers = {"X-Forwarded-For": FORGED_ADDRESS}
            answer = session.get(url, headers=headers, timeout=10, allow_redirects=False)
            document = answer.json()
            forwarded, trusted = str(document["forwarded"]), int(document["trusted"])
    except (requests.RequestException, ValueError, KeyError, TypeError) as error:
        yield wrong(
            "Site",
            f"{settings.PUBLIC_URL} does not answer: {type(error).__name__}.",
            "Look at DNS, nginx and mobayilo-web.",
        )
        return
    yield right("Site", settings.PUBLIC_URL)
    yield from of_certificate()
    yield of_proxies(forwarded, trusted)


def of_proxies(forwarded: str, trusted: int) -> Finding:
    """Return the finding about TRUSTED_PROXY_COUNT, which has to be the number of our proxies.

    `forwarded` is the X-Forwarded-For of the probe. Each proxy appends an address to the forged one
    that was sent, which the outermost proxy may drop.
    """
    appended = forwarded.rpartition(FORGED_ADDRESS)[2]
    count = len([address for address in appended.split(",") if address.strip()])
    counts = f"Proxies: {count}. TRUSTED_PROXY_COUNT: {trusted}."
    remedy = f"Set it to {count}, and restart mobayilo-web."
    if trusted > count:
        problem = "A client can write the address that it is counted by."
        return wrong("Proxies", f"{problem} {counts}", remedy)
    if trusted < count:
        problem = "All customers are counted as one, by the address of a proxy."
        return wrong("Proxies", f"{problem} {counts}", remedy)
    if settings.PUBLIC.scheme == "https" and not count:  # gunicorn itself speaks no TLS
        return wrong(
            "Proxies",
            "The proxy that ends TLS writes no X-Forwarded-For: all customers are counted as one.",
            "Have it append the client's address, as deploy/nginx/proxy.conf does.",
        )
    return right("Proxies", f"{count} wrote to X-Forwarded-For, and TRUSTED_PROXY_COUNT says so")


def of_certificate() -> Iterator[Finding]:
    """Yield the finding about the end of the site's certificate."""
    if settings.PUBLIC.scheme != "https":
        yield unchecked("Certificate", "the site is on this machine, without one")
        return
    address = (str(settings.PUBLIC.hostname), settings.PUBLIC.port or 443)
    try:
        pem = ssl.get_server_certificate(address, timeout=10)
    except OSError as error:
        yield wrong("Certificate", f"None can be read: {type(error).__name__}.", "Look at nginx.")
        return
    ends_at = certificate_end(pem)
    days = (ends_at - datetime.now(UTC)).days
    yield judge(
        "Certificate",
        days >= LEAST_DAYS_OF_CERTIFICATE,
        f"until {ends_at:%Y-%m-%d}",
        f"It ends in {days} days.",
        "Renew it, and see why that does not happen by itself.",
    )


def certificate_end(pem: str) -> datetime:
    """Return the instant at which a certificate expires."""
    from cryptography import x509  # only this needs it, and importing it takes a while

    return x509.load_pem_x509_certificate(pem.encode()).not_valid_after_utc


def of_background() -> Iterator[Finding]:
    """Yield findings about Redis, the periodic jobs, and the newest backup."""
    yield judge(
        "Counters",
        cache_is_ready(),
        "Redis answers" if settings.REDIS_URL else "in memory",
        "Redis does not answer.",
        "Look at REDIS_URL and at redis-server.",
    )
    late = late_seconds(timezone.now())
    yield judge(
        "Periodic work",
        late < LATEST_WORK_SECONDS,
        "in time",
        "A job never ran, or waits for too long.",
        "Start mobayilo-periodic, and wait a minute.",
    )
    if not settings.BACKUP_FOLDER:
        yield unchecked("Backup", "BACKUP_FOLDER names no folder")
        return
    # As deploy/backup.py names them; one that is being written, or was cut off, ends in .partial.
    finished = Path(settings.BACKUP_FOLDER).glob("mobayilo-*.dump")
    dumps = [path.stat().st_mtime for path in finished]
    is_fresh = bool(dumps) and time.time() - max(dumps) < OLDEST_BACKUP.total_seconds()
    yield judge(
        "Backup",
        is_fresh,
        "younger than twelve hours",
        "The newest dump is older than twelve hours, or there is none.",
        "Start mobayilo-backup.service, and enable its timer.",
    )
