const whole = new Intl.NumberFormat('en');
const precise = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 });
const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const;

export function formatCount(value: number): string {
  return whole.format(Math.round(value));
}

/** As `1 entry`, `2 entries`: what a lag is counted in. */
export function formatEntries(entries: number): string {
  return `${formatCount(entries)} ${entries === 1 ? 'entry' : 'entries'}`;
}

/** Three digits are what a person reads of a rate or a time. */
export function formatNumber(value: number): string {
  return Math.abs(value) >= 1_000 ? formatCount(value) : precise.format(value);
}

export function formatMs(ms: number): string {
  if (ms >= 60_000) return formatDuration(ms);
  return ms >= 1_000 ? `${precise.format(ms / 1_000)} s` : `${precise.format(ms)} ms`;
}

export function formatBytes(bytes: number): string {
  const power = Math.min(UNITS.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, bytes)) / 3)));
  return `${precise.format(bytes / 1_000 ** power)} ${UNITS[power]}`;
}

export function formatShare(share: number): string {
  return `${precise.format(share * 100)} %`;
}

/** As `3 d 4 h`: the two largest units. */
export function formatDuration(ms: number): string {
  const seconds = Math.floor(ms / 1_000);
  const [d, h, m, s] = [
    Math.floor(seconds / 86_400),
    Math.floor(seconds / 3_600) % 24,
    Math.floor(seconds / 60) % 60,
    seconds % 60,
  ];
  if (d > 0) return `${d} d ${h} h`;
  if (h > 0) return `${h} h ${m} min`;
  return m > 0 ? `${m} min ${s} s` : `${s} s`;
}

export function formatTime(iso: string): string {
  return new Date(iso).toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
}
