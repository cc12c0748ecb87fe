"""The names of the people that `make run` seeds."""

CUSTOMER = "customer@example.com"
SUPPORT = "support@example.com"
