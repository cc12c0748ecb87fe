"""The pages about calls and phones, and the addresses of the webhooks of Twilio."""

from django.urls import URLPattern, path

from telephony import views, webhooks

app_name = "telephony"

urlpatterns: list[URLPattern] = [
    path("caller-ids", views.caller_ids, name="caller-ids"),
    path("caller-ids/confirm", views.caller_id_confirm, name="caller-id-confirm"),
    path("caller-ids/country", views.default_country, name="default-country"),
    path("caller-ids/question", views.key_question, name="key-question"),
    path("caller-ids/call-mode", views.call_mode, name="call-mode"),
    path("caller-ids/shown", views.shown_number, name="shown-number"),
    path(
        "caller-ids/<str:public_id>/register", views.caller_id_register, name="caller-id-register"
    ),
    path(
        "caller-ids/<str:public_id>/unregister",
        views.caller_id_unregister,
        name="caller-id-unregister",
    ),
    path("caller-ids/<str:public_id>/default", views.caller_id_default, name="caller-id-default"),
    path("caller-ids/<str:public_id>/remove", views.caller_id_remove, name="caller-id-remove"),
    path("call", views.dial, name="dial"),
    path("call/offers", views.dial_offers, name="dial-offers"),
    path("calls", views.calls, name="calls"),
    path("calls.csv", views.calls_csv, name="calls-csv"),
    path("calls/<str:public_id>", views.call, name="call"),
    path("calls/<str:public_id>/hangup", views.call_hangup, name="call-hangup"),
    path("calls/<str:public_id>/voice-token", views.voice_token, name="voice-token"),
    path("calls/<str:public_id>/state", views.call_state, name="call-state"),
    path("numbers/check", views.number_check, name="number-check"),
    path("webhooks/twilio/call/<str:call_id>/child", webhooks.call_child, name="webhook-child"),
    path("webhooks/twilio/call/<str:call_id>/dial", webhooks.call_dial, name="webhook-dial"),
    path("webhooks/twilio/call/<str:call_id>/key", webhooks.call_key, name="webhook-key"),
    path("webhooks/twilio/call/<str:call_id>/status", webhooks.call_status, name="webhook-status"),
    path("webhooks/twilio/call/<str:call_id>/twiml", webhooks.call_twiml, name="webhook-twiml"),
    path("webhooks/twilio/client", webhooks.client_twiml, name="webhook-client"),
    path("webhooks/twilio/client/status", webhooks.client_status, name="webhook-client-status"),
    path("webhooks/twilio/inbound", webhooks.inbound, name="webhook-inbound"),
    path("webhooks/twilio/trial", webhooks.trial, name="webhook-trial"),
    path(
        "webhooks/twilio/registration/<str:registration_id>",
        webhooks.registration_status,
        name="webhook-registration",
    ),
]
