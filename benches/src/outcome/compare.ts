import { digits, type Result } from './result.ts';

/** The figures of two runs side by side: what it was, what it is, and is ÷ was. */
export function compare(now: readonly Result[], before: readonly Result[]): readonly string[] {
  const earlier = new Map(before.map((result) => [result.name, result]));
  return [
    row(['figure', 'before', 'now', 'unit', 'ratio']),
    ...now.flatMap(({ name, value, unit }) => {
      const was = earlier.get(name)?.value;
      if (was === undefined) return [];
      return [row([name, digits(was), digits(value), unit, was === 0 ? '' : (value / was).toFixed(3)])];
    }),
  ];
}

function row([figure, before, now, unit, ratio]: readonly [string, string, string, string, string]): string {
  return `${figure.padEnd(38)}${before.padStart(10)}${now.padStart(10)} ${unit.padEnd(9)}${ratio.padStart(7)}`;
}
