import { ref } from "vue";

const TICK_MS = 30_000;
/** A header tells whole seconds and comes a little late: less than this is no difference. */
const UNTOLD_MS = 2_000;

const ahead = ref(0);
const ticks = ref(0);

/** The server's time: a phone's own may be an hour off. */
export function serverNow(): number {
  return Date.now() + ahead.value;
}

/** The server's time for what is drawn, which is drawn anew as it goes by: every half minute, and when it is looked at. */
export function tickingNow(): number {
  void ticks.value;
  return serverNow();
}

/** An answer of the server says what time it is there. */
export function hearDate(date: string | null): void {
  const told = Date.parse(date ?? "") + 500 - Date.now();
  if (Number.isNaN(told)) return;
  const difference = Math.abs(told) < UNTOLD_MS ? 0 : told;
  if (Math.abs(difference - ahead.value) >= UNTOLD_MS) ahead.value = difference;
}

export function keepTicking(): void {
  const tick = () => document.hidden || ticks.value++;
  setInterval(tick, TICK_MS);
  document.addEventListener("visibilitychange", tick);
}
