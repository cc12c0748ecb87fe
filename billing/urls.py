"""The pages about money, and the webhook of Stripe."""

from django.urls import path

from billing import views
from billing.payments import webhooks

app_name = "billing"

urlpatterns = [
    path("statement", views.statement, name="statement"),
    path("statement.csv", views.statement_csv, name="statement-csv"),
    path("statement.json", views.statement_json, name="statement-json"),
    path("statement/<int:year>-<int:month>", views.statement_month, name="statement-month"),
    path("topup", views.topup, name="topup"),
    path("topup/<str:topup_id>", views.topup_return, name="topup-return"),
    path("topup/<str:topup_id>/cancel", views.topup_cancel, name="topup-cancel"),
    path("topup/<str:topup_id>/receipt", views.topup_receipt, name="topup-receipt"),
    path("topup/<str:topup_id>/refund", views.topup_refund, name="topup-refund"),
    path("webhooks/stripe", webhooks.stripe, name="stripe-webhook"),
]
