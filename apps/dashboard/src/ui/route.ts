import { useEffect, useState } from 'react';

export const views = ['overview', 'search', 'slow-queries', 'logs'] as const;
export type View = (typeof views)[number];
/** What stands after the `#`: a view, and what it is of. */
export type Route = { readonly view: View; readonly subject: string };

/** The address after the `#`, so that a view can be linked to and the server need not know of views. */
export function useRoute(): Route {
  const [route, setRoute] = useState(current);
  useEffect(() => {
    const changed = (): void => setRoute(current());
    addEventListener('hashchange', changed);
    return () => removeEventListener('hashchange', changed);
  }, []);
  return route;
}

export function linkTo(view: View, subject = ''): string {
  return subject === '' ? `#/${view}` : `#/${view}/${encodeURIComponent(subject)}`;
}

function current(): Route {
  const [name, subject = ''] = location.hash.replace(/^#\/?/, '').split('/');
  return { view: views.find((view) => view === name) ?? 'overview', subject: decoded(subject) };
}

/** A link that somebody has cut off may end in the middle of a percent-encoded character. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
