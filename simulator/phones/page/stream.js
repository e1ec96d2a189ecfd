// Live events of the phones on view; the browser reconnects, and every connection begins with the phones as they are.

import { address } from "./api.js";

// The server says something at least every 10 s.
const SILENCE_MS = 25_000;
const AGAIN_MS = 2_000;

/** Listen until closed. `on` has phones, bubble, ring, follow, push, clock, changed (their content) and link("live" | "lost"). */
export function listen(appId, fanIds, on) {
  const query = new URLSearchParams([["app_id", appId], ...fanIds.map((id) => ["fan_id", id])]);
  let source = null;
  let timer = 0;
  let closed = false;

  const reopenAfter = (milliseconds) => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      on.link("lost");
      open();
    }, milliseconds);
  };

  function open() {
    source?.close();
    if (closed) return;
    source = new EventSource(address(`stream?${query}`));
    for (const name of ["phones", "bubble", "ring", "follow", "push", "clock", "changed"]) {
      source.addEventListener(name, (event) => {
        reopenAfter(SILENCE_MS);
        if (name === "phones") on.link("live");
        on[name](JSON.parse(event.data));
      });
    }
    source.onerror = () => {
      on.link("lost");
      // After an HTTP error the browser gives up by itself.
      reopenAfter(source.readyState === EventSource.CLOSED ? AGAIN_MS : SILENCE_MS);
    };
  }

  open();
  return () => {
    closed = true;
    clearTimeout(timer);
    source?.close();
  };
}
