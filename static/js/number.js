// Says under a number, while it is being typed, how it will be read and what it costs. A form with
// data-check-url names the field in data-check-field; the words go into its part with data-check.
(() => {
  "use strict";

  const PAUSE_MS = 400;

  const watch = (form) => {
    const field = form.elements[form.dataset.checkField];
    const { country, from } = form.elements; // where the number is read, and where the caller's phone is
    const words = form.querySelector("[data-check]");
    let timer = 0;
    let asked = new AbortController();

    const ask = async () => {
      const address = new URL(form.dataset.checkUrl, location.href);
      address.searchParams.set("number", field.value);
      if (from) address.searchParams.set("from", from.value);
      if (country) address.searchParams.set("country", country.value);
      const answer = await fetch(address, { credentials: "same-origin", signal: asked.signal });
      if (answer.ok) words.textContent = await answer.text();
    };

    // What was asked for an older text must not come after the newer answer.
    const changed = () => {
      clearTimeout(timer);
      asked.abort();
      asked = new AbortController();
      words.textContent = "";
      timer = setTimeout(() => ask().catch(() => {}), PAUSE_MS); // the form itself tells what is wrong
    };

    field.addEventListener("input", changed);
    for (const choice of [country, from]) choice?.addEventListener("change", changed);
  };

  document.querySelectorAll("[data-check-url]").forEach(watch);
})();
