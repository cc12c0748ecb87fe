"""The addresses of the pages that need several apps."""

from django.urls import path

from mobayilo.overview import company, views

app_name = "overview"

urlpatterns = [
    path("", views.landing, name="landing"),
    path("balance", views.balance, name="balance"),
    path("contact", company.contact, name="contact"),
    path("terms", company.legal, {"name": "terms"}, name="terms"),
    path("terms/accept", company.terms_accept, name="terms-accept"),
    path("privacy", company.legal, {"name": "privacy"}, name="privacy"),
    path("refunds", company.legal, {"name": "refunds"}, name="refunds"),
    path(".well-known/security.txt", company.security_txt, name="security-txt"),
    path(".well-known/change-password", company.change_password, name="change-password"),
    path("robots.txt", company.robots_txt, name="robots-txt"),
    path("favicon.ico", company.favicon, name="favicon"),
    path("apple-touch-icon.png", company.touch_icon, name="touch-icon"),
    path("faq", views.faq, name="faq"),
    path("help", views.help_page, name="help"),
    path("home", views.home, name="home"),
    path("rates", views.rates, name="rates"),
]
