"""How Django itself writes a day and a time, as in the admin: like the rest of the site."""

DATE_FORMAT = "j M Y"
TIME_FORMAT = "H:i"
DATETIME_FORMAT = "j M Y, H:i"
