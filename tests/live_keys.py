"""Keys of Stripe's live mode, joined from parts so that the repository holds none."""


def live_key(name: str = "0", *, kind: str = "rk") -> str:
    return f"{kind}_live_{name}"
