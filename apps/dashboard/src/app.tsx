import { useEffect, useRef, type ReactElement } from 'react';
import { key } from './api/key.ts';
import { Logs } from './logs/logs.tsx';
import { Overview } from './overview/overview.tsx';
import { SearchConsole } from './search/search-console.tsx';
import { SlowQueries } from './slow/slow-queries.tsx';
import { KeyDialog } from './ui/key-dialog.tsx';
import { useObservable } from './ui/observable.ts';
import { useRoute, type View } from './ui/route.ts';
import { TopBar } from './ui/top-bar.tsx';

const TITLES: Readonly<Record<View, string>> = {
  overview: 'Overview',
  search: 'Search',
  'slow-queries': 'Slow queries',
  logs: 'Logs',
};
const VIEWS: Readonly<Record<View, (of: { readonly subject: string }) => ReactElement>> = {
  overview: Overview,
  search: SearchConsole,
  'slow-queries': SlowQueries,
  logs: Logs,
};

export function App(): ReactElement {
  const route = useRoute();
  const chosen = useObservable(key);
  const Shown = VIEWS[route.view];
  return (
    <>
      <a className="skip" href="#main" onClick={focusMain}>
        Skip to the content
      </a>
      <TopBar view={route.view} />
      <main id="main" tabIndex={-1}>
        <Title view={route.view} />
        {/* What one key has shown is not for the next. */}
        <Shown key={`${chosen} ${route.subject}`} subject={route.subject} />
      </main>
      <KeyDialog />
    </>
  );
}

/** Focused when the view changes, so that a screen reader hears where it is now. */
function Title({ view }: { readonly view: View }): ReactElement {
  const heading = useRef<HTMLHeadingElement>(null);
  const shown = useRef(view);
  useEffect(() => {
    document.title = `${TITLES[view]} · Vectorizer`;
    if (shown.current !== view) heading.current?.focus();
    shown.current = view;
  }, [view]);
  return (
    <h1 ref={heading} tabIndex={-1}>
      {TITLES[view]}
    </h1>
  );
}

/** The part after the `#` is the view's; the link must not change it. */
function focusMain(event: { preventDefault(): void }): void {
  event.preventDefault();
  document.querySelector<HTMLElement>('#main')?.focus();
}
