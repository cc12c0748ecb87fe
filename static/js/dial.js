// The page that calls: the offers follow the number while it is typed, and the microphone is asked for
// before a call from the computer is placed, so that a refusal holds no money.
(() => {
  "use strict";

  const PAUSE_MS = 400;
  const form = document.querySelector("[data-offers-url]");
  const offers = document.querySelector("[data-offers]");
  const status = document.querySelector("[data-offers-status]");
  let timer = 0;
  let asked = new AbortController();

  const show = (html) => {
    offers.innerHTML = html;
    status.textContent = offers.querySelector("[data-offers-reading]")?.textContent.trim() ?? "";
    markWhatIsMissing();
  };

  const ask = async () => {
    const address = new URL(form.dataset.offersUrl, location.href);
    address.search = new URLSearchParams(new FormData(form));
    const answer = await fetch(address, { credentials: "same-origin", signal: asked.signal, redirect: "manual" });
    if (answer.ok) show(await answer.text());
  };

  // Offers of an older number must not come after newer ones, nor be pressed meanwhile.
  const changed = () => {
    clearTimeout(timer);
    asked.abort();
    asked = new AbortController();
    show("");
    timer = setTimeout(() => ask().catch(() => {}), PAUSE_MS); // the button of the form asks again
  };

  const canTalk = () => Boolean(navigator.mediaDevices?.getUserMedia && window.RTCPeerConnection);

  const markWhatIsMissing = () => {
    const talk = offers.querySelector("[data-talk]");
    if (!talk || canTalk()) return;
    talk.querySelector("button").disabled = true;
    talk.querySelector("[data-talk-unsupported]").hidden = false;
  };

  const talk = async (form) => {
    const button = form.querySelector("button");
    const refused = form.querySelector("[data-talk-refused]");
    button.disabled = true;
    refused.hidden = true;
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
      stream.getTracks().forEach((track) => track.stop());
      form.submit();
    } catch {
      button.disabled = false;
      refused.hidden = false;
    }
  };

  form.addEventListener("input", changed);
  offers.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-talk]")) return;
    event.preventDefault();
    talk(event.target);
  });
  // A page that comes back from the browser's memory has offers of a call that was placed.
  window.addEventListener("pageshow", (event) => event.persisted && changed());
  markWhatIsMissing();
})();
