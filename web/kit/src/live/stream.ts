import { ref, watch } from "vue";
import { language } from "../words/language";
import { onDoor } from "../api/client";
import { offline } from "../offline";
import { ticket } from "../session/ticket";
import { Parser, type LiveEvent } from "./parse";

/** The server says something at least this often (its heartbeat is shorter); silence means that the line is dead. */
const LONGEST_SILENCE_MS = 45_000;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;

/** A line about which nothing was heard for so long is not trusted once the page is looked at again. */
const DOUBTED_MS = 20_000;
/** The server writes nothing down for whoever didn't look for two minutes; much earlier the lists are read anew. */
const HIDDEN_MS = 60_000;
/** Without a stream lists are read anew so often, and people are told after this. */
const POLL_MS = 30_000;
const LOST_MS = 10_000;
const RESET: LiveEvent = { id: null, event: "reset", data: null };

type Listener = (event: LiveEvent) => void;

const listeners = new Set<Listener>();
let last: string | null = null;
let life: AbortController | null = null;
let line: AbortController | null = null;
let heard = 0;
let hidden = 0;
let wake = () => {};

/** Whether the stream stands. */
export const live = ref(false);
/** Whether it has been down for so long that people should know. */
export const lost = ref(false);

/** Hear every event from now on; gives what ends it. */
export function listen(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Keep a stream open as long as somebody is logged in. Call it once, when the application starts. */
export function stayLive(): void {
  watch(ticket, restart, { immediate: true });
  window.addEventListener("online", () => wake());
  document.addEventListener("visibilitychange", () => (document.hidden ? (hidden = Date.now()) : lookedAtAgain()));
  watch([live, ticket], tellLost, { immediate: true });
  setInterval(() => document.hidden || offline.value || live.value || !ticket.value || tell(RESET), POLL_MS);
}

/** A phone that slept has a line that looks whole and is dead. */
function lookedAtAgain(): void {
  if (Date.now() - heard > DOUBTED_MS) line?.abort();
  wake();
  if (ticket.value && hidden && Date.now() - hidden > HIDDEN_MS) tell(RESET);
}

let losing = 0;
function tellLost(): void {
  clearTimeout(losing);
  lost.value = false;
  if (ticket.value && !live.value) losing = window.setTimeout(() => (lost.value = true), LOST_MS);
}

function restart(token: string | null): void {
  life?.abort();
  last = null;
  life = token ? new AbortController() : null;
  if (token && life) void keepOpen(token, life.signal);
}

async function keepOpen(token: string, ended: AbortSignal): Promise<void> {
  let pause = FIRST_PAUSE_MS;
  while (!ended.aborted) {
    const parser = new Parser();
    const wasLive = await follow(token, parser, ended).catch(() => false);
    live.value = false;
    pause = wasLive ? (parser.retry ?? FIRST_PAUSE_MS) : Math.min(pause * 2, LONGEST_PAUSE_MS);
    if (!ended.aborted) await rest(pause * (0.5 + Math.random() / 2));
  }
}

/** A pause that ends early when the network comes back or the page is looked at again. */
function rest(ms: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    wake = () => {
      clearTimeout(timer);
      resolve();
    };
  });
}

/** Read one connection to its end; whether it stood at all. */
async function follow(token: string, parser: Parser, ended: AbortSignal): Promise<boolean> {
  const mine = (line = new AbortController());
  const drop = () => mine.abort();
  ended.addEventListener("abort", drop);
  let timer = setTimeout(drop, LONGEST_SILENCE_MS);
  const headers = { Authorization: `Bearer ${token}`, "Accept-Language": language.value };
  try {
    const response = await fetch("/staff/v1/live", {
      headers: last === null ? headers : { ...headers, "Last-Event-ID": last },
      signal: mine.signal,
      cache: "no-store",
    });
    if (response.status === 401 && token === ticket.value) onDoor.ended();
    if (!response.ok || !response.body) return false;
    live.value = true;
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
      clearTimeout(timer);
      timer = setTimeout(drop, LONGEST_SILENCE_MS);
      heard = Date.now();
      parser.take(piece.value).forEach(tell);
    }
    return true;
  } catch (error) {
    if (live.value) return true;
    throw error;
  } finally {
    clearTimeout(timer);
    ended.removeEventListener("abort", drop);
  }
}

function tell(event: LiveEvent): void {
  if (event.id !== null) last = event.id;
  if (event.event === "sessions_ended" && event.id === null) onDoor.ended();
  for (const listener of listeners) listener(event);
}
