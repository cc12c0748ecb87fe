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


def read_seller() -> Seller:
    """Return the seller as the settings have it."""
    lines = (line.strip() for line in settings.COMPANY_ADDRESS.split(";"))
    return Seller(
        name=settings.COMPANY_NAME,
        address_lines=tuple(line for line in lines if line),
        tax_number=settings.COMPANY_TAX_NUMBER,
        email=settings.SUPPORT_EMAIL,
    )
