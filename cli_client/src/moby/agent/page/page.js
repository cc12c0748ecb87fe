// The sound of calls from a terminal, by Twilio's Voice SDK. The agent gives this page the id and the voice token of
// one call at a time, by answers to requests that wait; the page reports what becomes of the call and of its microphone.
(() => {
  "use strict";

  const part = (name) => document.querySelector(`[data-${name}]`);
  const SECRET = "moby-page";
  const SOUNDS = [
    "disconnect", "incoming", "outgoing", "dtmfh", "dtmfs", ...Array.from({ length: 10 }, (_, key) => `dtmf${key}`),
  ];
  // How the gateway ends a call that nobody picks up: https://github.com/twilio/twilio-voice.js/issues/140
  const GATEWAY_HANGUP = 31005;
  const REFRESH_BEFORE_MS = 120_000;
  const AGENT_PATIENCE_MS = 5_000;
  const RETRY_MS = 500;
  const ENTER_TRIES = 40;
  let secret = "";
  let sending = Promise.resolve();
  let device = null;
  let call = null;
  let callId = null;
  let keysToSend = "";

  // Where the sandbox plays Twilio there is no TLS, on which the SDK insists. Every other address is left alone.
  let plainGateway = "";
  const Socket = window.WebSocket;
  window.WebSocket = class extends Socket {
    constructor(url, ...rest) {
      const isPlain = plainGateway && String(url).startsWith(`wss://${plainGateway}/`);
      super(isPlain ? String(url).replace("wss:", "ws:") : url, ...rest);
    }
  };

  const post = async (path, body) => {
    const headers = { "Content-Type": "application/json", Authorization: `Bearer ${secret}` };
    const answer = await fetch(path, { method: "POST", headers, body: JSON.stringify(body), redirect: "error" });
    if (!answer.ok) throw Object.assign(new Error(`HTTP ${answer.status}`), { status: answer.status });
    return answer.json();
  };

  // One after the other, so that the last is the latest; one that does not arrive is sent again.
  const report = (news) => {
    const send = () => post("/v1/page/news", news);
    sending = sending.then(send).catch(() => pause(RETRY_MS).then(send)).catch(() => {});
    return sending;
  };
  const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

  const say = (name) => {
    for (const words of document.querySelectorAll("[data-say]")) words.hidden = words.dataset.say !== name;
  };

  const line = (state, more = {}) => {
    say(state);
    report({ call_id: callId, state, ...more });
  };

  const showMuted = () => {
    const isMuted = Boolean(call?.isMuted());
    part("mute").setAttribute("aria-pressed", String(isMuted));
    part("mute").textContent = isMuted ? "Muted" : "Mute";
  };

  const letGo = (state, more = {}) => {
    if (callId === null) return;
    line(state, more);
    const over = device;
    [device, call, callId] = [null, null, null]; // first, since the device reports its own end too
    over?.destroy();
    part("call").hidden = true;
    document.title = "moby";
  };

  const follow = (mine, id) => {
    let [hasTalked, hasFailed] = [false, false];
    const ifMine = (act) => (...args) => id === callId && act(...args);
    mine.on("ringing", ifMine(() => line("ringing")));
    mine.on("accept", ifMine(() => {
      hasTalked = true;
      line("talking");
    }));
    mine.on("error", ({ code }) => (hasFailed = code !== GATEWAY_HANGUP));
    mine.on("reconnecting", ifMine(() => line("reconnecting")));
    mine.on("reconnected", ifMine(() => {
      line("talking");
      if (keysToSend) mine.sendDigits(keysToSend);
      keysToSend = "";
    }));
    mine.on("mute", ifMine((isMuted) => {
      showMuted();
      report({ call_id: id, is_muted: isMuted });
    }));
    // The error that ends a call may come just after the end.
    const end = () => queueMicrotask(ifMine(() => letGo(hasFailed && !hasTalked ? "failed" : "ended")));
    for (const name of ["disconnect", "cancel", "reject"]) mine.on(name, end);
  };

  const begin = async ({ call_id: id, to, token, gateway }) => {
    letGo("ended");
    [callId, keysToSend] = [id, ""];
    part("number").textContent = to;
    part("call").hidden = false;
    document.title = `${to} · moby`;
    line("starting");
    const sounds = Object.fromEntries(SOUNDS.map((name) => [name, new URL("/silence.wav", location.href).href]));
    const options = { sounds, publishEvents: false, logLevel: "silent", tokenRefreshMs: REFRESH_BEFORE_MS };
    const { protocol, host } = new URL(gateway);
    plainGateway = protocol === "ws:" ? host : "";
    if (plainGateway) options.chunderw = host;
    try {
      device = new Twilio.Device(token, options);
      device.on("tokenWillExpire", () => report({ call_id: id, wants_token: true }));
      // A call that rings or goes on ends by its own event, or comes back.
      device.on("error", () => ["ringing", "open", "reconnecting"].includes(call?.status()) || letGo("failed"));
      const mine = await device.connect({ params: { call_id: id } });
      if (id !== callId) return mine.disconnect(); // hung up meanwhile
      call = mine;
      follow(call, id);
      showMuted();
    } catch {
      letGo("failed");
    }
  };

  const hangUp = (more = {}) => {
    call?.disconnect();
    letGo("ended", more);
  };
  // Keys that are pressed while the connection is lost are sent when it is back.
  const press = (keys) => {
    if (call?.status() === "open") call.sendDigits(keys);
    if (call?.status() === "reconnecting") keysToSend += keys;
  };

  const carryOut = (order) => {
    if (order.kind === "call") return begin(order);
    if (order.call_id !== callId) return null;
    if (order.kind === "keys") press(order.keys);
    if (order.kind === "mute") call?.mute(order.is_muted);
    if (order.kind === "token") device?.updateToken(order.token);
    if (order.kind === "hangup") hangUp();
    return null;
  };

  // The agent may have ended, or stand still for a while as a program in a terminal may: then the request only waits.
  const listen = async () => {
    let [after, lostAt] = [0, null];
    for (;;) {
      try {
        const { orders } = await post("/v1/page/orders", { after });
        lostAt = null;
        for (const order of orders) {
          after = order.number;
          carryOut(order);
        }
      } catch (problem) {
        if (problem.status) return over("elsewhere");
        lostAt ??= Date.now();
        if (Date.now() - lostAt > AGENT_PATIENCE_MS) return over("gone");
        await pause(RETRY_MS);
      }
    }
  };

  const over = (words) => {
    call?.disconnect();
    letGo("ended");
    say(words);
    sessionStorage.removeItem(SECRET);
  };

  const askForMicrophone = async () => {
    say("microphone");
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
      stream.getTracks().forEach((track) => track.stop());
      say("ready");
      await report({ microphone: "granted" });
    } catch (problem) {
      const isMissing = problem.name === "NotFoundError";
      say(isMissing ? "missing" : "refused");
      await report({ microphone: isMissing ? "missing" : "refused" });
    }
  };

  const open = async () => {
    if (!navigator.mediaDevices?.getUserMedia || !window.RTCPeerConnection) return say("unsupported");
    const code = location.hash.slice(1) || sessionStorage.getItem(SECRET) || "";
    history.replaceState(null, "", location.pathname);
    for (let tries = ENTER_TRIES; !secret; tries -= 1) {
      try {
        secret = (await post("/v1/page", { code })).secret;
      } catch (problem) {
        if (problem.status !== 409) return say("stranger");
        if (tries === 0) return say("elsewhere");
        await pause(RETRY_MS); // the page before may have ended without a word
      }
    }
    sessionStorage.setItem(SECRET, secret);
    navigator.locks?.request(SECRET, () => new Promise(() => {})); // who holds a lock is not put to sleep
    listen();
    await askForMicrophone();
    navigator.mediaDevices.addEventListener("devicechange", () => callId === null && askForMicrophone());
    return null;
  };

  part("mute").addEventListener("click", () => call?.mute(!call.isMuted()));
  part("hang-up").addEventListener("click", () => hangUp({ is_hung_up: true }));
  part("reload").addEventListener("click", () => location.reload());
  document.addEventListener("click", (event) => {
    const key = event.target.closest("[data-key]");
    if (key) press(key.dataset.key);
  });
  document.addEventListener("keydown", (event) => {
    if (event.repeat || event.ctrlKey || event.altKey || event.metaKey) return;
    if (/^[0-9*#]$/.test(event.key)) press(event.key);
    if (event.key.toLowerCase() === "m") call?.mute(!call.isMuted());
  });
  window.addEventListener("beforeunload", (event) => callId !== null && event.preventDefault());
  window.addEventListener("load", open);
})();
