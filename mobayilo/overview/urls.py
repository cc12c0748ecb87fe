"""The addresses of the pages that need several apps."""

from django.urls import path

from mobayilo.overview import views

app_name = "overview"

urlpatterns = [
    path("", views.landing, name="landing"),
    path("balance", views.balance, name="balance"),
    path("contact", views.contact, name="contact"),
    path("terms", views.legal, {"name": "terms"}, name="terms"),
    path("terms/accept", views.terms_accept, name="terms-accept"),
    path("privacy", views.legal, {"name": "privacy"}, name="privacy"),
    path("refunds", views.legal, {"name": "refunds"}, name="refunds"),
    path(".well-known/security.txt", views.security_txt, name="security-txt"),
    path(".well-known/change-password", views.change_password, name="change-password"),
    path("robots.txt", views.robots_txt, name="robots-txt"),
    path("favicon.ico", views.favicon, name="favicon"),
    path("apple-touch-icon.png", views.touch_icon, name="touch-icon"),
    path("faq", views.faq, name="faq"),
    path("help", views.help_page, name="help"),
    path("home", views.home, name="home"),
    path("rates", views.rates, name="rates"),
]
