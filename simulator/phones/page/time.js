// Platform time as people in Shanghai read it.

const ZONE = "Asia/Shanghai";
const parts = new Intl.DateTimeFormat("zh-CN", {
  timeZone: ZONE,
  year: "numeric",
  month: "numeric",
  day: "numeric",
  weekday: "short",
  hour: "2-digit",
  minute: "2-digit",
  hourCycle: "h23",
});

let ahead = 0;

/** Remember how far the platform's clock is from this machine's. */
export function setNow(iso) {
  ahead = Date.parse(iso) - Date.now();
}

export const platformNow = () => new Date(Date.now() + ahead);

function read(moment) {
  return Object.fromEntries(parts.formatToParts(moment).map(({ type, value }) => [type, value]));
}

/** “14:05” today, “11月3日 14:05” on another day, with the year in another year. */
export function shortTime(moment) {
  const [there, now] = [read(moment), read(platformNow())];
  const clock = `${there.hour}:${there.minute}`;
  if (there.year !== now.year) return `${there.year}年${there.month}月${there.day}日 ${clock}`;
  if (there.month !== now.month || there.day !== now.day) return `${there.month}月${there.day}日 ${clock}`;
  return clock;
}

export function longTime(moment) {
  const at = read(moment);
  return `${at.year}年${at.month}月${at.day}日 ${at.weekday} ${at.hour}:${at.minute}`;
}

export function dayOf(moment) {
  const at = read(moment);
  return `${at.month}月${at.day}日`;
}

/** “2 天 3 小时”; parts that are nothing are left out. */
export function span(seconds) {
  const minutes = Math.round(Math.abs(seconds) / 60);
  const named = [
    [Math.floor(minutes / 1440), "天"],
    [Math.floor((minutes % 1440) / 60), "小时"],
    [minutes % 60, "分钟"],
  ];
  return (
    named
      .filter(([count]) => count)
      .map(([count, unit]) => `${count} ${unit}`)
      .join(" ") || "不到 1 分钟"
  );
}
