"""The pages that join the rooms."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from mobayilo.lib.ratelimits import limited


@limited("page-read")
def landing(request: HttpRequest) -> HttpResponse:
    """What a visitor sees first; who is signed in goes home."""
    if request.user.is_authenticated:
        return redirect("overview:home")
    return render(request, "overview/landing.html")


@limited("page-read")
@login_required
def home(request: HttpRequest) -> HttpResponse:
    return render(request, "overview/home.html")
