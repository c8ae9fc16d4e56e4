// Moments in the viewer's own zone: Slack's date tokens, times beside messages, day dividers. "Now" is always given
// (it is the workbench's movable clock), never taken from this machine.

const DAY = 86400;

const show = (seconds, options) => new Intl.DateTimeFormat(undefined, options).format(new Date(seconds * 1000));

const dayNumber = (seconds) => {
  const date = new Date(seconds * 1000);
  return Math.floor((seconds - date.getTimezoneOffset() * 60) / DAY);
};

const clock = (seconds) => show(seconds, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

const short = (seconds) => show(seconds, { day: "numeric", month: "short", year: "numeric" });
const long = (seconds) => show(seconds, { weekday: "long", day: "numeric", month: "long", year: "numeric" });
const plain = (seconds) => show(seconds, { day: "numeric", month: "long", year: "numeric" });

function pretty(seconds, now, otherwise) {
  const apart = dayNumber(seconds) - dayNumber(now);
  return { "-1": "yesterday", 0: "today", 1: "tomorrow" }[apart] ?? otherwise(seconds);
}

function ago(seconds, now) {
  const apart = Math.round(now - seconds);
  const size = Math.abs(apart);
  const [count, unit] = size < 60 ? [size, "second"] : size < 3600 ? [Math.round(size / 60), "minute"]
    : size < DAY ? [Math.round(size / 3600), "hour"] : [Math.round(size / DAY), "day"];
  const words = `${count} ${unit}${count === 1 ? "" : "s"}`;
  return apart >= 0 ? `${words} ago` : `in ${words}`;
}

const TOKENS = {
  date_num: (at) => show(at, { year: "numeric", month: "2-digit", day: "2-digit" }),
  date_slash: (at) => show(at, { year: "numeric", month: "2-digit", day: "2-digit" }),
  date: plain,
  date_long: long,
  date_short: short,
  date_pretty: (at, now) => pretty(at, now, plain),
  date_long_pretty: (at, now) => pretty(at, now, long),
  date_short_pretty: (at, now) => pretty(at, now, short),
  time: clock,
  time_secs: (at) => show(at, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" }),
  ago,
};

export function slackDate(seconds, format, now) {
  return format.replace(/\{([a-z_]+)\}/g, (whole, token) => (TOKENS[token] ? TOKENS[token](seconds, now) : whole));
}

export const shortTime = clock;
export const fullTime = (seconds) => `${long(seconds)}, ${TOKENS.time_secs(seconds)}`;
export const dayName = (seconds, now) => {
  const words = pretty(seconds, now, long);
  return words.charAt(0).toUpperCase() + words.slice(1);
};
export const sameDay = (a, b) => dayNumber(a) === dayNumber(b);
export const zoneName = () => Intl.DateTimeFormat().resolvedOptions().timeZone;

// A moment as a field of type datetime-local takes it: 2026-11-23T14:05, in the viewer's own zone.
export function localMinute(seconds) {
  const date = new Date(seconds * 1000);
  const two = (number) => String(number).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}T${two(date.getHours())}:${two(date.getMinutes())}`;
}

export function lasting(seconds) {
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  const parts = [hours && `${hours} h`, (minutes % 60 || !hours) && `${minutes % 60} min`];
  return parts.filter(Boolean).join(" ");
}
