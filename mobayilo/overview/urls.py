"""The addresses of the pages that need several apps."""

from django.urls import path

from mobayilo.overview import house, views

app_name = "overview"

urlpatterns = [
    path("", views.landing, name="landing"),
    path("balance", views.balance, name="balance"),
    path("contact", house.contact, name="contact"),
    path("terms", house.legal, {"name": "terms"}, name="terms"),
    path("terms/accept", house.terms_accept, name="terms-accept"),
    path("privacy", house.legal, {"name": "privacy"}, name="privacy"),
    path("refunds", house.legal, {"name": "refunds"}, name="refunds"),
    path(".well-known/security.txt", house.security_txt, name="security-txt"),
    path(".well-known/change-password", house.change_password, name="change-password"),
    path("robots.txt", house.robots_txt, name="robots-txt"),
    path("favicon.ico", house.favicon, name="favicon"),
    path("apple-touch-icon.png", house.touch_icon, name="touch-icon"),
    path("faq", views.faq, name="faq"),
    path("help", views.help_page, name="help"),
    path("home", views.home, name="home"),
    path("rates", views.rates, name="rates"),
]
