from moby.commands.auth.status import StatusCommand as AuthStatusCommand


class StatusCommand(AuthStatusCommand):
    name = "status"
    description = "The older name of auth status"
    hidden = True

    def handle(self) -> int:
        self.console.note("Note: moby status is now moby auth status; the old name keeps working.")
        return super().handle()
