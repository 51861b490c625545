// Opens the wallet, and keeps its pages on the device so that it opens without a network too.
import { render } from 'preact';
import { config } from 'zod';
import { LanguageProvider } from '../shared/language.tsx';
import '../shared/styles/tokens.css';
import '../shared/styles/base.css';
import '../shared/styles/components.css';
import './wallet.css';
import { WalletApp } from './wallet-app.tsx';
import '../shared/styles/print.css';

// The pages' security policy forbids making code from text; without this the schemas would try it once, in vain.
config({ jitless: true });

const place = document.getElementById('app');
if (place === null) throw new Error('index.html has no #app');
render(
  <LanguageProvider>
    <WalletApp />
  </LanguageProvider>,
  place,
);

if ('serviceWorker' in navigator) {
  // Without it (also under the development server) the wallet works, only not offline; nothing to tell the person.
  navigator.serviceWorker.register('/sw.js').catch(() => {});
}
