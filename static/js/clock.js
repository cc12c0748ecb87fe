// The clock and the cost of a call that goes on. The server sends the seconds so far and the price of
// each leg; the same arithmetic as in telephony/pricing.py counts on from there until the next news.
(() => {
  "use strict";

  const begun = new WeakMap(); // when a clock came onto the page: the server's seconds are of then

  const costMicros = (price, seconds) => {
    const [perMinute, first, next] = price.split(" ").map(Number);
    if (seconds <= 0) return 0;
    const billed = first + Math.ceil(Math.max(0, seconds - first) / next) * next;
    return Math.ceil((perMinute * billed) / 60);
  };

  const duration = (seconds) => {
    const two = (part) => String(part).padStart(2, "0");
    const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
    const rest = two(seconds % 60);
    return hours ? `${hours}:${two(minutes)}:${rest}` : `${minutes}:${rest}`;
  };

  // Exact dollars with two to six decimals, as the server writes them.
  const money = (micros) => {
    const [whole, decimals] = (micros / 1_000_000).toFixed(6).split(".");
    return `$${Number(whole).toLocaleString("en")}.${decimals.replace(/0{1,4}$/, "")}`;
  };

  const say = (element, text) => {
    if (element.textContent !== text) element.textContent = text;
  };

  const tick = () => {
    for (const clock of document.querySelectorAll("[data-clock]")) {
      if (!begun.has(clock)) begun.set(clock, performance.now());
      const passed = Math.floor((performance.now() - begun.get(clock)) / 1000);
      const { ownSeconds, talkSeconds, ownPrice, talkPrice, mostMicros } = clock.dataset;
      const talk = Number(talkSeconds) + passed;
      const cost = costMicros(ownPrice, Number(ownSeconds) + passed) + costMicros(talkPrice, talk);
      say(clock.querySelector("[data-clock-time]"), duration(talk));
      say(clock.querySelector("[data-clock-cost]"), money(Math.min(cost, Number(mostMicros))));
    }
  };

  setInterval(tick, 250);
})();
