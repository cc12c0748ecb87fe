"""The settings of a profile that `moby config` keeps: their names, and what each may be."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from moby.errors import MobyError
from moby.store.credentials import Config
from moby.text import read_cents

MODES = ("callback", "computer")
RESET = "default"  # the word that takes a setting away
# The two-letter codes of ISO 3166; the server knows which countries can be called.
COUNTRY_CODES = (
    "AC AD AE AF AG AI AL AM AO AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR "
    "BS BT BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC "
    "EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GT GU GW GY HK "
    "HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB "
    "LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY "
    "MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PR PS PT PW PY QA RE RO RS "
    "RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TA TC TD TG TH TJ TK TL "
    "TM TN TO TR TT TV TW TZ UA UG US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW"
)


@dataclass(frozen=True)
class Setting:
    description: str
    read: Callable[[str], str]  # the text that is kept, from the one that was typed
    variable: str | None = None  # of the environment, which wins over the setting
    default: str | None = None
    of_account: str | None = None  # the field of the account that a setting is left to


@dataclass(frozen=True)
class Value:
    text: str | None  # None: the account was not asked
    source: str  # the variable, `config`, `account` or `default`


def read_mode(text: str) -> str:
    if text.lower() not in MODES:
        raise MobyError("usage", f"{text!r} is not a call mode", "Use callback or computer.")
    return text.lower()


def _read_country(text: str) -> str:
    if text.upper() not in COUNTRY_CODES.split():
        hint = "Use its two letters, such as GB."
        raise MobyError("usage", f"{text!r} is not a country's code", hint)
    return text.upper()


SETTINGS: Mapping[str, Setting] = {
    "call-mode": Setting(
        "How calls are made while no agent runs: callback or computer.",
        read_mode,
        of_account="call_mode",
    ),
    "country": Setting(
        "The country that numbers without + are read in.",
        _read_country,
        of_account="default_country",
    ),
    "confirm-above": Setting(
        "Dollars a minute above which a call is asked about.",
        lambda text: f"{Decimal(read_cents(text, 'an amount of dollars')) / 100:.2f}",
        variable="MOBY_CONFIRM_ABOVE",
        default="0.50",
    ),
}


def read_setting_name(text: str) -> str:
    """Return the name of a setting as it is kept; call_mode and Call Mode are call-mode."""
    name = re.sub(r"[\s_]+", "-", text.strip().lower())
    if name not in SETTINGS:
        hint = f"Settings: {', '.join(SETTINGS)}"
        raise MobyError("usage", f"{text!r} is not a setting", hint)
    return name


def value_of(name: str, *, config: Config, profile: str, environ: Mapping[str, str]) -> Value:
    """Return what a setting is, by the environment, the configuration, or its default.

    The value of a setting that is left to the account is None.
    """
    setting = SETTINGS[name]
    if setting.variable and (text := environ.get(setting.variable)):
        return Value(text, setting.variable)
    stored_text = config.profile(profile).get("settings", {}).get(name)
    if stored_text is not None:
        return Value(stored_text, "config")
    return Value(setting.default, "account" if setting.of_account else "default")
