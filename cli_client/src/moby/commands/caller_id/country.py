from cleo.helpers import argument

from moby.api.answers import DefaultCountry, Status
from moby.cli.command import Command
from moby.text import clean


class CountryCommand(Command):
    name = "caller-id country"
    description = "Show or change the country that your numbers are read in"
    arguments = [
        argument("country", "A code (GB) or a name, to change it.", optional=True, multiple=True)
    ]

    def handle(self) -> int:
        wanted = " ".join(self.argument("country")).strip()
        iso = self._change(wanted) if wanted else self._current()
        if self.console.json:
            self.console.document({"default_country": iso})
        elif iso is None:
            self.console.write("No country yet. Set it with: moby caller-id country GB")
        else:
            self.console.write(f"A number without + is read as one in {clean(iso)}.")
        return 0

    def _change(self, country: str) -> str:
        body = {"country": country}
        return self.api.post("caller-ids/country", DefaultCountry, body)["default_country"]

    def _current(self) -> str | None:
        return self.api.get("status", Status)["account"].get("default_country")
