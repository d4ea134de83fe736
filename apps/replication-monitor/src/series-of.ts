import { gauge } from '@vectorizer/telemetry';

/** A gauge with one series for each of what there is now; what is no longer shown has none. */
export class SeriesOf<Label extends string> {
  readonly #label: Label;
  readonly #gauge: ReturnType<typeof gauge<Label>>;
  #shown: ReadonlyMap<string, number> = new Map();

  constructor(label: Label, options: { readonly name: string; readonly help: string }) {
    this.#label = label;
    this.#gauge = gauge<Label>({ ...options, labelNames: [label] });
  }

  show(values: ReadonlyMap<string, number>): void {
    for (const gone of this.#shown.keys()) if (!values.has(gone)) this.#gauge.remove(this.#labels(gone));
    for (const [value, number] of values) this.#gauge.set(this.#labels(value), number);
    this.#shown = values;
  }

  #labels(value: string): Record<Label, string> {
    return { [this.#label]: value } as Record<Label, string>;
  }
}
