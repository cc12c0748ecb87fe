"""moby help: of a command, or of everything."""

from cleo.commands.help_command import HelpCommand as CleoHelpCommand


class HelpCommand(CleoHelpCommand):
    description = "Show how a command is used"
