import { useId, type FormEvent, type ReactElement, type ReactNode } from 'react';
import type { Form, Problems } from './query.ts';
import { anyPoint } from './run-search.ts';

type SearchFormProps = {
  readonly form: Form;
  readonly collections: readonly string[];
  readonly problems: Problems;
  readonly onChange: (form: Form) => void;
  readonly onSubmit: () => void;
};

export function SearchForm({ form, collections, problems, onChange, onSubmit }: SearchFormProps): ReactElement {
  const change = (part: Partial<Form>): void => onChange({ ...form, ...part });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    onSubmit();
  };
  // One that a link names may be dropped, or not be told of yet.
  const names =
    form.collection === '' || collections.includes(form.collection) ? collections : [form.collection, ...collections];
  return (
    <form className="panel" onSubmit={submit} noValidate aria-label="Search">
      <Field label="Collection" problem={problems.collection}>
        {(props) => (
          <select {...props} value={form.collection} onChange={(event) => change({ collection: event.target.value })}>
            <option value="">Choose …</option>
            {names.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        )}
      </Field>
      <LikeFields form={form} problems={problems} change={change} />
      <Field label="Filter" hint="JSON; empty for none" problem={problems.filter}>
        {(props) => (
          <textarea
            {...props}
            rows={3}
            spellCheck={false}
            placeholder='{ "must": [{ "key": "year", "range": { "gte": 1960 } }] }'
            value={form.filter}
            onChange={(event) => change({ filter: event.target.value })}
          />
        )}
      </Field>
      <div className="row">
        <Field label="Hits" problem={problems.k}>
          {(props) => (
            <input
              {...props}
              inputMode="numeric"
              value={form.k}
              onChange={(event) => change({ k: event.target.value })}
            />
          )}
        </Field>
        <Field label="Consistency">
          {(props) => (
            <select
              {...props}
              value={form.consistency}
              onChange={(event) => change({ consistency: event.target.value as Form['consistency'] })}
            >
              <option value="">as usual</option>
              <option value="eventual">eventual</option>
              <option value="session">session</option>
              <option value="strong">strong</option>
            </select>
          )}
        </Field>
      </div>
      <div className="actions">
        <button type="submit" className="primary">
          Search
        </button>
      </div>
    </form>
  );
}

type LikeFieldsProps = {
  readonly form: Form;
  readonly problems: Problems;
  readonly change: (part: Partial<Form>) => void;
};

/** Near what: the vector of a point, or one that is given. */
function LikeFields({ form, problems, change }: LikeFieldsProps): ReactElement {
  const take = async (): Promise<void> => change({ id: (await anyPoint(form.collection)) ?? '' });
  return (
    <>
      <fieldset className="switch">
        <legend>Nearest to</legend>
        {(['id', 'vector'] as const).map((by) => (
          <label key={by}>
            <input type="radio" name="by" checked={form.by === by} onChange={() => change({ by })} />
            <span>{by === 'id' ? 'a point' : 'a vector'}</span>
          </label>
        ))}
      </fieldset>
      {form.by === 'id' ? (
        <Field label="Point id" problem={problems.id}>
          {(props) => (
            <span className="joined">
              <input
                {...props}
                spellCheck={false}
                value={form.id}
                onChange={(event) => change({ id: event.target.value })}
              />
              {/* What keeps it from finding one, the search will say. */}
              <button
                type="button"
                disabled={form.collection === ''}
                onClick={() => void take().catch(() => change({ id: '' }))}
              >
                Take any
              </button>
            </span>
          )}
        </Field>
      ) : (
        <Field label="Vector" hint="numbers, by commas or spaces" problem={problems.vector}>
          {(props) => (
            <textarea
              {...props}
              rows={4}
              spellCheck={false}
              value={form.vector}
              onChange={(event) => change({ vector: event.target.value })}
            />
          )}
        </Field>
      )}
    </>
  );
}

type FieldProps = {
  readonly label: string;
  readonly hint?: string;
  readonly problem?: string | undefined;
  readonly children: (props: { id: string; 'aria-describedby'?: string; 'aria-invalid'?: boolean }) => ReactNode;
};

/** A label, its control, and what is wrong with it, tied together for those who hear the page. */
function Field({ label, hint, problem, children }: FieldProps): ReactElement {
  const id = useId();
  const about = `${id}-about`;
  return (
    <div className="field">
      <label htmlFor={id}>
        {label} {hint !== undefined && <span className="hint">{hint}</span>}
      </label>
      {children(problem === undefined ? { id } : { id, 'aria-describedby': about, 'aria-invalid': true })}
      {problem !== undefined && (
        <p id={about} className="field-problem">
          {problem}
        </p>
      )}
    </div>
  );
}
