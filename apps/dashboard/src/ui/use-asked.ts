import { useEffect, useState } from 'react';
import { call, type Call } from '../api/call.ts';
import { authorization, key } from '../api/key.ts';
import { useObservable } from './observable.ts';

/** The newest answer, and the error if the last question had one. */
export type Asked<Body> = { readonly body?: Body; readonly error?: unknown };

/** Asks the API now and again, for as long as it is shown; not while nobody looks at the page. */
export function useAsked<Body>(path: string, everyMs: number, accept?: Call['accept']): Asked<Body> {
  const [asked, setAsked] = useState<Asked<Body> & { readonly path: string }>({ path });
  const chosen = useObservable(key);
  useEffect(() => {
    const stopping = new AbortController();
    const ask = async (): Promise<void> => {
      if (document.hidden) return;
      try {
        const { body } = await call<Body>(path, {
          signal: stopping.signal,
          headers: authorization(chosen),
          ...(accept === undefined ? {} : { accept }),
        });
        setAsked({ path, body });
      } catch (error) {
        if (!stopping.signal.aborted) setAsked((before) => ({ ...(before.path === path && before), path, error }));
      }
    };
    const timer = setInterval(() => void ask(), everyMs);
    void ask();
    return () => {
      stopping.abort();
      clearInterval(timer);
    };
  }, [path, everyMs, chosen, accept]);
  // What was asked before is no answer to this.
  return asked.path === path ? asked : {};
}
