const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
const SPANS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60]
];

/** `en` for `en_US` or `default`, as Lab's language codes are not always the browser's. */
function locale(): string | undefined {
  return document.documentElement.lang || undefined;
}

export function count(value: number): string {
  return value.toLocaleString(locale());
}

export function bytes(value: number): string {
  const step = value < 1000 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(value) / 3));
  const digits = step === 0 ? 0 : 1;
  return `${(value / 1000 ** step).toLocaleString(locale(), { maximumFractionDigits: digits })} ${UNITS[step]}`;
}

/** "3 minutes ago" for microseconds UTC. */
export function ago(micros: number, now = Date.now()): string {
  const seconds = Math.round((micros / 1000 - now) / 1000);
  const [unit, size] = SPANS.find(([, span]) => Math.abs(seconds) >= span) ?? ['second', 1];
  const format = new Intl.RelativeTimeFormat(locale(), { numeric: 'auto' });
  return format.format(Math.trunc(seconds / size), unit);
}

/** Date and time in full, for microseconds UTC. */
export function moment(micros: number): string {
  return new Date(micros / 1000).toLocaleString(locale());
}

/** "1:05" minutes and seconds, or "2:00:00" with hours. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const shown = parts[0] ? parts : parts.slice(1);
  return shown.map((part, index) => (index ? String(part).padStart(2, '0') : String(part))).join(':');
}

/** The first 12 digits of a commit's id. */
export function short(commit: string): string {
  return commit.slice(0, 12);
}

/** A reference as people read it: commits by their first digits. */
export function refName(ref: string): string {
  return /^[0-9a-f]{64}$/.test(ref) ? short(ref) : ref;
}
