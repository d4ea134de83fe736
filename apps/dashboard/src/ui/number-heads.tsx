import type { ReactElement } from 'react';

/** The heads of columns that hold numbers. */
export function NumberHeads({ names }: { readonly names: readonly string[] }): ReactElement {
  return (
    <>
      {names.map((name) => (
        <th key={name} scope="col" className="number">
          {name}
        </th>
      ))}
    </>
  );
}
