import type { ReactElement } from 'react';
import { isKeyAskedFor, key } from '../api/key.ts';
import { live, type Live } from '../live/live.ts';
import { Health } from './health.tsx';
import { useObservable } from './observable.ts';
import { linkTo, type View } from './route.ts';
import { chooseTheme, theme, themes } from './theme.ts';

const LINKS: readonly (readonly [View, string])[] = [
  ['overview', 'Overview'],
  ['search', 'Search'],
  ['slow-queries', 'Slow queries'],
  ['logs', 'Logs'],
];

export function TopBar({ view }: { readonly view: View }): ReactElement {
  return (
    <header className="bar">
      <a className="brand" href={linkTo('overview')}>
        <span className="brand-mark" aria-hidden="true" />
        Vectorizer
      </a>
      <nav aria-label="Views">
        <ul>
          {LINKS.map(([name, text]) => (
            <li key={name}>
              <a href={linkTo(name)} aria-current={name === view ? 'page' : undefined}>
                {text}
              </a>
            </li>
          ))}
        </ul>
      </nav>
      <div className="bar-end">
        <Health />
        <Connection />
        <ThemeSwitch />
        <KeyButton />
      </div>
    </header>
  );
}

const PHASES: Readonly<Record<Live['phase'], string>> = {
  connecting: 'Connecting',
  live: 'Live',
  lost: 'Connection lost',
  refused: 'Not allowed',
};

function Connection(): ReactElement {
  const { phase, reason } = useObservable(live);
  return (
    <p className={`connection is-${phase}`} role="status" title={phase === 'live' ? undefined : reason}>
      <span className="mark" aria-hidden="true" />
      {PHASES[phase]}
    </p>
  );
}

function ThemeSwitch(): ReactElement {
  const chosen = useObservable(theme);
  return (
    <fieldset className="switch">
      <legend className="unseen">Theme</legend>
      {themes.map((each) => (
        <label key={each}>
          <input type="radio" name="theme" value={each} checked={each === chosen} onChange={() => chooseTheme(each)} />
          <span>{each[0]?.toUpperCase() + each.slice(1)}</span>
        </label>
      ))}
    </fieldset>
  );
}

function KeyButton(): ReactElement {
  const has = useObservable(key) !== '';
  return (
    <button type="button" className="quiet" onClick={() => isKeyAskedFor.set(true)}>
      {has ? 'Change key' : 'API key'}
    </button>
  );
}
