import { ref } from "vue";

const KEPT_AS = "guanxi.ticket";

/**
 * The session's token, kept on this device so that a page that was closed opens again without a log-in. Scripts of
 * others, which could read it, don't run here: the pages' Content-Security-Policy sees to that.
 */
export const ticket = ref(localStorage.getItem(KEPT_AS));

/** Keep a new token, or forget the one there is. */
export function keepTicket(token: string | null): void {
  ticket.value = token;
  if (token) localStorage.setItem(KEPT_AS, token);
  else localStorage.removeItem(KEPT_AS);
}

// Logged out or in on another page of ours: so it is here.
window.addEventListener("storage", ({ key, newValue }) => {
  if (key === KEPT_AS) ticket.value = newValue;
});
