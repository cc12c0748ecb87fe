// For pages whose providers are played by the sandbox, and loaded there before the Voice SDK: the SDK insists on TLS,
// which the sandbox does not have. Opens the sandbox's signalling without it, and leaves every other address alone.
(() => {
  "use strict";
  const secure = `wss://${document.currentScript.dataset.signal}/signal`;
  window.WebSocket = class extends WebSocket {
    constructor(url, ...rest) {
      super(String(url).startsWith(secure) ? String(url).replace("wss:", "ws:") : url, ...rest);
    }
  };
})();
