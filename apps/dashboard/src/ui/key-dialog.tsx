import { useEffect, useRef, useState, type FormEvent, type ReactElement } from 'react';
import { chooseKey, isKeyAskedFor, key } from '../api/key.ts';
import { live } from '../live/live.ts';
import { useObservable } from './observable.ts';

/** Opens when the API asks for a key, and when the person wants to give another. */
export function KeyDialog(): ReactElement {
  const dialog = useRef<HTMLDialogElement>(null);
  const isOpen = useObservable(isKeyAskedFor);
  const { phase, reason } = useObservable(live);
  useEffect(() => {
    if (isOpen) dialog.current?.showModal();
    else dialog.current?.close();
  }, [isOpen]);
  return (
    <dialog ref={dialog} aria-labelledby="key-title" onClose={() => isKeyAskedFor.set(false)}>
      {isOpen && <KeyForm refusal={phase === 'refused' ? reason : undefined} />}
    </dialog>
  );
}

function KeyForm({ refusal }: { readonly refusal: string | undefined }): ReactElement {
  const [text, setText] = useState('');
  const has = useObservable(key) !== '';
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    chooseKey(text.trim());
  };
  return (
    <form onSubmit={submit}>
      <h2 id="key-title">API key</h2>
      <p>
        It is kept in this tab until the tab is closed, and sent in the <code>Authorization</code> header alone.
      </p>
      {refusal !== undefined && (
        <p className="problem" role="alert">
          {refusal}
        </p>
      )}
      <label htmlFor="key">Key</label>
      <input
        id="key"
        type="password"
        autoComplete="off"
        spellCheck={false}
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      <div className="actions">
        <button type="submit" className="primary" disabled={text.trim() === ''}>
          Use this key
        </button>
        {has && (
          <button type="button" onClick={() => chooseKey('')}>
            Forget the key
          </button>
        )}
        <button type="button" onClick={() => isKeyAskedFor.set(false)}>
          Cancel
        </button>
      </div>
    </form>
  );
}
