import { useRef, useState, type ReactElement } from 'react';
import { key } from '../api/key.ts';
import { useObservable } from '../ui/observable.ts';
import { Problem } from '../ui/problem.tsx';
import { useAsked } from '../ui/use-asked.ts';
import { curlOf } from './curl.ts';
import { Hits } from './hits.tsx';
import { readForm, type Form, type Problems, type Query } from './query.ts';
import { runSearch, type Found } from './run-search.ts';
import { SearchForm } from './search-form.tsx';
import { CurlCommand, Timing } from './timing.tsx';

const EMPTY: Form = { collection: '', by: 'id', vector: '', id: '', k: '10', filter: '', consistency: '' };

/** Asked for, not taken from the stream: a key for some collections may list those, and see no more of the cluster. */
type CollectionList = {
  readonly collections: readonly { readonly name: string; readonly config: { readonly dimension: number } }[];
};
const ASK_MS = 5_000;

type Asked = { readonly query: Query; readonly found?: Found; readonly error?: unknown };

/** Searches by hand; what it asks can be taken along as a command. */
export function SearchConsole({ subject }: { readonly subject: string }): ReactElement {
  const { body } = useAsked<CollectionList>('/api/v1/collections', ASK_MS);
  const collections = body?.collections ?? [];
  const [form, setForm] = useState<Form>({ ...EMPTY, collection: subject });
  const [problems, setProblems] = useState<Problems>({});
  const [asked, setAsked] = useState<Asked>();
  const running = useRef<AbortController>(undefined);
  // Chosen without asking where there is no choice.
  const chosen =
    form.collection === '' && collections.length === 1 ? { ...form, collection: collections[0]?.name ?? '' } : form;
  const dimension = collections.find(({ name }) => name === chosen.collection)?.config.dimension;

  const search = async (typed: Form): Promise<void> => {
    const { query, problems: found } = readForm(typed, dimension);
    setForm(typed);
    setProblems(found);
    if (query === undefined) return;
    running.current?.abort();
    const mine = new AbortController();
    running.current = mine;
    setAsked({ query });
    const outcome = await runSearch(query, mine.signal).then(
      (answer) => ({ query, found: answer }),
      (error: unknown) => ({ query, error }),
    );
    if (!mine.signal.aborted) setAsked(outcome);
  };

  return (
    <div className="console">
      <SearchForm
        form={chosen}
        collections={collections.map(({ name }) => name)}
        problems={problems}
        onChange={setForm}
        onSubmit={() => void search(chosen)}
      />
      <div className="answer">
        <p role="status" className="note">
          {statusOf(asked)}
        </p>
        {asked?.error !== undefined && <Problem error={asked.error} />}
        {asked?.found !== undefined && (
          <Hits found={asked.found} onLike={(id) => void search({ ...chosen, by: 'id', id })} />
        )}
        {asked?.found !== undefined && <Timing found={asked.found} />}
        {asked !== undefined && <Command query={asked.query} />}
      </div>
    </div>
  );
}

function Command({ query }: { readonly query: Query }): ReactElement {
  const text = curlOf(query, { origin: location.origin, hasKey: useObservable(key) !== '' });
  return <CurlCommand key={text} text={text} />;
}

function statusOf(asked: Asked | undefined): string {
  if (asked === undefined) return 'The nearest points stand here once you have searched.';
  if (asked.found !== undefined) return `${asked.found.hits.length} ${asked.found.hits.length === 1 ? 'hit' : 'hits'}.`;
  return asked.error === undefined ? 'Searching …' : '';
}
