// Passkeys: what allauth's script leaves to the page. Why the browser gave no key is said beside the
// button, and a form is never sent before there is one.
(() => {
  "use strict";

  const refusal = document.querySelector("[data-no-key]");
  document.addEventListener("allauth.error", (event) => {
    event.preventDefault(); // else it goes to the console, where nobody looks
    const isKnown = event.detail.exception.name === "InvalidStateError";
    refusal.textContent = isKnown ? refusal.dataset.knownKey : refusal.dataset.noKey;
    refusal.hidden = false;
  });

  // The button asks for the key and sends the form itself; Enter in a field presses the button.
  const form = document.querySelector("[name=credential]").form;
  form.addEventListener("submit", (event) => event.preventDefault());
})();
