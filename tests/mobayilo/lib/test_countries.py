"""Countries by the names that people use."""

import phonenumbers
import pytest

from accounts.guards import parse_guards
from mobayilo.lib.countries import country_code, country_name, country_names
from mobayilo.lib.errors import ProductError


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("GB", "GB"),
        ("gb", "GB"),
        (" uk ", "GB"),
        ("United Kingdom", "GB"),
        ("the united kingdom", "GB"),
        ("+44", "GB"),
        ("44", "GB"),
        ("0044", "GB"),
        ("+1", "US"),
        ("U.S.A.", "US"),
        ("cote d'ivoire", "CI"),
        ("Côte d’Ivoire", "CI"),
        ("Ivory Coast", "CI"),
        ("Deutschland", "DE"),
        ("St. Lucia", "LC"),
        ("Turkey", "TR"),
        ("TURKIYE", "TR"),
        ("bosnia & herzegovina", "BA"),
        ("Guinea-Bissau", "GW"),
        ("Kosovo", "XK"),
        ("gbr", "GB"),
        ("DEU", "DE"),
        ("XKX", "XK"),
        ("España", "ES"),
        ("espana", "ES"),
        ("Suomi", "FI"),
        ("Россия", "RU"),
        ("РОССИЯ", "RU"),
        ("Ελλάδα", "GR"),
        ("日本", "JP"),
        ("中国", "CN"),
        ("中國", "CN"),
        ("대한민국", "KR"),
        ("مصر", "EG"),
        ("ישראל", "IL"),
        ("भारत", "IN"),
        ("ไทย", "TH"),
        ("საქართველო", "GE"),
        ("Allemagne", "DE"),
        ("Estados Unidos", "US"),
        ("États-Unis", "US"),
        ("Vereinigtes Königreich", "GB"),
        ("Großbritannien", "GB"),
        ("Belgique", "BE"),
        ("Magyarorszag", "HU"),
        ("Việt Nam", "VN"),
        ("Česká republika", "CZ"),
        ("ประเทศไทย", "TH"),
        ("한국", "KR"),
        ("السعودية", "SA"),
        ("香港", "HK"),
        ("KSA", "SA"),
        ("Oesterreich", "AT"),
    ],
)
def test_country_is_found_by_what_people_call_it(text: str, iso: str) -> None:
    assert country_code(text) == iso


def test_unknown_country_suggests_what_was_meant() -> None:
    with pytest.raises(ProductError) as refusal:
        country_code("Untied Kingdom")
    assert refusal.value.code == "unknown_country"
    assert refusal.value.message == (
        "'Untied Kingdom' is not a country we call. Did you mean United Kingdom (GB)?"
    )
    meant = [{"country": "GB", "country_name": "United Kingdom"}]
    assert refusal.value.details == {"did_you_mean": meant}


@pytest.mark.parametrize("text", ["", "ZZ", "+0", "+", "+800", "+999", "²", "Atlantis", "x" * 999])
def test_what_is_no_country_is_refused(text: str) -> None:
    with pytest.raises(ProductError) as refusal:
        country_code(text)
    assert refusal.value.code == "unknown_country"


def test_names_cover_every_region_with_phones_and_lead_back_to_it() -> None:
    assert set(country_names()) == set(phonenumbers.SUPPORTED_REGIONS)
    for iso, name in country_names().items():
        assert country_code(name) == country_code(iso) == iso


def test_network_of_no_country_has_a_name() -> None:
    assert country_name("001") == "International network"


def test_names_are_sorted_once_and_cannot_be_changed() -> None:
    names = country_names()
    assert country_names() is names
    with pytest.raises(TypeError):
        names["GB"] = "Britain"  # type: ignore[index]  # the refusal is the point


@pytest.mark.parametrize(
    "written",
    ["uk, DEU +4420", "United Kingdom,Deutschland,+4420", ["UK", "Alemania", "+4420"]],
)
def test_destinations_are_countries_by_any_name(written: object) -> None:
    assert parse_guards({"destinations": written}).destinations == ("GB", "DE", "+4420")
