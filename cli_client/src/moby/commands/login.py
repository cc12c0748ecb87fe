from moby.commands.auth.login import LoginCommand as AuthLoginCommand


class LoginCommand(AuthLoginCommand):
    name = "login"
    description = "The older name of auth login"
    hidden = True

    def handle(self) -> int:
        self.console.note("Note: moby login is now moby auth login; the old name keeps working.")
        return super().handle()
