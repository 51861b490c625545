// Opens the citizen portal.
import { render } from 'preact';
import { LanguageProvider } from '../shared/language.tsx';
import '../shared/styles/tokens.css';
import '../shared/styles/base.css';
import '../shared/styles/components.css';
import './portal.css';
import { Portal } from './portal.tsx';
import '../shared/styles/print.css';

const place = document.getElementById('app');
if (place === null) throw new Error('index.html has no #app');
render(
  <LanguageProvider>
    <Portal />
  </LanguageProvider>,
  place,
);
