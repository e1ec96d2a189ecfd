/** Whole minutes from a moment until now. */
export function minutesSince(at: string, now: number): number {
  return Math.max(0, Math.floor((now - new Date(at).getTime()) / 60_000));
}
