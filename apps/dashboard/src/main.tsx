import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import { followAlways } from './live/live.ts';
import { showTheme } from './ui/theme.ts';
import './styles/fonts.css';
import './styles/tokens.css';
import './styles/base.css';
import './styles/frame.css';
import './styles/overview.css';
import './styles/forms.css';

const root = document.querySelector('#root');
if (root === null) throw new Error('the page has a place for the dashboard');
showTheme();
followAlways();
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
