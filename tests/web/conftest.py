"""A real browser."""

from collections.abc import Iterator

import pytest
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import generate_totp_secret
from playwright.sync_api import Browser, Playwright
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from dev.microphone import CHROMIUM
from tests.web.watched import Watched

# Chromium takes the last list only, so Playwright's own is repeated here.
PLAYWRIGHTS = (
    "AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose", "HttpsUpgrades",
    "HttpsFirstBalancedModeAutoEnable", "MediaRouter", "PaintHolding",
    "ThirdPartyStoragePartitioning",
    "AvoidCorsURLLoaderRestartOnRedirect", "OptimizationHints", "NetworkTimeServiceQuerying",
    "AimEnabled", "PreconnectToSearch",
)  # fmt: skip
# Pages in the window's own frame that no test looks at, and renderers kept ready for other sites.
OF_THE_WINDOW = (
    "WebUIOmniboxPopup", "WebUIOmniboxAimPopup", "WebUIOmniboxFullPopup", "WebUIReloadButton",
    "InitialWebUI", "PreloadTopChromeWebUI", "SpareRendererForSitePerProcess", "MultipleSpareRPHs",
)  # fmt: skip
ARGUMENTS = [
    "--no-sandbox",
    # Keeps every request on this machine, whatever a page asks for.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
    f"--disable-features={','.join(PLAYWRIGHTS + OF_THE_WINDOW)}",
    "--disable-site-isolation-trials",
    "--animation-duration-scale=0",
    "--kiosk",
]


@pytest.fixture(scope="session")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
    yield browser
    browser.close()


@pytest.fixture
def watched(chromium: Browser, live_server: LiveServer) -> Iterator[Watched]:
    watched = Watched(chromium, live_server.url)
    yield watched
    watched.context.close()


@pytest.fixture
def seed(alice: User) -> str:
    """The secret in alice's authenticator app."""
    seed = str(generate_totp_secret())
    data = {"secret": get_adapter().encrypt(seed)}
    Authenticator.objects.create(user=alice, type=Authenticator.Type.TOTP, data=data)
    return seed
