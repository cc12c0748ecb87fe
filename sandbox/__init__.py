"""A local Twilio, Stripe and mailbox: one process, its own memory, loopback only."""
