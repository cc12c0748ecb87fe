"""The pages of this room, and Stripe's way in."""

from django.urls import path

from billing import views, webhooks

app_name = "billing"

urlpatterns = [
    path("topup", views.topup, name="topup"),
    path("topup/<str:topup_id>", views.topup_return, name="topup-return"),
    path("topup/<str:topup_id>/cancel", views.topup_cancel, name="topup-cancel"),
    path("webhooks/stripe", webhooks.stripe, name="stripe-webhook"),
]
