// What changes while somebody looks. An element with data-live-url is followed: its address is asked
// at the pace that the server names, and every part with the same data-live name is put in its place.
(() => {
  "use strict";

  const LONGEST_SECONDS = 60;

  // A part that says the same stays, and with it the focus and a form that is being filled in.
  const replaceParts = (html) => {
    const fresh = new DOMParser().parseFromString(html, "text/html");
    for (const part of fresh.querySelectorAll("[data-live]")) {
      for (const shown of document.querySelectorAll(`[data-live="${part.dataset.live}"]`)) {
        if (shown.textContent === part.textContent) continue;
        const hadFocus = shown.contains(document.activeElement);
        shown.innerHTML = part.innerHTML;
        shown.hidden = part.hidden;
        if (hadFocus) document.getElementById("content").focus();
      }
    }
  };

  const follow = (box) => {
    let seconds = Number(box.dataset.pollAfterSeconds);
    let version = box.dataset.version;
    let failures = 0;
    let isDue = false;

    const ask = () => {
      const address = new URL(box.dataset.liveUrl, location.href);
      if (version) address.searchParams.set("after", version);
      return fetch(address, { credentials: "same-origin", redirect: "manual" });
    };

    // Seconds until the next look; 0 ends it.
    const take = async (answer) => {
      // Signed out, or over: where the page itself hangs on that, it shows what is so now. Not while it
      // talks: that would end the call.
      const isElsewhere = answer.type === "opaqueredirect";
      const isTalking = document.querySelector("[data-talk-controls]:not([hidden])") !== null;
      for (const words of document.querySelectorAll("[data-live-signed-out]")) {
        words.hidden = !(isElsewhere && isTalking);
      }
      if (isElsewhere) {
        if (!("liveReload" in box.dataset)) return 0;
        if (isTalking) return seconds;
        location.reload();
        return 0;
      }
      if (answer.ok) {
        replaceParts(await answer.text());
        version = answer.headers.get("X-Version");
        seconds = Number(answer.headers.get("X-Poll-After-Seconds"));
        failures = 0;
        return seconds < LONGEST_SECONDS ? seconds : 0;
      }
      if (answer.status === 304) return seconds;
      const asked = Number(answer.headers.get("Retry-After")) || 0;
      return Math.max(asked, later());
    };

    const later = () => {
      failures += 1;
      return Math.min(LONGEST_SECONDS, Math.max(1, seconds) * 2 ** failures);
    };

    const look = async () => {
      isDue = document.hidden;
      if (isDue) return; // nobody looks: the next look is when somebody does
      const pause = await ask().then(take).catch(later); // the network may be away for a while
      if (pause > 0) setTimeout(look, pause * 1000);
    };

    document.addEventListener("visibilitychange", () => isDue && look());
    setTimeout(look, seconds * 1000);
  };

  document.querySelectorAll("[data-live-url]").forEach(follow);
})();
