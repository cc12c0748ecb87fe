// Every page: tells the server the customer's time zone, and lets commands be copied.
(() => {
  "use strict";

  // The clock's distance from UTC is known at once, so a tab asks for the name of its zone once, and
  // again when that distance has changed.
  let tab = {};
  try {
    tab = sessionStorage;
  } catch {
    // The browser keeps nothing: each page asks.
  }
  const minutesFromUtc = String(new Date().getTimezoneOffset());
  if (tab.minutesFromUtc !== minutesFromUtc || !document.cookie.includes("timezone=")) {
    const { zoneScript } = document.currentScript.dataset;
    new Worker(zoneScript).addEventListener("message", ({ data: zone }) => {
      const secure = location.protocol === "https:" ? "; Secure" : "";
      if (zone) document.cookie = `timezone=${zone}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
      tab.minutesFromUtc = minutesFromUtc;
    });
  }

  const announcer = document.createElement("p");
  announcer.className = "hidden-visually";
  announcer.setAttribute("role", "status");
  document.body.append(announcer);

  const words = new Map(); // what each button says when nothing was just copied
  const timers = new Map();

  const say = (button, text) => {
    button.querySelector("span").textContent = text || words.get(button);
    button.classList.toggle("is-said", Boolean(text));
    announcer.textContent = text;
  };

  const copy = async (button) => {
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
      say(button, button.dataset.copied);
    } catch {
      // Refused: the text is selected, so that the keyboard can copy it.
      getSelection().selectAllChildren(button.parentElement.querySelector("code"));
      say(button, button.dataset.refused);
    }
    clearTimeout(timers.get(button));
    timers.set(button, setTimeout(say, 2000, button, ""));
  };

  // A question before what cannot be taken back opens where it stands, and closes by Esc.
  const close = (question) => {
    question.classList.remove("is-open");
    document.getElementById(question.id.replace("ask-", "asked-")).focus();
  };

  document.addEventListener("click", (event) => {
    const asking = event.target.closest("[data-ask]");
    const question = asking
      ? document.querySelector(asking.hash)
      : event.target.closest("[data-keep]") && event.target.closest(".question");
    if (!question || question.matches(":target")) return; // opened by the address, and closed by it
    event.preventDefault();
    if (!asking) return close(question);
    question.classList.add("is-open");
    question.focus({ preventScroll: true });
    question.scrollIntoView({ block: "nearest" });
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of document.querySelectorAll(".phone-more[open]")) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
    document.querySelectorAll(".question.is-open").forEach(close);
  });

  // The clipboard exists in secure contexts only; without it the button stays hidden.
  if (navigator.clipboard) {
    for (const button of document.querySelectorAll("[data-copy]")) {
      words.set(button, button.querySelector("span").textContent);
      button.hidden = false;
      button.addEventListener("click", () => copy(button));
    }
  }
})();
