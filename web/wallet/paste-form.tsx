// Takes a pasted link — an offer or a request — and opens the page for it.
import { useState } from 'preact/hooks';
import { useSpeech } from '../shared/language.tsx';
import { linkTo, routeOfPasted } from './route.ts';

export function PasteForm() {
  const { say } = useSpeech();
  const [text, setText] = useState('');
  const [wrong, setWrong] = useState(false);
  const go = (event: Event): void => {
    event.preventDefault();
    const route = routeOfPasted(text);
    if (route === null) setWrong(true);
    else location.hash = linkTo(route);
  };
  return (
    <section class="card" aria-labelledby="paste-title">
      <form class="stack" onSubmit={go}>
        <h2 id="paste-title">{say('받은 링크 열기', 'Open a link you were given')}</h2>
        <div class="field wide paste-field">
          <label for="paste">{say('발급 안내나 제시 요청의 주소', 'Address of an offer or a request')}</label>
          <textarea
            id="paste"
            class="input mono"
            rows={3}
            value={text}
            spellcheck={false}
            autocomplete="off"
            placeholder="openid-credential-offer://…"
            aria-invalid={wrong}
            aria-describedby={wrong ? 'paste-wrong' : undefined}
            onInput={(event) => {
              setText(event.currentTarget.value);
              setWrong(false);
            }}
            data-testid="paste-input"
          />
          {wrong ? (
            <span id="paste-wrong" class="field-wrong" role="alert">
              {say(
                '지갑이 아는 주소가 아닙니다. openid-credential-offer:// 나 openid4vp:// 로 시작하는 전체 주소를 붙여 넣어 주세요.',
                'Not an address the wallet knows. Paste all of what begins with openid-credential-offer:// or openid4vp://.',
              )}
            </span>
          ) : null}
        </div>
        <button type="submit" class="button" disabled={text.trim() === ''} data-testid="paste-continue">
          {say('계속', 'Continue')}
        </button>
      </form>
    </section>
  );
}
