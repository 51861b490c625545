// Opens the wallet, and keeps its pages on the device so that it opens without a network too.
import { render } from 'preact';
import { LanguageProvider } from '../shared/language.tsx';
import '../shared/styles/tokens.css';
import '../shared/styles/base.css';
import '../shared/styles/components.css';
import './wallet.css';
import { WalletApp } from './wallet-app.tsx';

const place = document.getElementById('app');
if (place === null) throw new Error('index.html has no #app');
render(
  <LanguageProvider>
    <WalletApp />
  </LanguageProvider>,
  place,
);

if (import.meta.env.PROD && 'serviceWorker' in navigator) {
  // Without it the wallet still works, only not offline; nothing to tell the person.
  navigator.serviceWorker.register('/sw.js').catch(() => {});
}
