import { Observable } from './observable.ts';

export const themes = ['system', 'light', 'dark'] as const;
export type Theme = (typeof themes)[number];

const NAME = 'vectorizer.theme';

/** As chosen on this machine; `system` follows what the person has set for all pages. */
export const theme = new Observable<Theme>(stored());

export function chooseTheme(chosen: Theme): void {
  localStorage.setItem(NAME, chosen);
  theme.set(chosen);
  showTheme();
}

export function showTheme(): void {
  document.documentElement.dataset['theme'] = theme.get();
}

function stored(): Theme {
  const found = localStorage.getItem(NAME);
  return themes.find((each) => each === found) ?? 'system';
}
