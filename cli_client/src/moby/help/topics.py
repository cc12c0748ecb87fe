"""The pages of moby help that belong to no single command."""

from moby.exit_codes import MEANINGS

_EXIT_CODES = "\n".join(f"  {code.value:<3}  {meaning}" for code, meaning in MEANINGS.items())

TOPICS: dict[str, str] = {
    "exit-codes": f"""What moby ends with:

{_EXIT_CODES}
""",
    "environment": """Variables that moby reads:

  MOBY_HOST           the server (https://mobayilo.com)
  MOBY_TOKEN          a token, before any stored one
  MOBY_TOKEN_FILE     a file that holds a token, after MOBY_TOKEN
  MOBY_PROFILE        the profile, where you have several sign-ins (default)
  MOBY_CONFIG_DIR     where moby keeps its files (~/.config/moby)
  MOBY_KEYRING        off: never use the system's keyring
  MOBY_CONFIRM_ABOVE  dollars a minute above which a call is asked about (0.50)
  NO_COLOR            no colours
  BROWSER             the browser to open
  HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY
                      never used for a server on this machine
  REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE, SSL_CERT_FILE

A token is taken from the first of: --token, MOBY_TOKEN, MOBY_TOKEN_FILE, the
keyring, the file of the profile. moby auth status names the one in use.
""",
    "json": """With --json, stdout is exactly one JSON document. On failure stdout is empty and
stderr ends with one object:

  {"error": {"code", "message", "hint", "request_id", "retryable"}}

"details" is added where the server gives some, such as the candidates of an
ambiguous number. moby auth status --json always prints its document, and
its exit code tells the state. Money is a decimal string in US dollars.
""",
    "options": """Options of every command, before or after its name:

  --json              print one JSON document instead of text
  --host HOST         the server to use
  --token TOKEN       a token for this command; other users may see it
  --profile PROFILE   the profile to use, where you have several sign-ins
  -q, --quiet         print only errors, and what --json and --csv give
  -v, --verbose       show requests; -vvv shows bodies; secrets never
  -n, --no-interaction  never ask
  --ansi, --no-ansi   force or forbid colours
  -h, --help          help for the command
  -V, --version       the version of moby
""",
}
