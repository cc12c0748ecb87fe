"""The addresses of the pages that need several apps."""

from django.urls import path

from mobayilo.overview import views

app_name = "overview"

urlpatterns = [
    path("", views.landing, name="landing"),
    path("balance", views.balance, name="balance"),
    path("contact", views.contact, name="contact"),
    path("faq", views.faq, name="faq"),
    path("help", views.help_page, name="help"),
    path("home", views.home, name="home"),
    path("rates", views.rates, name="rates"),
]
