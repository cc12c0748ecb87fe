"""The pages of this room, and the addresses that Twilio calls."""

from django.urls import URLPattern, path

from telephony import webhooks

app_name = "telephony"

urlpatterns: list[URLPattern] = [
    path("webhooks/twilio/call/<str:call_id>/child", webhooks.call_child, name="webhook-child"),
    path("webhooks/twilio/call/<str:call_id>/dial", webhooks.call_dial, name="webhook-dial"),
    path("webhooks/twilio/call/<str:call_id>/status", webhooks.call_status, name="webhook-status"),
    path("webhooks/twilio/call/<str:call_id>/twiml", webhooks.call_twiml, name="webhook-twiml"),
]
