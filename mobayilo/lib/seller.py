"""The company behind the site, from its settings: on pages, in mails and on receipts."""

from dataclasses import dataclass

from django.conf import settings


@dataclass(frozen=True, slots=True)
class Seller:
    """The company that sells. A text is empty where its setting is."""

    name: str
    address_lines: tuple[str, ...]
    tax_number: str
    email: str


def legal_addresses() -> dict[str, str]:
    """Return the addresses of the operator's own legal pages, by the name of ours."""
    return {
        "terms": settings.TERMS_URL,
        "privacy": settings.PRIVACY_URL,
        "refunds": settings.REFUNDS_URL,
    }


def missing_legal_pages() -> list[str]:
    """Return the legal pages that neither the facts of the company nor an address fill."""
    if settings.COMPANY_NAME and settings.COMPANY_ADDRESS:
        return []
    return [name for name, url in legal_addresses().items() if not url]


def read_seller() -> Seller:
    """Return the seller as the settings have it."""
    lines = (line.strip() for line in settings.COMPANY_ADDRESS.split(";"))
    return Seller(
        name=settings.COMPANY_NAME,
        address_lines=tuple(line for line in lines if line),
        tax_number=settings.COMPANY_TAX_NUMBER,
        email=settings.SUPPORT_EMAIL,
    )
