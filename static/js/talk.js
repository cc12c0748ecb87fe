// The computer's side of a call, by Twilio's Voice SDK. The page names nothing but the call; its number,
// its limit and its price are the server's. The clock and the cost come with the state of the call.
(() => {
  "use strict";

  const box = document.querySelector("[data-talk]");
  const part = (name) => box.querySelector(`[data-talk-${name}]`);
  const { callId, tokenUrl, sandboxHost, silence } = box.dataset;
  const SOUNDS = [
    "disconnect", "incoming", "outgoing", "dtmfh", "dtmfs", ...Array.from({ length: 10 }, (_, key) => `dtmf${key}`),
  ];
  const SILENT_WARNING = "constant-audio-input-level";
  // How the gateway ends a call that nobody picks up: https://github.com/twilio/twilio-voice.js/issues/140
  const GATEWAY_HANGUP = 31005;
  const CAN_START_AFTER = ["ready", "refused", "elsewhere", "failed"];
  const REFRESH_BEFORE_MS = 120_000;
  const REFRESH_AGAIN_MS = 10_000;
  let device = null;
  let call = null;
  let giveUpLock = () => {};

  const say = (name) => {
    for (const words of box.querySelectorAll("[data-talk-say]")) words.hidden = words.dataset.talkSay !== name;
    part("start").hidden = !CAN_START_AFTER.includes(name);
  };

  const warn = (name, is) => {
    box.querySelector(`[data-talk-warning="${name === SILENT_WARNING ? "silence" : "network"}"]`).hidden = !is;
  };

  const token = async () => {
    const { value } = document.querySelector("[name=csrfmiddlewaretoken]");
    const answer = await fetch(tokenUrl, { method: "POST", headers: { "X-CSRFToken": value }, redirect: "error" });
    if (answer.status === 409) throw new RangeError("the call waits no more");
    if (!answer.ok) throw new Error(`no token: ${answer.status}`);
    return (await answer.json()).token;
  };

  // The network may be away when a token is due, so there is time to ask again.
  const refresh = async () => {
    if (!device) return;
    try {
      const fresh = await token();
      device?.updateToken(fresh);
    } catch {
      setTimeout(refresh, REFRESH_AGAIN_MS);
    }
  };

  // One tab of a browser talks at a time; the lock ends with the tab, however that ends. A browser that has
  // no locks, or gives none, talks without: the server lets one client of a call talk.
  const takeLock = () =>
    new Promise((resolve) => {
      const hold = (lock) => {
        resolve(lock !== null);
        return lock && new Promise((release) => (giveUpLock = release));
      };
      if (!navigator.locks) return resolve(true);
      navigator.locks.request("mobayilo-call", { ifAvailable: true }, hold).catch(() => resolve(true));
    });

  const askFirst = (event) => event.preventDefault();

  const letGo = (words) => {
    const over = device;
    [device, call] = [null, null]; // first, since the device reports its own end too
    over?.destroy();
    window.removeEventListener("beforeunload", askFirst);
    giveUpLock();
    part("controls").hidden = true;
    ["network", SILENT_WARNING].forEach((name) => warn(name, false));
    say(words);
  };

  const ended = (words) => device && letGo(words);

  // The lists of devices, as they are plugged in and out.
  const offerDevices = () => {
    const lists = [
      [part("microphone"), device.audio.availableInputDevices],
      [part("speaker"), device.audio.availableOutputDevices],
    ];
    for (const [list, devices] of lists) {
      const chosen = list.value;
      const choices = [...devices.values()].map((one) => new Option(one.label || one.deviceId, one.deviceId));
      list.replaceChildren(...choices);
      list.value = devices.has(chosen) ? chosen : "default"; // which not every browser lists: then none is chosen
    }
    part("speakers").hidden = !device.audio.isOutputSelectionSupported;
  };

  const follow = () => {
    let [hasTalked, hasFailed] = [false, false];
    call.on("ringing", () => say("ringing"));
    call.on("accept", () => say("talking"));
    call.on("accept", () => (hasTalked = true));
    call.on("error", ({ code }) => (hasFailed = code !== GATEWAY_HANGUP));
    call.on("reconnecting", () => say("reconnecting"));
    call.on("reconnected", () => say("talking"));
    call.on("warning", (name) => warn(name, true));
    call.on("warning-cleared", (name) => warn(name, false));
    call.on("volume", (level) => (part("level").value = level));
    // The error that ends a call may come just after the end.
    const end = () => queueMicrotask(() => ended(hasFailed && !hasTalked ? "failed" : "ended"));
    for (const name of ["disconnect", "cancel", "reject"]) call.on(name, end);
    call.on("mute", (is) => part("mute").setAttribute("aria-pressed", String(is)));
  };

  const connect = async () => {
    const sounds = Object.fromEntries(SOUNDS.map((name) => [name, new URL(silence, location.href).href]));
    const options = { sounds, publishEvents: false, logLevel: "silent", tokenRefreshMs: REFRESH_BEFORE_MS };
    if (sandboxHost) options.chunderw = sandboxHost;
    device = new Twilio.Device(await token(), options);
    device.on("tokenWillExpire", refresh);
    // A call that rings or goes on ends by its own event, or comes back.
    device.on("error", () => ["ringing", "open", "reconnecting"].includes(call?.status()) || ended("failed"));
    device.audio.on("deviceChange", offerDevices);
    call = await device.connect({ params: { call_id: callId } });
    follow();
    window.addEventListener("beforeunload", askFirst);
    offerDevices();
    part("controls").hidden = false;
  };

  const start = async () => {
    box.focus({ preventScroll: true }); // before its button goes, and the focus with it
    part("start").hidden = true;
    if (!navigator.mediaDevices?.getUserMedia || !window.RTCPeerConnection) return say("unsupported");
    if (!(await takeLock())) return say("elsewhere");
    say("microphone");
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
      stream.getTracks().forEach((track) => track.stop());
    } catch {
      return letGo("refused");
    }
    say("connecting");
    try {
      await connect();
    } catch (problem) {
      letGo(problem instanceof RangeError ? "too-late" : "failed");
    }
  };

  const press = (key) => {
    if (call?.status() === "open") call.sendDigits(key);
  };

  part("start").addEventListener("click", start);
  part("mute").addEventListener("click", () => call?.mute(!call.isMuted()));
  // A device that cannot be used is not shown as the one in use.
  const choose = (list, use) =>
    list.addEventListener("change", () => use(list.value)?.catch(() => (list.selectedIndex = -1)));
  choose(part("microphone"), (id) => device?.audio.setInputDevice(id));
  choose(part("speaker"), (id) => device?.audio.speakerDevices.set(id));
  box.addEventListener("click", (event) => {
    const key = event.target.closest("[data-talk-key]");
    if (key) press(key.dataset.talkKey);
  });
  // Keys count while the focus is in this part of the page, as it is from the start of a call.
  box.addEventListener("keydown", (event) => {
    if (event.repeat || event.ctrlKey || event.altKey || event.metaKey || event.target.matches("select")) return;
    if (/^[0-9*#]$/.test(event.key)) press(event.key);
    if (event.key.toLowerCase() === "m") part("mute").click();
  });
  // The server hangs up too: where the connection to the carrier is lost, the page alone reaches nobody.
  document.addEventListener("submit", (event) => {
    if (event.target.action.endsWith("/hangup")) ended("ended");
  });

  // The page that placed the call starts it; a reload, or another tab, asks first.
  if (location.hash === "#talk") {
    history.replaceState(null, "", location.pathname);
    start();
  } else {
    say("ready");
  }
})();
