// Numbers and times in words for people.

const units = ["B", "KB", "MB", "GB", "TB"];

/** 1536 → "1.5 KB" */
export function size(bytes) {
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** 3723000 → "1:02:03", the way players write it */
export function clock(milliseconds) {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const parts = [Math.floor(seconds / 60) % 60, seconds % 60].map((part) => String(part).padStart(2, "0"));
  const hours = Math.floor(seconds / 3600);
  return hours > 0 ? `${hours}:${parts.join(":")}` : `${Number(parts[0])}:${parts[1]}`;
}

/** 3723000 → "1 h 2 min" */
export function duration(milliseconds) {
  const seconds = Math.round(milliseconds / 1000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
  return `${Math.floor(seconds / 86400)} d ${Math.floor((seconds % 86400) / 3600)} h`;
}

const today = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const thisYear = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
const whole = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

/** A moment as short as it is still clear: "14:05" today, else with its day. */
export function moment(time, now = new Date()) {
  const date = new Date(time);
  if (date.toDateString() === now.toDateString()) return `Today ${today.format(date)}`;
  return date.getFullYear() === now.getFullYear() ? thisYear.format(date) : whole.format(date);
}

export function wholeMoment(time) {
  return whole.format(new Date(time));
}

/** 1, "click" → "1 click" */
export function count(number, noun) {
  return `${number.toLocaleString()} ${noun}${number === 1 ? "" : "s"}`;
}

/** An URL without what every URL has. */
export function shortURL(url) {
  return url.replace(/^https?:\/\//, "").replace(/\/$/, "");
}
