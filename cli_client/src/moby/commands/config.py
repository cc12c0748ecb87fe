"""moby config: settings of a profile that are kept on this machine."""

from typing import cast

from cleo.helpers import argument

from moby.api.answers import Status
from moby.cli.command import Command
from moby.errors import MobyError
from moby.store.settings import RESET, SETTINGS, Value, read_setting_name
from moby.text import clean

_NAMES = ", ".join(SETTINGS)


class ConfigCommand(Command):
    def of_account(self, *names: str) -> dict[str, Value]:
        """Return the settings of these names as the account has them."""
        account = cast("dict[str, str]", self.api.get("status", Status)["account"])
        return {
            name: Value(account.get(SETTINGS[name].of_account or ""), "account") for name in names
        }


class ConfigGetCommand(ConfigCommand):
    name = "config get"
    description = "Show a setting"
    arguments = [argument("name", f"One of {_NAMES}.")]

    def handle(self) -> int:
        name = read_setting_name(self.word("name"))
        value = self.session.setting(name)
        if value.source == "account":
            value = self.of_account(name)[name]
        return self.answer(_document(name, value), clean(value.text or "-"))


class ConfigSetCommand(Command):
    name = "config set"
    description = "Change a setting of this profile"
    arguments = [
        argument("name", f"One of {_NAMES}."),
        argument("value", f"The new value; {RESET} takes the setting away."),
    ]

    def handle(self) -> int:
        name, text = read_setting_name(self.word("name")), self.word("value")
        new_value = None if text.lower() == RESET else SETTINGS[name].read(text)
        self.session.config.keep_setting(self.session.profile, name, new_value)
        value = self.session.setting(name)
        if value.source == SETTINGS[name].variable:
            self.console.remark(f"Note: {value.source} is set, and wins.")
        value_in_words = clean(value.text) if value.text else "left to your account"
        return self.answer(_document(name, value), f"{name} is {value_in_words}.")


class ConfigListCommand(ConfigCommand):
    name = "config list"
    description = "Show every setting, and where its value comes from"

    def handle(self) -> int:
        values = {name: self.session.setting(name) for name in SETTINGS}
        left = [name for name, value in values.items() if value.source == "account"]
        try:
            values |= self.of_account(*left) if left else {}
        except MobyError as error:
            self.console.remark(f"Your account's settings are not known: {error.message}")
        if self.console.json:
            settings = [_document(name, value) for name, value in values.items()]
            self.console.document({"profile": self.session.profile, "settings": settings})
            return 0
        rows = [
            (name, clean(value.text or "-"), value.source, SETTINGS[name].description)
            for name, value in values.items()
        ]
        self.console.table(("Setting", "Value", "From", "Meaning"), rows)
        return 0


def _document(name: str, value: Value) -> dict[str, str | None]:
    return {"name": name, "value": value.text, "source": value.source}
