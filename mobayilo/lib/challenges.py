"""The `WWW-Authenticate` challenge of RFC 6750 section 3."""

REALM = 'Bearer realm="mobayilo"'
