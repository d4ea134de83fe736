import { Observable } from '../ui/observable.ts';

const NAME = 'vectorizer.key';

/**
 * The API key. It is kept in this tab alone and forgotten with it, is sent in a header, and stands in no address: those end
 * up in histories and logs.
 */
export const key = new Observable<string>(sessionStorage.getItem(NAME) ?? '');

/** Whether the API has asked for a key, or refused the one that it was sent. */
export const isKeyAskedFor = new Observable(false);

export function chooseKey(chosen: string): void {
  if (chosen === '') sessionStorage.removeItem(NAME);
  else sessionStorage.setItem(NAME, chosen);
  isKeyAskedFor.set(false);
  key.set(chosen);
}

export function authorization(chosen = key.get()): Record<string, string> {
  return chosen === '' ? {} : { authorization: `Bearer ${chosen}` };
}
