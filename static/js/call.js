// The page of a call that lasts: fetches its changing part at the pace that the server names.
(() => {
  "use strict";

  const live = document.getElementById("call-live");
  let version = live.dataset.version;

  const look = async () => {
    let seconds = 5;
    try {
      const answer = await fetch(`${live.dataset.url}?after=${version}`, { credentials: "same-origin" });
      if (answer.status === 200) {
        live.innerHTML = await answer.text();
        version = answer.headers.get("X-Version");
        seconds = Number(answer.headers.get("X-Poll-After-Seconds"));
      } else if (answer.status === 304) {
        seconds = Number(live.dataset.pollAfterSeconds);
      } else {
        return;
      }
    } catch {
      seconds = 5; // the network is away: the call goes on without this page
    }
    live.dataset.pollAfterSeconds = seconds;
    if (seconds < 60) setTimeout(look, seconds * 1000);
  };

  setTimeout(look, Number(live.dataset.pollAfterSeconds) * 1000);
})();
