// The frame every page stands in: skip link, masthead with the mark, main landmark, footer; and a page's heading.
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { LanguageSwitch, type Text, useSpeech } from './language.tsx';
import { Mark } from './mark.tsx';

export interface PageFrameProps {
  name: Text;
  home: string;
  navigation?: ComponentChildren;
  footer: Text;
  narrow?: boolean;
  children: ComponentChildren;
}

export function PageFrame({ name, home, navigation, footer, narrow = false, children }: PageFrameProps) {
  const { say, pick } = useSpeech();
  return (
    <>
      {/* biome-ignore lint/a11y/useValidAnchor: it leads to the content, only without touching the address */}
      <a class="skip-link" href="#main" onClick={skipToMain}>
        {say('본문으로 건너뛰기', 'Skip to content')}
      </a>
      <header class="masthead">
        <div class="masthead-row">
          <a class="brand" href={home}>
            <Mark />
            <span>
              {say('나루', 'Naru')}
              <small>{pick(name)}</small>
            </span>
          </a>
          {navigation}
          <LanguageSwitch />
        </div>
      </header>
      <main id="main" tabIndex={-1} class={narrow ? 'page narrow' : 'page'}>
        {children}
      </main>
      <footer class="footer">
        <p>{pick(footer)}</p>
      </footer>
    </>
  );
}

// Pages route by the address's fragment, so the skip link moves the focus itself and leaves the address alone.
function skipToMain(event: MouseEvent): void {
  event.preventDefault();
  const main = document.getElementById('main');
  main?.focus();
  main?.scrollIntoView();
}

/** The page's heading; takes the focus when the page changes under a screen reader, and names the window. */
export function PageTitle({ children, takeFocus = true }: { children: string; takeFocus?: boolean }) {
  const heading = useRef<HTMLHeadingElement>(null);
  const { say } = useSpeech();
  useEffect(() => {
    if (takeFocus) heading.current?.focus({ preventScroll: true });
  }, [takeFocus]);
  useEffect(() => {
    document.title = `${children} · ${say('나루', 'Naru')}`;
  }, [children, say]);
  return (
    <h1 ref={heading} tabIndex={-1}>
      {children}
    </h1>
  );
}
